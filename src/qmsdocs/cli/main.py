"""The entry point, and the one place where errors become words and exit codes.

0 done · 1 the answer is no · 2 could not run · 3 a bug (log file) · 130 interrupted.
"""

from __future__ import annotations

import sys

from qmsdocs import __version__


def main() -> None:
    """Run the program with the words of the command line and leave with its exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):  # before any import: this answer must be as quick as an empty program
        sys.stdout.write(f"qmsdocs {__version__}\n")
        sys.exit(0)
    from qmsdocs.cli.boundary import run

    sys.exit(run(arguments))
