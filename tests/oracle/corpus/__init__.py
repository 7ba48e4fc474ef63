"""Mistakes that were really made in public projects, each with its source, restated against our declarations."""

from tests.oracle.corpus.activations import ACTIVATIONS
from tests.oracle.corpus.layers import LAYERS
from tests.oracle.corpus.losses import LOSSES
from tests.oracle.corpus.recurrent import RECURRENT
from tests.oracle.corpus.updates import UPDATES

BUGS = (*ACTIVATIONS, *LOSSES, *LAYERS, *RECURRENT, *UPDATES)
__all__ = ["BUGS"]
