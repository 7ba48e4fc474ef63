"""The command line: ``backproof list | show | derive | code | verify | mutants | report | book | site``.

Exit status: 0; 1 when a verdict is not *agrees*; 2 for bad input, with a message that names the cause, the place
and the fix; 130 when interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

DISAGREES = 1
BAD_INPUT = 2
INTERRUPTED = 130
INTERNAL = 70  # as in sysexits.h: the fault is ours


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return its exit status."""
    from backproof.cli.app import command
    from backproof.cli.failures import Interrupted, explain

    try:
        command()(args=None if arguments is None else list(arguments), prog_name="backproof")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except KeyboardInterrupt as stop:
        return getattr(stop, "status", INTERRUPTED)
    except Interrupted as stop:
        print(f"backproof: {stop}", file=sys.stderr)
        return stop.status
    except Exception as error:
        message = explain(error)
        if message is None:
            import traceback

            traceback.print_exc()
            print(
                "\nbackproof: this is a fault of backproof itself, please report it with the lines above",
                file=sys.stderr,
            )
            return INTERNAL
        print(f"backproof: {message}", file=sys.stderr)
        return BAD_INPUT
    return 0


def main() -> None:
    """The console script."""
    from backproof.cli.signals import prepare

    prepare()
    sys.exit(run())
