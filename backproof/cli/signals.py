"""Requests to end: each arrives, whatever the interpreter is doing at that moment."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

from backproof.cli.failures import Terminated

_AGAIN = 0.05  # seconds; by then whatever lost the request is over


def prepare() -> None:
    """Let SIGTERM do what Ctrl-C does, and a reader that goes away (head, less) end us without a word."""
    signal.signal(signal.SIGTERM, _end)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.unraisablehook = _unraisable


def _end(*_: object) -> None:
    raise Terminated


def _unraisable(lost: Any) -> None:
    """Python drops what is raised inside a finalizer or a callback of the collector (JAX has one): send it once more."""
    if not isinstance(lost.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    number = signal.SIGTERM if isinstance(lost.exc_value, Terminated) else signal.SIGINT
    again = threading.Timer(_AGAIN, _send, [number])
    again.daemon = True
    again.start()


def _send(number: signal.Signals) -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # to the main thread, so that it also stops waiting
    else:
        signal.raise_signal(number)
