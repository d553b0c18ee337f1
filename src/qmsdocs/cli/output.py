"""Tables written as what the file name asks for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from qmsdocs.base.errors import QmsError
from qmsdocs.cli.session import Session
from qmsdocs.render.table import Grid, csv, json_rows
from qmsdocs.render.table_text import text

FORMATS = ("txt", "csv", "xlsx", "docx", "pdf", "json")


def write_grid(session: Session, grid: Grid, output: str | None, *, wanted: str | None = None) -> None:
    """Nothing; the table stands in the file `output` (kind by its ending, or `wanted`), or on the terminal."""
    kind = wanted or (Path(output).suffix[1:].lower() if output not in (None, "-") else "txt")
    if kind not in FORMATS:
        raise QmsError("{path}: a table is written as {kinds}", path=output, kinds=FORMATS)
    session.write(grid_bytes(session, grid, kind, is_terminal=output is None), output)


def grid_bytes(session: Session, grid: Grid, kind: str, *, is_terminal: bool = False) -> bytes:
    """The table as `kind`; each engine is loaded only when it is needed."""
    organisation, now = session.letterhead
    match kind:
        case "csv":
            return csv(grid)
        case "xlsx":
            from qmsdocs.render.table_sheet import xlsx

            return xlsx(grid, created=now)
        case "docx":
            from qmsdocs.render.table_docx import docx

            return docx(grid, language=session.language, created=now, organisation=organisation)
        case "pdf":
            from qmsdocs.render import pdf
            from qmsdocs.render.table_html import html

            page = html(grid, language=session.language, organisation=organisation)
            return pdf.pdf_of_html(page, title=grid.title, created=now)
        case "json":
            return (json.dumps({"format": 1, **json_rows(grid)}, ensure_ascii=False, indent=2) + "\n").encode()
        case _:
            width = shutil.get_terminal_size((120, 40)).columns if is_terminal else 160
            return (text(grid, width=width, language=session.language) + "\n").encode()
