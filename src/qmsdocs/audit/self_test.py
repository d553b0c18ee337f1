"""Whether the program is whole and works on this machine: installation checks (IQ) and operation checks (OQ).

Each check is done here and now, in a folder of its own; what it found is said, not only whether it passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from importlib import metadata, resources
from pathlib import Path
from zoneinfo import ZoneInfo

from qmsdocs import __version__
from qmsdocs.acts import pages, record
from qmsdocs.acts.apply import apply
from qmsdocs.acts.begin import Beginning, begin, starter_folder
from qmsdocs.acts.record import Filled, Intent
from qmsdocs.audit.engine import run
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.base.language import Catalogue, Language, Text
from qmsdocs.fill import draft, page_mark
from qmsdocs.query.rule_texts import texts
from qmsdocs.render.fonts import coverage, faces
from qmsdocs.render.mark import short_code
from qmsdocs.render.table import Column, Grid
from qmsdocs.store import backup, openssh, signature
from qmsdocs.store.event import Change
from qmsdocs.store.repository import Git
from qmsdocs.system.view import System, open_system

OLDEST_GIT = (2, 35)
MACHINE = "self-test"


class Part(StrEnum):
    """What is qualified."""

    INSTALLATION = "IQ"
    OPERATION = "OQ"


class Verdict(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check: what had to be, what was found, and whether that is enough."""

    part: Part
    title: Text
    expected: Message
    found: Message | str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """A check. `look` says what it found; it raises QmsError, or Failed, when that is not enough.

    Where there is nothing to look at it raises NotChecked.
    """

    part: Part
    title: Text
    expected: Message
    look: Callable[[Trial], Message | str]


class Failed(Exception):
    """A check that did not find what it had to."""

    def __init__(self, found: Message | str) -> None:
        super().__init__(str(found))
        self.found = found


class NotChecked(Failed):
    """A check that could not be made here, and why."""


@dataclass
class Trial:
    """A small company made for the checks, in `folder`, at `now`."""

    folder: Path
    now: datetime
    numbers: list[str] = field(default_factory=list)

    @cached_property
    def root(self) -> Path:
        """The repository, begun with the starter pack."""
        root = self.folder / "trial"
        begin(Beginning(root, "自检", "st", "ST", "自检", self.now, MACHINE), starter=starter_folder())
        return root

    @property
    def system(self) -> System:
        """The system as it stands."""
        return open_system(self.root, now=self.now, machine=MACHINE)

    def do(self, plan: Callable[[System], Change]) -> str:
        """The number of the record an act was taken on."""
        outcome = apply(self.system, plan, clock=lambda: self.now)
        return outcome.posted[0].number

    def issued(self) -> str:
        """The number of one record of a form of the starter pack, filled with its example."""
        if not self.numbers:
            system = self.system
            form = next(f for f in system.forms_in_force if "example.toml" in f.files and f.form.purpose is None)
            given = draft.parse(form.files["example.toml"], source="example.toml")
            filled = Filled(form=form.form.number, values=given.values, submission=sha256(b"self-test"))
            self.numbers.append(self.do(lambda s: record.issue(s, filled, Intent(by=str(s.clerk)))))
        return self.numbers[0]


def outcomes(folder: Path, *, now: datetime) -> Iterator[Outcome]:
    """Every check with what it found, one after the other; `folder` is an empty one to work in."""
    trial = Trial(folder, now)
    for check in CHECKS:
        found, verdict = _looked(check, trial)
        yield Outcome(check.part, check.title, check.expected, found, verdict)


def _looked(check: Check, trial: Trial) -> tuple[Message | str, Verdict]:
    try:
        return check.look(trial), Verdict.PASSED
    except NotChecked as left:
        return left.found, Verdict.NOT_CHECKED
    except Failed as failed:
        return failed.found, Verdict.FAILED
    except QmsError as error:
        return error.message, Verdict.FAILED


# ── installation


def _libraries(_: Trial) -> str:
    missing, found = [], []
    for wanted in metadata.requires("qmsdocs") or ():
        if "extra ==" in wanted:
            continue
        name = next(part for part in wanted.replace("[", " ").replace(">", " ").replace("=", " ").split())
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing or not found:
        raise Failed(message("missing: {names}", names=tuple(missing)))
    return "; ".join(found)


