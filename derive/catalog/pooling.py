"""Pooling over windows and over whole feature maps."""

from derive.registry import register

register(
    "avg_pool2d",
    """
    x[n, c, h, w]
    size = 2, stride = 2
    y[m, g, i < (h - size)//stride + 1, j < (w - size)//stride + 1] = mean(
        x[m, g, stride*i + p, stride*j + q], p < size, q < size)
    """,
    title="Average pooling",
    category="layer",
    source="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998, section 2.B",
    layout="Channels first; windows of size x size without padding; what does not fill a window is left out.",
    meanings={
        "x": "feature maps",
        "y": "smaller feature maps",
        "size": "side of a window",
        "stride": "step of the window",
    },
    interpretation="Each window hands its cotangent in equal parts to its elements.",
    symmetries=["translate h by stride", "affine in x", "homogeneous of degree 1 in x", "permute n", "permute c"],
)

register(
    "max_pool2d",
    """
    x[n, c, h, w]
    size = 2, stride = 2
    R[m, g, i < (h - size)//stride + 1, j < (w - size)//stride + 1, p < size] = max(
        x[m, g, stride*i + p, stride*j + q], q < size)
    y[m, g, i, j] = max(R[m, g, i, j, p], p)
    """,
    title="Maximum pooling",
    category="layer",
    source="Zhou and Chellappa, Computation of Optical Flow Using a Neural Network, 1988; Dumoulin and Visin, 2016, section 3",
    layout="Channels first; windows of size x size without padding; what does not fill a window is left out.",
    meanings={
        "x": "feature maps",
        "R": "maxima of the rows of a window",
        "y": "smaller feature maps",
        "size": "side of a window",
        "stride": "step of the window",
    },
    interpretation="The first maximum of a window, row by row, takes its whole cotangent; all others get nothing.",
    symmetries=["translate h by stride", "homogeneous of degree 1 in x", "permute n", "permute c"],
)

register(
    "global_avg_pool",
    """
    x[n, c, h, w]
    y[m, g] = mean(x[m, g, i, j], i, j)
    """,
    title="Global average pooling",
    category="layer",
    source="Lin, Chen and Yan, Network In Network, ICLR 2014, section 3.2",
    layout="Channels first; one number for each channel.",
    meanings={"x": "feature maps", "y": "means"},
    interpretation="Every pixel gets the same share of its channel's cotangent.",
    symmetries=["affine in x", "homogeneous of degree 1 in x", "permute n", "permute c", "permute h", "permute w"],
)
