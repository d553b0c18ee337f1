"""What the program does behind a command, called with plain arguments, and what it answered."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from datetime import date
from typing import Any

from program import Program, Result, refused

from qmsdocs.base.language import Catalogue
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.session import Session

__all__ = ["called", "refused"]


def called(
    program: Program,
    function: Callable[..., int],
    *words: Any,
    person: str | None = None,
    on: date | None = None,
    **options: Any,
) -> Result:
    """What `function` does for a session in the repository at its moment."""
    catalogue = Catalogue.load(program.language)
    assert program.at is not None
    moment = program.at
    session = Session(catalogue, root=program.root, person=person, on=on, clock=lambda: moment)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.StringIO()
    with contextlib.chdir(program.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = guarded(lambda: function(session, *words, **options), catalogue)
    out.seek(0)
    assert code != 3 and "Traceback" not in err.getvalue(), err.getvalue()
    return Result(code, out.read(), err.getvalue())
