"""The entry point. Exit codes: 0 done · 1 the answer is no · 2 could not run · 3 a bug (log file) · 130 interrupted."""

from __future__ import annotations

import gc
import os
import sys

from qmsdocs import __version__

_MADE = 100_000  # objects; nearly all that a command makes it needs to its end, and looking for what it does not costs


def main() -> None:
    """Run the program with the words of the command line and leave with its exit code."""
    collect_rarely()
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:  # before the boundary stands, or after it
        code = 130
    sys.exit(code)


def collect_rarely() -> None:
    """Nothing; unreachable objects are looked for after so many new ones, not after every seven hundred."""
    gc.set_threshold(_MADE, 10, 10)


def _run(arguments: list[str]) -> int:
    quick = _quick(arguments)
    if quick is not None:
        try:
            os.write(1, f"{quick}\n".encode("utf-8", "backslashreplace"))
            return 0
        except OSError:
            pass  # said by the boundary
    from qmsdocs.cli.root import run

    return run(arguments)


def _quick(arguments: list[str]) -> str | None:
    """The answers that must be about as quick as an empty program, so that nothing is imported for them."""
    if arguments in (["--version"], ["-V"]):
        return f"qmsdocs {__version__}"
    if arguments in (["--help"], ["-h"]):
        from qmsdocs.cli import front

        return front.page(front.language_of(arguments, os.environ))
    return None
