"""The audit of the moment a package was made, as it leaves the house with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from qmsdocs.audit import engine, sheet
from qmsdocs.audit.findings import Report
from qmsdocs.audit.report import as_json
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.base.language import Catalogue
from qmsdocs.export.bag import Bag
from qmsdocs.export.hiding import Hiding
from qmsdocs.model.finding import Finding
from qmsdocs.model.waiver import Waiver
from qmsdocs.system.view import System

FOLDER = "04 体系自检"


def audited(system: System, hiding: Hiding, catalogue: Catalogue, bag: Bag) -> Iterator[tuple[str, str]]:
    """Title and path of each file of the audit report, now in the bag; JSON alone where no page can be drawn."""
    found = engine.run(Scope(system))
    report = _hidden(found, hiding)
    title = catalogue.say("Audit of this moment")
    said = json.dumps(as_json(report, catalogue), ensure_ascii=False, indent=2).encode() + b"\n"
    with suppress(QmsError):  # the index lists what is there
        yield title, bag.add(f"{FOLDER}/{FOLDER[3:]}.pdf", sheet.pages(report, catalogue.language, "pdf"))
    yield title, bag.add(f"{FOLDER}/{FOLDER[3:]}.json", said)


def _hidden(report: Report, hiding: Hiding) -> Report:
    waived = (
        replace(item, finding=_finding(item.finding, hiding), waiver=_waiver(item.waiver, hiding))
        for item in report.waived
    )
    found = (_finding(finding, hiding) for finding in report.findings)
    return replace(report, findings=tuple(found), waived=tuple(waived))


def _finding(finding: Finding, hiding: Hiding) -> Finding:
    said, place = _message(finding.message, hiding), hiding.text(finding.place)
    return replace(finding, subject=hiding.subject(finding.subject), message=said, place=place)


def _waiver(waiver: Waiver, hiding: Hiding) -> Waiver:
    return waiver.model_copy(update={"reason": hiding.text(waiver.reason)})


def _message(said: Message, hiding: Hiding) -> Message:
    return replace(said, values={name: _value(value, hiding) for name, value in said.values.items()})


def _value(value: object, hiding: Hiding) -> object:
    match value:
        case str():
            return hiding.text(value)
        case Message():
            return _message(value, hiding)
        case tuple():
            return tuple(_value(part, hiding) for part in value)
        case _:
            text = str(value)  # a path, say
            hidden = hiding.text(text)
            return value if hidden == text else hidden
