"""One audit, as a process of its own: its folder, the moment it is made at, and how many records it has to know."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from qmsdocs.audit.engine import run
from qmsdocs.audit.findings import Report
from qmsdocs.audit.scope import Scope
from qmsdocs.cli.main import collect_rarely
from qmsdocs.system.view import System, open_system

NEW = 100


def opened(root: Path, now: datetime) -> System:
    """The system in `root` at a moment."""
    return open_system(root, now=now, machine="bench")


def audited(root: Path, now: datetime, *, is_full: bool) -> Report:
    """The report of an audit, from opening the repository on."""
    return run(Scope(opened(root, now)), is_full=is_full)


if __name__ == "__main__":
    collect_rarely()
    report = audited(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), is_full=False)
    if report.checked["records"] != int(sys.argv[3]) or report.checked["read_again"] > NEW:
        raise SystemExit(f"not what was to be measured: {dict(report.checked)}")
