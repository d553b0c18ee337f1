"""The pages of a controlled document: what they say, gathered from its release, and drawn as PDF or DOCX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from qmsdocs.acts.items import Content
from qmsdocs.acts.printing import PAGE, Print, page_json
from qmsdocs.base.canonical import Json
from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import text_of
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.model.approval import Opinion, opinions
from qmsdocs.model.document import DocumentKind, Procedure, parse_procedure
from qmsdocs.model.form import Form
from qmsdocs.model.record import Event, fold
from qmsdocs.model.release import Course, ItemKind, Release, decided, follower, in_force
from qmsdocs.query.custody import Copy, CopyStanding, copies
from qmsdocs.query.flow import surroundings
from qmsdocs.render import mark, prose_parser
from qmsdocs.render.document_html import document_html, document_pdf
from qmsdocs.render.document_sheet import (
    ChangeEntry,
    Chapter,
    CopyEntry,
    DocumentSheet,
    SignedLine,
    StampedCopy,
    Standing,
)
from qmsdocs.render.pdf import Attached
from qmsdocs.render.prose import Block, Verbatim
from qmsdocs.store import control
from qmsdocs.system import builtin
from qmsdocs.system.view import System

MOST_NUMBER = 60
KINDS: Mapping[str, Text] = {
    DocumentKind.MANUAL: Text("手册", "Manual"),
    DocumentKind.CHAPTER: Text("手册章节", "Chapter"),
    DocumentKind.PROCEDURE: Text("程序文件", "Procedure"),
    DocumentKind.WORK_RULE: Text("管理规定", "Work rule"),
    DocumentKind.WORK_INSTRUCTION: Text("作业指导书", "Work instruction"),
    "configuration": Text("体系设置", "Configuration"),
}
CONFIDENTIALITY: Mapping[str, Text] = {
    "public": Text("公开", "Public"),
    "internal": Text("内部", "Internal"),
    "confidential": Text("机密", "Confidential"),
}


def print_of(
    system: System, release: Release, *, language: Language, copy: str | None = None, is_kept: bool = False
) -> Print:
    """How the pages of a revision are printed today. Raises QmsError for a copy that was not given."""
    held = copies(system, release.number)
    after = follower(system.releases, release)
    return Print(
        standing=Standing.KEPT if is_kept else standing(system, release),
        drawn_on=system.today,
        language=language,
        copy=_stamped(system, release, held, copy) if copy is not None else None,
        copies=tuple(_listed(system, held, release)),
        superseded_by=after.revision if after is not None and (after.first_day or date.max) <= system.today else "",
        last=system.definitions.course(release).last.sha256,
    )


def standing(system: System, release: Release) -> Standing:
    """How a revision stands today."""
    if release.first_day is None:
        return Standing.WITHDRAWN if release.state is Course.WITHDRAWN else Standing.DRAFT
    current = system.in_force(release.kind, release.number)
    if current is not None and current.record == release.record:
        return Standing.TRIAL if release.is_trial else Standing.IN_FORCE
    if release.first_day > system.today:
        return Standing.APPROVED
    is_withdrawn = release.withdrawn_on is not None and release.withdrawn_on <= system.today
    return Standing.WITHDRAWN if is_withdrawn else Standing.SUPERSEDED


def _stamped(system: System, release: Release, held: tuple[Copy, ...], number: str) -> StampedCopy:
    found = [copy for copy in held if copy.number == number and copy.sha256 == release.manifest]
    if not found:
        raise QmsError("{number} {revision}: copy {copy} was not given to anybody",
                       number=release.number, revision=release.revision, copy=number)  # fmt: skip
    last = found[-1]
    holder = last.department or system.people.names().get(last.holder, last.holder)
    return StampedCopy(last.number, holder, last.given_on or system.today)


def _listed(system: System, held: tuple[Copy, ...], release: Release) -> Iterator[CopyEntry]:
    names = system.people.names()
    own = [copy for copy in held if copy.sha256 == release.manifest and copy.standing is not CopyStanding.VOID]
    for copy in sorted(own, key=lambda copy: copy.order):
        hands = ((copy.received_by, copy.received_on), (copy.returned_by, copy.returned_on))
        received, returned = (f"{names.get(who, who)} {day}".strip() if day else "" for who, day in hands)
        yield CopyEntry(copy.department, copy.number, 1, received, returned)
    if release.kind is ItemKind.PROCEDURE:
        there = {copy.department for copy in own}
        front = system.definitions.procedure(release).front
        yield from (CopyEntry(name, "", 1, "", "") for name in front.distribution if name not in there)


# ── the sheet


def sheet(system: System, release: Release, wanted: Print) -> DocumentSheet:
    """Everything the pages of a revision say. Raises QmsError for a text that cannot be printed."""
    files = system.definitions.files(release)
    return _sheet(system, release, files, wanted)


def draft_sheet(system: System, content: Content, *, label: str, language: Language) -> DocumentSheet:
    """Everything the pages of an item say as it stands in the folder: a draft."""
    item = content.revision(label)
    release = Release(
        content.kind, content.number, label, item.sha256, None, None, Course.SUBMITTED, "", 0, title=content.title
    )
    return _sheet(system, release, item.files, Print(Standing.DRAFT, system.today, language))


def _sheet(system: System, release: Release, files: Mapping[str, bytes], wanted: Print) -> DocumentSheet:
    language = wanted.language
    organisation = system.definitions.organisation(on=wanted.drawn_on)
    acts = _acts(system, release, wanted)
    names = Names(system.definitions.people(on=wanted.drawn_on).names(), system.zone)
    approved = [event for event in acts if event.act in ("approve", "adopt")]
    procedure = _procedure(release, files)
    front = procedure.front if procedure is not None else None
    kind = KINDS[front.kind if front is not None else "configuration"]
    secrecy = CONFIDENTIALITY.get(front.confidentiality if front is not None else "internal")
    return DocumentSheet(
        number=release.number,
        title=front.title.of(language) if front is not None else release.title,
        kind=kind.of(language),
        revision=release.revision,
        language=language,
        organisation=organisation.organisation.of(language),
        confidentiality=secrecy.of(language) if secrecy is not None else str(front and front.confidentiality),
        standing=wanted.standing,
        effective_on=release.effective_on,
        released_on=_released_on(release, acts, approved, names),
        prepared=tuple(_signed(names, event) for event in acts[:1]),
        reviewed=tuple(_signed(names, event) for event in acts if event.act == "review"),
        countersigned=tuple(_opinion(names, opinion, acts, language) for opinion in opinions(fold(acts))),
        approved=tuple(_signed(names, event) for event in approved),
        history=tuple(_history(system, release, names, acts)),
        distribution=wanted.copies,
        header=organisation.page.header,
        blocks=_blocks(system, release, files, procedure, wanted),
        check=mark.short_code(release.manifest),
        payload=mark.payload(system.repository, release.number, "document", release.revision, release.manifest),
        superseded_by=wanted.superseded_by,
        pictures={path: data for path, data in files.items() if "/" in path},
        chapters=tuple(_chapters(system, procedure, wanted)),
        copy=wanted.copy,
        logo=None,
    )


def _released_on(release: Release, acts: Sequence[Event], approved: Sequence[Event], names: Names) -> date | None:
    """The day of the approval; of what the system began with the day it was put in."""
    decisive = approved or (acts[:1] if release.is_first else ())
    return decisive[-1].recorded_at.astimezone(names.zone).date() if decisive else None


def _procedure(release: Release, files: Mapping[str, bytes]) -> Procedure | None:
    source = f"{release.number} {release.revision}"
    texts = [data for path, data in files.items() if path.endswith(".md")]
    return parse_procedure(text_of(texts[0], source), source=source) if release.kind is ItemKind.PROCEDURE else None


def _blocks(
    system: System, release: Release, files: Mapping[str, bytes], procedure: Procedure | None, wanted: Print
) -> tuple[Block, ...]:
    if procedure is None:
        return tuple(Verbatim(text_of(data, path)) for path, data in files.items() if path.endswith(".toml"))
    around = surroundings(
        procedure, *_known(system, wanted.drawn_on), system.definitions.people(on=wanted.drawn_on), wanted.language
    )
    return prose_parser.blocks(
        procedure.body,
        around,
        source=f"{release.number} {release.revision}",
        body_line=procedure.body_line,
        language=wanted.language,
    )


def _known(system: System, on: date) -> tuple[Mapping[str, Form], Mapping[str, Procedure]]:
    """The forms and documents a text may name: those in force on a day, else as people know them."""
    forms = {number: system.definitions.form_known(number, on=on).form for number in system.form_numbers}
    procedures: dict[str, Procedure] = {}
    for number in {release.number for release in system.releases if release.kind is ItemKind.PROCEDURE}:
        own = decided(system.releases, ItemKind.PROCEDURE, number)
        found = in_force(system.releases, ItemKind.PROCEDURE, number, on=on) or (own[-1] if own else None)
        if found is not None:
            procedures[number] = system.definitions.procedure(found)
    return forms, procedures


def _chapters(system: System, procedure: Procedure | None, wanted: Print) -> Iterator[Chapter]:
    for number in procedure.front.chapters if procedure is not None else ():
        release = in_force(system.releases, ItemKind.PROCEDURE, number, on=wanted.drawn_on)
        if release is None:
            continue
        files = system.definitions.files(release)
        chapter = system.definitions.procedure(release)
        yield Chapter(
            number=number,
            title=chapter.front.title.of(wanted.language),
            revision=release.revision,
            effective_on=release.effective_on,
            blocks=_blocks(system, release, files, chapter, wanted),
            pictures={path: data for path, data in files.items() if "/" in path},
        )


@dataclass(frozen=True, slots=True)
class Names:
    """The printed names of people on the day of drawing, and the zone of printed times."""

    people: Mapping[str, str]
    zone: ZoneInfo

    def of(self, person: str, deputy_for: Json = None) -> str:
        """A person as pages print him, a deputy as `王芳(代 李明)`."""
        own = self.people.get(person, person)
        return f"{own}(代 {self.people.get(str(deputy_for), str(deputy_for))})" if deputy_for else own


def _acts(system: System, release: Release, wanted: Print) -> tuple[Event, ...]:
    """The acts on the release that the pages tell of."""
    events = system.definitions.course(release).events if release.record else ()
    known = [position for position, event in enumerate(events) if event.sha256 == wanted.last]
    return events[: known[0] + 1] if known else events


def _signed(names: Names, event: Event) -> SignedLine:
    return SignedLine(
        person=names.of(event.by, event.changes.get("deputy_for")),
        at=event.recorded_at.astimezone(names.zone),
        mark=event.sha256[:8].upper() if event.mapping("signer") else None,
    )


def _opinion(names: Names, opinion: Opinion, acts: tuple[Event, ...], language: Language) -> SignedLine:
    choices = builtin.form(builtin.RELEASE).field["opinions"].column["verdict"].choices
    own = [event for event in acts if event.act == "countersign" and event.by == opinion.person]
    said = next((event for event in reversed(own) if _says(event, opinion.department)), None)
    return SignedLine(
        person=names.of(opinion.person, opinion.deputy_for) if opinion.person else "",
        at=said.recorded_at.astimezone(names.zone) if said is not None else None,
        mark=said.sha256[:8].upper() if said is not None and said.mapping("signer") else None,
        department=opinion.department,
        verdict=choices[opinion.verdict].text.of(language) if opinion.verdict else "",
        remark=opinion.remark,
        answer=opinion.answer,
    )


def _says(event: Event, department: str) -> bool:
    rows = event.changes.get("opinions")
    found = rows if isinstance(rows, list) else []
    return any(isinstance(row, dict) and row.get("department") == department and row.get("verdict") for row in found)


def _history(system: System, release: Release, names: Names, acts: tuple[Event, ...]) -> Iterator[ChangeEntry]:
    """The revision record up to this revision."""
    own = [r for r in system.releases if (r.kind, r.number) == (release.kind, release.number) and r != release]
    lived = [r for r in own if r.first_day is not None or r.is_first]
    if release.first_day is not None or release.is_first:
        lived = [r for r in lived if (r.effective_on, r.serial) < (release.effective_on, release.serial)]
    before = sorted(lived, key=lambda r: (r.effective_on or date.min, r.serial))
    for item, events in (*((other, system.definitions.course(other).events) for other in before), (release, acts)):
        if not events:
            continue
        first = events[0]
        yield ChangeEntry(
            on=item.effective_on or first.recorded_at.astimezone(names.zone).date(),
            revision=item.revision,
            clauses=str(first.changes.get("clauses") or ""),
            summary=_summary(first, item),
            prepared_by=_last(names, events, ("issue",)),
            reviewed_by=_last(names, events, ("review",)),
            approved_by=_last(names, events, ("approve", "adopt")),
        )


def _summary(first: Event, item: Release) -> str:
    said = first.text("reason")
    return Catalogue.load(Language.ZH).say("first release") if item.is_first and said == "init" else said


def _last(names: Names, events: tuple[Event, ...], acts: tuple[str, ...]) -> str:
    found = [event for event in events if event.act in acts]
    return names.of(found[-1].by, found[-1].changes.get("deputy_for")) if found else ""


# ── drawing


def draw(system: System, release: Release, wanted: Print, *, kind: str) -> bytes:
    """The pages of a revision as `pdf` or `docx`; a PDF carries its manifest, its release and how it was printed."""
    said = sheet(system, release, wanted)
    if kind == "docx":
        return _docx(said)
    acts = tuple(stored.data for stored in system.definitions.events(release))
    return draw_pdf(system, release, wanted, said, acts=acts)


def draw_pdf(system: System, release: Release, wanted: Print, said: DocumentSheet, *, acts: Sequence[bytes]) -> bytes:
    """The pages of a revision as PDF, saying `said` of it and holding these `acts` on it."""
    manifest = control.load(system.objects, system.control, system.definitions.events(release)[0]).manifest
    record = b'{"events":[' + b",".join(acts) + b'],"format":1}'
    return document_pdf(
        said,
        attachments=(
            Attached("record.json", record, "the acts on this revision, as they are stored"),
            Attached("manifest.json", manifest, "the files of this revision and their SHA-256"),
            Attached(PAGE, page_json(wanted), "how these pages were printed"),
        ),
    )


def refuse_unprintable(system: System, content: Content) -> None:
    """Nothing; raises QmsError for an item whose number says nothing, or whose pages no face or engine could draw."""
    if len(content.number) > MOST_NUMBER or not any(sign.isalnum() for sign in content.number):
        raise QmsError("{number}: a number has letters or digits, and at most {most} characters",
                       number=content.number[:MOST_NUMBER], most=MOST_NUMBER)  # fmt: skip
    if content.kind is not ItemKind.FORM:
        document_html(draft_sheet(system, content, label="-", language=system.language))


def draw_draft(system: System, content: Content, *, label: str, language: Language, kind: str) -> bytes:
    """The pages of an item as it stands in the folder."""
    said = draft_sheet(system, content, label=label, language=language)
    return _docx(said) if kind == "docx" else document_pdf(said)


def _docx(said: DocumentSheet) -> bytes:
    from qmsdocs.render.document_docx import document_docx  # the DOCX library is slow to load

    return document_docx(said)
