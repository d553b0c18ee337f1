"""CPU time of one Word page against docxtpl as it is normally used: a new object, render, save.

(A module called docx would hide python-docx.) Both fill the same template with
the same values, in turns, in one process. The compiled way also puts in the record's own QR code and dates, which
docxtpl is spared.
"""

from __future__ import annotations

import gc
import io
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from docxtpl import DocxTemplate

from bench.rounds import Result, Settings, Work, measure
from qmsdocs.base.language import Language, Text
from qmsdocs.base.toml import read
from qmsdocs.model.form import Form
from qmsdocs.render import mark
from qmsdocs.render.compiled import compile_template
from qmsdocs.render.context import context
from qmsdocs.render.docx import docx_template
from qmsdocs.render.sheet import ISSUE, Act, Sheet

FORM = Path(__file__).parents[1] / "forms" / "QR-14-04"
ROUNDS, DOCUMENTS, PEER_DOCUMENTS = 7, 200, 8
ZONE = ZoneInfo("Asia/Shanghai")
DATES = {"created": "2026-11-21T06:05:00Z", "modified": "2026-11-23T02:00:00Z"}


def sheet() -> Sheet:
    """The starter pack's complaint with the values of its own example."""
    form = read(FORM / "form.toml", Form)
    values: Mapping[str, object] = tomllib.loads((FORM / "example.toml").read_text("utf-8"))["values"]
    at = datetime(2026, 11, 21, 14, 5, tzinfo=ZONE)
    given: dict[str, Any] = {n: v.isoformat() if isinstance(v, datetime) else v for n, v in values.items()}
    return Sheet(
        form=form, revision="A/0", language=Language.ZH, organisation="绿源置业有限公司", zone=ZONE,
        number="TS-HZ-2026-0014",
        state=Text("受理", "Accepted"), status=None, values=given, derived={}, people={}, corrections=(),
        acts=(Act(ISSUE, Text("登记", "Issue"), "王芳", at, None, None),), reasons={}, applies=frozenset(form.field),
        retention="关闭后3年", department="客户服务部", receipt=None, check="9F2C-7A1B",
        payload="QMS1|0f0f0f0f|TS-HZ-2026-0014|QR-14-04 A/0|" + "0" * 64, logo=None,
    )  # fmt: skip


def results(settings: Settings) -> Iterator[Result]:  # noqa: ARG001
    """One line: CPU seconds of docxtpl over ours."""
    page = sheet()
    template = docx_template(page.form, Language.ZH)
    values: dict[str, object] = {**context(page, shown=str), "logo": False}
    compiled = compile_template(template)
    if compiled.slow is not None:
        raise AssertionError(f"the derived template is not compiled: {compiled.slow}")
    code = {"qr": mark.qr_png(page.payload)}

    def ours() -> bytes:
        return compiled.render(values, given=code, dates=DATES)

    def peer() -> bytes:
        buffer = io.BytesIO()
        document = DocxTemplate(io.BytesIO(template))
        document.render(values, autoescape=True)
        document.save(buffer)
        return buffer.getvalue()

    found = measure(_cost(peer, PEER_DOCUMENTS), _cost(ours, DOCUMENTS), rounds=ROUNDS)
    seconds = f"{found.base * 1000:.2f} ms against {found.subject * 1000:.1f} ms a document"
    detail = f"{seconds}, {len(ours()) / 1000:.0f} kB; {found.noise}"
    yield Result("DOCX a record, warm", round(found.ratio, 1), 40, 80, "higher", detail)


def _cost(work: Callable[[], bytes], count: int) -> Work:
    def once() -> float:
        gc.collect()
        begun = time.process_time()
        for _ in range(count):
            work()
        return (time.process_time() - begun) / count

    return once
