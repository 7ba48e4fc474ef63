"""What verification raises when it cannot do what it was asked."""

from __future__ import annotations

from derive.errors import BackproofError


class SamplingError(ValueError):
    """No input could be drawn that satisfies an operation's shapes, domains and facts; the message names which one."""


class WitnessError(RuntimeError):
    """A witness could not be run; the message says which one, on what, and why."""


class MissingReference(WitnessError):
    """Nobody has stated an operation a second time, so there is nothing that JAX could differentiate."""


class ProcessEnded(BackproofError, RuntimeError):
    """A process that did a part of the work was killed."""


class CampaignError(BackproofError, ValueError):
    """A campaign cannot be run as asked; the message says what must hold, what was given, and the fix."""


class MappingError(BackproofError, TypeError):
    """It cannot be told what a parameter or a result of an implementation means; the message says what to write."""


class ImplementationStopped(BackproofError, RuntimeError):
    """An implementation gave no answer: it took too long, or its process ended; the message says which."""


class LoadingError(BackproofError, ValueError):
    """An implementation cannot be loaded from where it was said to be; the message says what is there."""


class VectorsError(BackproofError, ValueError):
    """Golden values cannot be written or read; the message says which file, and what is wrong with it."""