def _files(_: Trial) -> Message:
    """The files of an installed wheel against the hashes it was installed with; a source tree has none."""
    listed = [file for file in metadata.files("qmsdocs") or () if file.hash is not None]
    own = [file for file in listed if str(file).startswith("qmsdocs/")]
    changed = [str(file) for file in own if not _is_as_installed(file)]
    if changed:
        raise Failed(message("changed since it was installed: {names}", names=tuple(changed[:5])))
    if not own:
        raise NotChecked(message("run from its sources: not compared"))
    return message("{count} files as installed", count=len(own))


def _is_as_installed(file: metadata.PackagePath) -> bool:
    import base64
    import hashlib

    assert file.hash is not None
    try:
        digest = hashlib.new(file.hash.mode, file.read_binary()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def _git(trial: Trial) -> str:
    said = Git(trial.root)(["--version"]).removeprefix("git version ")
    numbers = tuple(int(part) for part in said.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST_GIT:
        raise Failed(said)
    return said


def _fonts(_: Trial) -> Message:
    damaged = [face.path.name for face in faces() if not face.path.is_file() or face.path.stat().st_size < 1000]
    wanted = resources.files("qmsdocs") / "render/fonts/coverage.txt"
    if damaged or not wanted.is_file():
        raise Failed(message("missing: {names}", names=tuple(damaged)))
    return message("{count} faces, {signs} characters", count=len(faces()), signs=len(coverage()))


def _texts(_: Trial) -> Message:
    size = len(Catalogue.load(Language.ZH).entries)
    return message("{count} messages, {rules} rules", count=size, rules=len(texts()))


def _zones(_: Trial) -> str:
    return f"{datetime(2026, 1, 1, tzinfo=ZoneInfo('Asia/Shanghai')).isoformat()}"


# ── operation


def _begin(trial: Trial) -> Message:
    system = trial.system
    return message("{count} items in force", count=len([r for r in system.releases if r.first_day is not None]))


def _round_trip(trial: Trial) -> Message:
    number = trial.issued()
    held = trial.system.record(number).record
    form = trial.system.form_of(held.form)
    given = draft.parse(form.files["example.toml"], source="example.toml")
    expected = record.accepted(trial.system, form.form, given.values, subject=number)
    lost = [name for name, value in expected.items() if value is not None and held.values.get(name) != value]
    if lost:
        raise Failed(message("came back otherwise: {names}", names=tuple(lost)))
    return message("{number}: {count} values equal", number=number, count=len(held.values))


def _add_only(trial: Trial) -> Message:
    number = trial.issued()
    before = trial.system.record(number).record
    trial.do(lambda s: record.void(s, number, replaced_by=None, intent=Intent(by=str(s.clerk), reason="self-test")))
    after = trial.system.record(number).record
    if after.events[: len(before.events)] != before.events or not after.is_void:
        raise Failed(message("an earlier act was changed"))
    return message("{number}: {count} acts, the earlier ones byte for byte", number=number, count=len(after.events))


def _signature(trial: Trial) -> Message:
    key = signature.new_key()
    namespace = signature.namespace_of("approved")
    data = b'{"self-test":true}'
    signed = key.sign(data, namespace=namespace)
    good = signature.verify(data, signed, namespace=namespace)
    if good is None or good.fingerprint != key.public.fingerprint:
        raise Failed(message("a good signature was refused"))
    for changed, meaning in ((data + b" ", "approved"), (data, "reviewed")):
        if signature.verify(changed, signed, namespace=signature.namespace_of(meaning)) is not None:
            raise Failed(message("a wrong signature was accepted"))
    said = openssh.verdict(trial.folder, data, signed, key.public, namespace=namespace)
    return message("good ones hold, wrong ones do not; ssh-keygen: {said}", said=said)


def _pages(trial: Trial) -> Message:
    made = [pages.pages(trial.system, trial.system.record(trial.issued()), language=Language.ZH) for _ in range(2)]
    if made[0].pending is not None:
        raise Failed(made[0].pending)
    if made[0].files != made[1].files:
        raise Failed(message("drawn twice, the pages are not the same bytes"))
    [drawn] = [data for path, data in made[0].files.items() if path.endswith(".pdf")]
    seen = page_mark.own_pdf(drawn)
    code = short_code(trial.system.record(trial.issued()).record.last.sha256)
    if seen.mark is None or seen.mark.number != trial.issued() or code not in seen.short_codes:
        raise Failed(message("the mark on the page cannot be read back"))
    return message("PDF and DOCX, {count} pages, the same bytes twice, mark read back", count=len(seen.pages))


def _backup(trial: Trial) -> Message:
    path = trial.folder / "backup.zip"
    system = trial.system
    backup.write(trial.root, system.objects, path, repository_id=system.repository, at=trial.now)
    _, found = backup.restore(path, trial.folder / "restored")
    return message("{records} records, {events} events restored and equal", records=found.records, events=found.events)


def _audit(trial: Trial) -> Message:
    trial.issued()
    report = run(Scope(trial.system), is_full=True)
    bad = tuple(
        f"{finding.code} {finding.subject}" for finding in report.findings if finding.code[:3] in ("HIS", "REC")
    )
    if bad:
        raise Failed(message("{findings}", findings=bad))
    return message("{count} rules, nothing wrong with records and history", count=len(report.rules))


def _tampering(trial: Trial) -> Message:
    """One bit of a stored object is flipped in the restored copy; the audit has to find it."""
    root = trial.folder / "restored"
    packs = (root / ".git" / "objects" / "pack").glob("*.pack")
    pack = max(packs, key=lambda path: path.stat().st_size, default=None)
    if pack is None:
        raise Failed(message("nothing was restored that could be tampered with"))
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    try:
        report = run(Scope(open_system(root, now=trial.now, machine=MACHINE)), is_full=True)
    except QmsError as error:
        return error.message
    found = tuple(sorted({finding.code for finding in report.findings if finding.code[:3] in ("HIS", "REC")}))
    if not found:
        raise Failed(message("a flipped bit was not found"))
    return message("a flipped bit is found: {codes}", codes=found)


CHECKS: tuple[Check, ...] = (
    Check(Part.INSTALLATION, Text("程序库", "Libraries"), message("every library the program needs"), _libraries),
    Check(Part.INSTALLATION, Text("程序文件", "Files of the program"), message("as they were installed"), _files),
    Check(Part.INSTALLATION, Text("git", "git"), message("2.35 or newer"), _git),
    Check(Part.INSTALLATION, Text("字体", "Fonts"), message("all shipped faces"), _fonts),
    Check(Part.INSTALLATION, Text("文字与检查项", "Messages and rules"), message("both languages"), _texts),
    Check(Part.INSTALLATION, Text("时区", "Time zones"), message("known without a network"), _zones),
    Check(Part.OPERATION, Text("新建体系", "Begin"), message("the starter pack is in force"), _begin),
    Check(Part.OPERATION, Text("登记与读回", "Issue and read back"), message("what went in comes out"), _round_trip),
    Check(Part.OPERATION, Text("签名", "Signing"), message("only right signatures hold"), _signature),
    Check(Part.OPERATION, Text("页面", "Pages"), message("drawn the same twice, and readable"), _pages),
    Check(Part.OPERATION, Text("只增不改", "Only additions"), message("earlier acts stay as they are"), _add_only),
    Check(Part.OPERATION, Text("备份与恢复", "Backup and restore"), message("restored and equal"), _backup),
    Check(Part.OPERATION, Text("体系自检", "Audit"), message("no false alarm"), _audit),
    Check(Part.OPERATION, Text("篡改", "Tampering"), message("one flipped bit is found"), _tampering),
)


_SAID: Mapping[Verdict, Message] = {
    Verdict.PASSED: message("passed"),
    Verdict.FAILED: message("FAILED"),
    Verdict.NOT_CHECKED: message("NOT CHECKED"),
}


def grid(found: tuple[Outcome, ...], catalogue: Catalogue, *, machine: str, now: datetime) -> Grid:
    """The protocol as a table."""
    language = catalogue.language
    columns = (
        Column("part", catalogue.say("Part"), width=14),
        Column("check", catalogue.say("Check"), width=40),
        Column("expected", catalogue.say("Had to be"), width=62),
        Column("found", catalogue.say("Found"), width=116),
        Column("verdict", catalogue.say("Verdict"), width=20),
    )
    rows = tuple(
        (
            item.part.value,
            item.title.of(language),
            catalogue.say(item.expected),
            catalogue.say(item.found) if isinstance(item.found, Message) else item.found,
            catalogue.say(_SAID[item.verdict]),
        )
        for item in found
    )
    came = Counter(item.verdict for item in found)
    said = "qmsdocs {version} on {machine}, {time}: {count} checks, {failed} failed, {left} not checked"
    subtitle = catalogue.say(said, version=__version__, machine=machine, time=f"{now:%Y-%m-%d %H:%M %z}",
                             count=len(found), failed=came[Verdict.FAILED], left=came[Verdict.NOT_CHECKED])  # fmt: skip
    return Grid(catalogue.say("Installation and operation qualification (IQ/OQ)"), subtitle, columns, rows)
