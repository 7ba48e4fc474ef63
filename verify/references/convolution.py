"""Convolutions, all by ``jax.lax.conv_general_dilated``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from verify.references import reference

Arrays = dict[str, Any]


def _convolve(x: Any, K: Any, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Any:
    """Cross-correlation of any number of axes, channels first."""
    axes = x.ndim - 2
    letters = "DHW"[3 - axes :]
    return jax.lax.conv_general_dilated(
        x,
        K,
        window_strides=(stride,) * axes,
        padding=((padding, padding),) * axes,
        rhs_dilation=(dilation,) * axes,
        dimension_numbers=(f"NC{letters}", f"OI{letters}", f"NC{letters}"),
        feature_group_count=groups,
        precision="highest",
    )


@reference("conv1d")
def conv1d(x: Any, K: Any, b: Any, stride: int = 1, padding: int = 0, dilation: int = 1) -> Arrays:
    return {"y": _convolve(x, K, stride, padding, dilation) + b[:, None]}


@reference("conv2d")
def conv2d(x: Any, K: Any, b: Any, stride: int = 1, padding: int = 0, dilation: int = 1) -> Arrays:
    return {"y": _convolve(x, K, stride, padding, dilation) + b[:, None, None]}


@reference("conv3d")
def conv3d(x: Any, K: Any, b: Any, stride: int = 1, padding: int = 0) -> Arrays:
    return {"y": _convolve(x, K, stride, padding) + b[:, None, None, None]}


@reference("grouped_conv2d")
def grouped_conv2d(x: Any, K: Any, b: Any) -> Arrays:
    n, groups, c, h, w = x.shape
    o = K.shape[1]
    # jax.lax wants at least one group and one channel of each
    if 0 in (*x.shape, *K.shape):
        return {"y": jnp.zeros((n, groups, o, h - K.shape[3] + 1, w - K.shape[4] + 1), x.dtype) + b[:, :, None, None]}
    y = _convolve(x.reshape(n, groups * c, h, w), K.reshape(groups * o, *K.shape[2:]), groups=groups)
    return {"y": y.reshape(n, groups, o, *y.shape[2:]) + b[:, :, None, None]}


@reference("depthwise_conv2d")
def depthwise_conv2d(x: Any, K: Any, b: Any, stride: int = 1, padding: int = 0) -> Arrays:
    return {"y": _convolve(x, K[:, None], stride, padding, groups=K.shape[0]) + b[:, None, None]}


@reference("conv_transpose2d")
def conv_transpose2d(x: Any, K: Any, b: Any, stride: int = 2, padding: int = 0) -> Arrays:
    kh, kw = K.shape[2:]
    y = jax.lax.conv_general_dilated(
        x,
        jnp.flip(K, (2, 3)),
        window_strides=(1, 1),
        padding=((kh - 1 - padding,) * 2, (kw - 1 - padding,) * 2),
        lhs_dilation=(stride, stride),
        dimension_numbers=("NCHW", "IOHW", "NCHW"),
        precision="highest",
    )
    return {"y": y + b[:, None, None]}


@reference("conv2d_toeplitz")
def conv2d_toeplitz(x: Any, K: Any, b: Any) -> Arrays:
    return {"y": _convolve(x, K) + b[:, None, None]}


@reference("conv2d_im2col")
def conv2d_im2col(x: Any, K: Any, b: Any) -> Arrays:
    return {"y": _convolve(x, K) + b[:, None, None]}
