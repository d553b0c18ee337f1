"""One run of the audit: every rule over everything, what was judged before believed unless every byte is to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from qmsdocs import __version__
from qmsdocs.audit import history, pages, upkeep, waiving
from qmsdocs.audit.case import Case
from qmsdocs.audit.catalogue import RECORD_RULES, RULES
from qmsdocs.audit.findings import Report, Waived, in_order
from qmsdocs.audit.judge import Judge
from qmsdocs.audit.kept import Found
from qmsdocs.audit.memory import Memory
from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.audit.stream import Seen
from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.model.finding import Finding
from qmsdocs.model.release import in_force
from qmsdocs.query.rule_texts import texts
from qmsdocs.store import names
from qmsdocs.store.certificate import disposed_numbers
from qmsdocs.store.damage import damages

COULD_NOT_RUN, UNREADABLE = "SYS909", "SYS901"
GAP, DOUBLED, DATED_BACK, TWICE = "REC203", "REC205", "REC223", "REC225"
# What lies in a ledger that no program of ours has written may cost one rule its answer, never the others theirs.
ODD = (QmsError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True)
class Run:
    """One run over one repository."""

    asked: Scope = field(repr=False)
    is_full: bool
    extra: tuple[Found, ...] = ()  # what the caller compared, such as a head kept outside
    is_compared: bool = False
    redrawing: pages.Redrawing = field(default_factory=pages.Redrawing)
    failures: list[Found] = field(default_factory=list)
    walked: list[Found] = field(default_factory=list)

    @cached_property
    def scope(self) -> Scope:
        """What the rules look at: time limits are those worked out when their records were judged."""
        return replace(self.asked, overdue=lambda system: self.memory.overdue(system))

    @cached_property
    def judge(self) -> Judge:
        """What all records are judged by."""
        return Judge(self.scope.system)

    @cached_property
    def memory(self) -> Memory:
        """What earlier runs have judged."""
        return Memory(
            self.judge,
            self.scope.system.place.local_folder,
            known=sha256(dumps([__version__, *self.judge.grounds, *(rule.code for rule in RECORD_RULES)])),
            found=self.of_case,
            history_is_clean=self._walk,
        )

    def of_case(self, case: Case) -> Iterator[Found]:
        """Everything found about one record."""
        for rule in RECORD_RULES:
            try:
                for hit in rule.check(case):
                    yield rule.code, hit
            except ODD as error:
                yield COULD_NOT_RUN, Hit(case.number, _failed(rule.code, error))

    def _walk(self, branch: str, commit: str, verified: str | None, seen: Seen | None) -> bool:
        since = self.memory.rested_on
        found = tuple(history.check_ledger(self.scope, branch, commit, verified=verified, seen=seen, since=since))
        self.walked.extend(found)
        return not found

    def found(self) -> Iterator[Found]:
        """Everything found, in no order."""
        if not self.is_full:
            yield from self._judged()
        else:
            with ThreadPoolExecutor(1) as beside:  # git reads every stored byte while the records are judged
                damaged = beside.submit(lambda: tuple(damages(self.scope.root)))
                yield from self._judged()
            yield from self._guarded("HIS", lambda: history.check_objects(self.scope, damaged.result()))
            yield from self._guarded(pages.ALTERED, partial(pages.check_pages, self.scope, self.redrawing))
        yield from self.extra
        yield from self.failures

    def _judged(self) -> Iterator[Found]:
        yield from self._guarded("REC", self._of_records)
        for rule in RULES:
            yield from self._guarded(rule.code, partial(_applied, rule, self.scope))
        for branch, commit in self.heads.items():
            if branch.startswith("qms/"):
                yield from self._guarded(
                    "HIS", partial(history.check_ledger, self.scope, branch, commit, verified=None)
                )

    def _of_records(self) -> Iterator[Found]:
        self.memory.refresh(anew=self.is_full)
        for branch, why in self.memory.unreadable.items():
            yield UNREADABLE, Hit(branch, why)
        yield from self.walked
        yield from self.memory.findings()
        destroyed = disposed_numbers(self.scope.copy.believed)
        for branch, series, serials in self.memory.gaps():
            gone = destroyed.get((branch, series), frozenset())
            if missing := [serial for serial in serials if serial not in gone]:
                said = message("numbers are missing in {series}: {serials}", series=series, serials=_spans(missing))
                yield GAP, Hit(branch, said, series)
        for number, places in self.memory.doubled():
            where = tuple(f"{place.ledger}/{place.series}/{place.serial:06d}" for place in places)
            yield DOUBLED, Hit(number, message("the number is used twice: {places}", places=where))
        for submission, numbers in self.scope.system.index.submitted_twice():
            said = message("taken in twice from one draft: {numbers}", numbers=numbers)
            yield TWICE, Hit(numbers[0], said, submission[:12])
        for place, before in self.memory.dated_back():
            said = message("it says that it was issued before {before}, which has the number before it", before=before)
            yield DATED_BACK, Hit(place.number, said)

    def _guarded(self, code: str, check: Callable[[], Iterable[Found]]) -> Iterator[Found]:
        try:
            yield from check()
        except ODD as error:
            self.failures.append((COULD_NOT_RUN, Hit(code, _failed(code, error))))

    def counts(self) -> Mapping[str, int]:
        """What was judged; nothing where the ledgers could not be read at all."""
        with suppress(*ODD):
            return self.memory.counts()
        return {}

    @cached_property
    def heads(self) -> Mapping[str, str]:
        """Where each ledger stands; none where the branches cannot be read, which rules of their own say."""
        with suppress(QmsError):
            return {branch: head.commit for branch, head in self.scope.objects.heads(names.is_ledger).items()}
        return {}


def _applied(rule: Rule, scope: Scope) -> Iterator[Found]:
    return ((rule.code, hit) for hit in rule.check(scope))


def run(scope: Scope, *, is_full: bool = False, extra: tuple[Found, ...] = (), is_compared: bool = False) -> Report:
    """What the audit of one repository found; `extra` is what comparing with heads kept outside found.

    Reads only, but for what it remembers of its own work.
    """
    if is_full:
        with suppress(QmsError):  # a damaged ledger, which is named below
            scope.system.index.rebuild()
    running = Run(scope, is_full, extra, is_compared)
    findings = [*(_finding(code, hit) for code, hit in running.found()), *_in_folder(running.scope)]
    return _report(running.scope, running, findings)


def _report(scope: Scope, running: Run, found: Iterable[Finding]) -> Report:
    try:
        known = waiving.granted(scope)
    except QmsError:
        known = ()  # a rule of its own says that they cannot be read
    standing, waived = waiving.sift(in_order(found), known, on=scope.today)
    if unused := tuple(upkeep.unused(known, waived, on=scope.today)):
        standing = tuple(in_order((*standing, *unused)))
    heads = running.heads
    limits = tuple(_limits(running, waived))
    system = scope.system
    return Report(
        system.organisation.organisation.of(system.language),
        system.site,
        system.organisation.site[system.site].title.of(system.language),
        system.now,
        running.is_full,
        standing,
        waived,
        _checked(scope, running, heads),
        heads,
        limits,
        tuple(texts()),
        not any(finding.code in history.PARTIAL or finding.code == "REC218" for finding in standing),
    )


def _checked(scope: Scope, running: Run, heads: Mapping[str, str]) -> dict[str, int]:
    documents = {
        r.number for r in scope.system.releases if in_force(scope.system.releases, r.kind, r.number, on=scope.today)
    }
    return {
        "ledgers": len(heads),
        **running.counts(),
        "read_again": running.memory.read_again,
        "items_in_force": len(documents),
        "rules": len(texts()),
    }


def _limits(running: Run, waived: tuple[Waived, ...]) -> Iterator[Message]:
    if running.is_compared:
        said = message("compared with the hashes kept outside; what was done after them shows only a newer one")
        yield said
    else:
        yield message("that the newest acts were not cut off shows only a head kept outside: qmsdocs audit --head FILE")
    if not running.is_full:
        yield message("records judged before were not read again; qmsdocs audit --full reads every byte")
    if running.redrawing.believed:
        yield message("{count} issued pages agree with the note of this copy and were not drawn again",
                      count=running.redrawing.believed)  # fmt: skip
    if waived:
        yield message("{count} findings are accepted by waivers in force", count=len(waived))


def _in_folder(scope: Scope) -> Iterator[Finding]:
    """What is wrong with the texts of the folder, by the same rules as `form check` and `document check`."""
    return (finding for finding in scope.working.findings() if finding.code != UNREADABLE)


def _finding(code: str, hit: Hit) -> Finding:
    return Finding(code, texts()[code].severity, hit.subject, hit.message, hit.place)


def _failed(code: str, error: Exception) -> Message:
    reason = error.message if isinstance(error, QmsError) else f"{type(error).__name__}: {error}"
    return message("the rule {code} could not be applied: {reason}", code=code, reason=reason)


def _spans(serials: Iterable[int]) -> str:
    """Serials as spans: 3, 7-9."""
    spans: list[list[int]] = []
    for serial in serials:
        if spans and spans[-1][1] == serial - 1:
            spans[-1][1] = serial
        else:
            spans.append([serial, serial])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
