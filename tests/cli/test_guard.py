"""The guard of a shared store: every way to rewrite, remove or forge is tried with real git, and refused in one line."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import destruction
import pytest
from pair import COMPLAINTS, CONTROL, Pair, branch_of, by_clock_of, commit, event, git, ledgers, starter
from program import FILLED, NOON, Make, Program, refused
from test_commands import SET
from test_sync import FIRST, HOSTILE, another, last_serial

from qmsdocs.audit import history
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError
from qmsdocs.store.guard import LOCK, one_at_a_time
from qmsdocs.store.lock import exclusive
from qmsdocs.system.view import open_system

JOURNAL = "qms/journal/hz"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two sites that have sent what they have to a guarded store."""
    pair = Pair.begun(tmp_path_factory.mktemp("guarded"))
    pair.hz.issue("QR-14-04")
    pair.nb.issue("QR-14-04")
    made = pair.hz("guard", "install", pair.shared)
    assert made.code == 0 and "under guard" in made.out
    by_clock_of(pair.hz, pair.shared)
    for copy in (pair.hz, pair.nb, pair.hz):
        found = copy("sync", "office")
        assert found.code == 0, (found.out, found.err)
    assert ledgers(pair.shared) == ledgers(pair.hz.root)
    return pair


@pytest.fixture
def pair(sites: Pair) -> Iterator[Pair]:
    """The same; nothing may have moved in the store afterwards, unless the test says so."""
    before = ledgers(sites.shared)
    yield sites
    assert ledgers(sites.shared) == before


def push(pair: Pair, copy: Program, *words: str) -> str:
    """What git says on stderr to somebody who pushes to the guarded store."""
    return git(copy.root, "push", str(pair.shared), *words, check=False)


# what no ledger may hold


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_no_ledger_may_hold_is_refused(pair: Pair, forge: Callable[[Path], object], said: str) -> None:
    insider = pair.local("insider")
    forge(insider.root)
    lines = [line for line in push(pair, insider, COMPLAINTS).splitlines() if line.startswith("remote: refused: ")]
    assert len(lines) == 1 and said in lines[0]


def test_the_same_is_said_by_sync(pair: Pair) -> None:
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 2)
    found = insider("sync", "office")
    assert found.code == 1 and "have a gap" in found.out and "refused: " in found.out


def rewritten(root: Path) -> None:
    """One event less, another one more."""
    git(root, "update-ref", f"refs/heads/{JOURNAL}", f"{JOURNAL}~1")


def orphan(root: Path) -> None:
    """The same tree as a new beginning, as a disposal would make it, and nobody certified it."""
    made = git(root, "commit-tree", f"{COMPLAINTS}^{{tree}}", data=b"x").strip()
    git(root, "update-ref", f"refs/heads/{COMPLAINTS}", made)


def less(root: Path) -> None:
    """A new beginning without the first record."""
    git(root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")
    commit(root, COMPLAINTS, {"ts/00/00/000002/0001-issue.json": b"{}"})


@pytest.mark.parametrize(
    ("forge", "words", "said"),
    [
        (rewritten, [f"+{JOURNAL}"], "would be rewritten"),
        (orphan, [f"+{COMPLAINTS}"], "would be rewritten"),
        (less, [f"+{COMPLAINTS}"], "would be rewritten"),
        (lambda _: None, [f":{COMPLAINTS}"], "never removed"),
        (lambda _: None, [f":{CONTROL}"], "never removed"),
        (lambda root: git(root, "update-ref", "-d", f"refs/heads/{COMPLAINTS}"), ["--mirror"], "never removed"),
        (lambda _: None, [f"{COMPLAINTS}:refs/heads/records/complaint/2026"], "no name of a ledger"),
        (lambda _: None, [f"{COMPLAINTS}:refs/heads/qms/journal/CON"], "no name of a ledger"),
        (lambda _: None, [f"{COMPLAINTS}:refs/tags/v1"], "no name of a ledger"),
        (lambda _: None, [f"{COMPLAINTS}:refs/replace/{'a' * 40}"], "no name of a ledger"),
        (lambda _: None, ["main"], "no name of a ledger"),
        (lambda _: None, [f"{COMPLAINTS}:refs/heads/records/complaint/2027/hz"], "journal of its site does not know"),
        (
            lambda _: None,
            [f"{COMPLAINTS}:refs/heads/{COMPLAINTS.replace('hz', 'nb')}", "--force"],
            "would be rewritten",
        ),
    ],
)
def test_what_would_rewrite_or_remove_is_refused(
    pair: Pair, forge: Callable[[Path], object], words: list[str], said: str
) -> None:
    insider = pair.local("insider")
    forge(insider.root)
    lines = [line for line in push(pair, insider, *words).splitlines() if line.startswith("remote: refused: ")]
    assert lines and said in "".join(lines)


def test_one_wrong_ledger_holds_back_the_whole_push(pair: Pair) -> None:
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 1)
    commit(insider.root, "qms/journal/nb", {"notes.txt": b"x"})
    said = push(pair, insider, COMPLAINTS, "qms/journal/nb")
    assert "does not belong" in said and said.count("pre-receive hook declined") == 2


def test_a_series_in_two_ledgers_is_refused(pair: Pair) -> None:
    """A second ledger of the same year and site, honestly opened, with numbers that are given already."""
    insider = pair.local("insider")
    forged = "records/liaison/2026/hz"
    opening = "opening/00/00/{0:06d}/0001-issue.json"
    serial = 1 + max(int(path.split("/")[3]) for path in listed(insider.root, JOURNAL) if path.startswith("opening/"))
    first = event(insider.root, JOURNAL, opening.format(1))
    record = {"number": f"OPENING-HZ-{serial:06d}", "series": "opening", "serial": serial}
    body = {**first, "record": record, "set": {"ledger": forged}}
    commit(insider.root, JOURNAL, {opening.format(serial): canonical(body)})
    body = {**event(insider.root, COMPLAINTS, f"{FIRST}/0001-issue.json"), "ledger": forged}
    commit(insider.root, forged, {f"{FIRST}/0001-issue.json": canonical(body)})
    assert f"the series ts runs in {COMPLAINTS}" in push(pair, insider, JOURNAL, forged)


def test_a_state_of_the_releases_that_is_not_known_is_refused(pair: Pair) -> None:
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 1, control="a" * 40)
    assert "a state of the releases that is not held here" in push(pair, insider, COMPLAINTS)


def test_a_seat_that_is_taken_twice_is_refused(pair: Pair) -> None:
    insider = pair.local("insider")
    record = {"number": "SEAT-HZ-000002", "series": "seat", "serial": 2}
    body = {**event(insider.root, JOURNAL, "seat/00/00/000001/0001-issue.json"), "record": record}
    commit(insider.root, JOURNAL, {"seat/00/00/000002/0001-issue.json": canonical(body)})
    assert "one seat was taken twice" in push(pair, insider, JOURNAL)


def test_an_unlawful_act_in_control_is_refused(pair: Pair) -> None:
    insider = pair.local("insider")
    path = "release/00/00/000001/0002-approve.json"
    first = event(insider.root, CONTROL, "release/00/00/000001/0001-issue.json")
    data = git(insider.root, "cat-file", "blob", f"{CONTROL}:release/00/00/000001/0001-issue.json").encode()
    body = {**first, "act": "approve", "state": "approved", "sequence": 2, "set": {},
            "previous": hashlib.sha256(data).hexdigest(), "control": branch_of(insider.root, CONTROL)}  # fmt: skip
    commit(insider.root, CONTROL, {path: canonical(body)})
    assert "the act approve cannot do this" in push(pair, insider, CONTROL)


# what is lawful by the form, the site and the journal


def altered(path: str = f"{FIRST}/0001-issue.json", **changes: object) -> Callable[[Path], object]:
    """One more complaint, honest but for these keys; the path says where it lies."""

    def forge(root: Path) -> None:
        serial = last_serial(root) + 1
        record = {"number": f"TS-HZ-2026-{serial:04d}", "series": "ts", "serial": serial}
        body = {**event(root, COMPLAINTS, f"{FIRST}/0001-issue.json"), "record": record, "submission": None, **changes}
        folder = path.rpartition("/")[0] if path != f"{FIRST}/0001-issue.json" else _folder("ts", serial)
        commit(root, COMPLAINTS, {f"{folder}/0001-{body['act']}.json": canonical(body)})

    return forge


def _folder(series: str, serial: int) -> str:
    return f"{series}/{serial // 10000:02d}/{serial // 100 % 100:02d}/{serial:06d}"


def followed(**changes: object) -> Callable[[Path], object]:
    """One more act of the first complaint."""

    def forge(root: Path) -> None:
        before = event(root, COMPLAINTS, f"{FIRST}/0001-issue.json")
        body = {**before, "act": "amend", "sequence": 2, "set": {}, "submission": None, "reason": "x",
                "previous": hashlib.sha256(canonical(before)).hexdigest(), **changes}  # fmt: skip
        commit(root, COMPLAINTS, {f"{FIRST}/0002-{body['act']}.json": canonical(body)})

    return forge


def doubled_number(root: Path) -> None:
    """The number of the first complaint once more, under the next serial."""
    serial = last_serial(root) + 1
    altered(record={"number": "TS-HZ-2026-0001", "series": "ts", "serial": serial})(root)


def submitted_twice(root: Path) -> None:
    """Two complaints that name one draft."""
    for _ in range(2):
        another(root, last_serial(root) + 1, submission="one-draft")


def unnamed_file(root: Path) -> None:
    """A file beside a complaint that no act of it names."""
    digest = hashlib.sha256(b"x").hexdigest()
    serial = last_serial(root) + 1
    record = {"number": f"TS-HZ-2026-{serial:04d}", "series": "ts", "serial": serial}
    body = {**event(root, COMPLAINTS, f"{FIRST}/0001-issue.json"), "record": record, "submission": None}
    folder = _folder("ts", serial)
    commit(root, COMPLAINTS, {f"{folder}/0001-issue.json": canonical(body), f"{folder}/files/{digest}": b"x"})


def raised(name: str, **changes: str) -> Callable[[Path], object]:
    """One more complaint that says that the first one called for it."""

    def forge(root: Path) -> None:
        data = git(root, "cat-file", "blob", f"{COMPLAINTS}:{FIRST}/0001-issue.json").encode()
        seen = hashlib.sha256(data).hexdigest()
        altered(raised_from={"record": "TS-HZ-2026-0001", "raise": name, "sha256": seen, **changes})(root)

    return forge


UNKNOWN_FORM = {"number": "QR-14-04", "revision": "A/0", "sha256": "0" * 64}
UNLAWFUL: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("doubled number", doubled_number, "does not fit form, site, year and serial"),
    ("submitted twice", submitted_twice, "were made from one draft"),
    ("raised from nothing", raised("liaison", record="TS-HZ-2026-0999"), "called for it, which is not held here"),
    ("raised from no act", raised("liaison", sha256="0" * 64), "seen an act of TS-HZ-2026-0001 that is not there"),
    ("raised as something else", raised("liaison"), "TS-HZ-2026-0001 cannot call for it as liaison"),
    ("raised as nothing", raised("nothing"), "TS-HZ-2026-0001 cannot call for it as nothing"),
    ("unnamed file", unnamed_file, "no act attached"),
    ("unknown form", altered(form=UNKNOWN_FORM), "is not held here"),
    ("another year", altered(recorded_at="2025-12-31T00:00:00+08:00"), "in another year"),
    ("begins with a correction", altered(act="amend"), "begins with its issue"),
    ("void, and no seat says so", altered(act="void", state="void"), "no seat of its site says"),
    (
        "invented series",
        altered("zzz/00/00/000001/x", record={"number": "ZZZ-1", "series": "zzz", "serial": 1}),
        "does not fit form, site, year and serial",
    ),
    ("unknown act", followed(act="conjure"), "the form knows no act conjure"),
    ("unknown state", followed(state="gone"), "leaves the record where it stands"),
    ("unknown field", followed(set={"colour": "red"}), "no field colour"),
    ("a list for values", followed(set=[1]), "set is missing or is not what belongs there"),
    ("a text for the signer", followed(signer="x"), "signer is missing or is not what belongs there"),
    ("no state", followed(state=None), "state is missing or is not what belongs there"),
    ("a number for a truth", followed(sequence=True), "sequence is missing or is not what belongs there"),
    ("a key nobody knows", followed(colour="red"), "colour is missing or is not what belongs there"),
    ("a newer program", followed(format=2), "newer program"),
)


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in UNLAWFUL], ids=[row[0] for row in UNLAWFUL])
def test_what_the_form_or_the_site_do_not_allow_is_refused(
    pair: Pair, forge: Callable[[Path], object], said: str
) -> None:
    insider = pair.local("insider")
    forge(insider.root)
    lines = [line for line in push(pair, insider, COMPLAINTS).splitlines() if line.startswith("remote: refused: ")]
    assert len(lines) == 1 and said in lines[0], lines


def noted(series: str, number: str, **changes: object) -> Callable[[Path], object]:
    """One more record of a journal, made of its first opening."""

    def forge(root: Path) -> None:
        body = event(root, JOURNAL, "opening/00/00/000001/0001-issue.json")
        found = [int(path.split("/")[3]) for path in listed(root, JOURNAL) if path.startswith(f"{series}/")]
        serial = 1 + max(found, default=0)
        record = {"number": number.format(serial=serial), "series": series, "serial": serial}
        body = {**body, "record": record, "control": branch_of(root, CONTROL), **changes}
        commit(root, JOURNAL, {f"{_folder(series, serial)}/0001-{body['act']}.json": canonical(body)})

    return forge


def heads(of: str = COMPLAINTS, **changes: object) -> Callable[[Path], object]:
    """Heads that say the same as those before, but for this of one ledger; without changes nothing of it."""

    def forge(root: Path) -> None:
        last = max(path for path in listed(root, JOURNAL) if path.startswith("heads/"))
        said = event(root, JOURNAL, last)["set"]
        assert isinstance(said, dict)
        ledgers = dict(said["ledgers"])
        before = ledgers.pop(of, {})
        here = {"commit": branch_of(root, COMPLAINTS), "events": int(git(root, "rev-list", "--count", COMPLAINTS))}
        if changes:
            ledgers[of] = {**before, **here, "last": {"ts": last_serial(root)}, **changes}
        noted("heads", "HEADS-HZ-{serial:06d}", set={"ledgers": ledgers})(root)

    return forge


LISTED = {"ledger": COMPLAINTS, "method": "x", "place": "x", "paper": "x", "needed": 2, "witnesses": [], "salt": "x",
          "records": [], "beyond_reach": []}  # fmt: skip
JOURNALS: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("a series of its own", noted("notes", "NOTES-HZ-000001"), "has no series notes"),
    ("another number", noted("opening", "OPENING-HZ-000001"), "does not fit"),
    ("another act", noted("opening", "OPENING-HZ-{serial:06d}", act="amend"), "the act amend leads from - to recorded"),
    (
        "an unsigned destruction",
        noted("disposal", "DSP-HZ-{serial:06d}", state="authorised", set=LISTED),
        "is not signed",
    ),
    ("a destruction that is over", noted("disposal", "DSP-HZ-{serial:06d}", state="carried_out"), "leads from -"),
    ("heads that forget", heads(), f"it says nothing of {COMPLAINTS}"),
    ("heads that take back", heads(last={}), f"it notes smaller last numbers of {COMPLAINTS}"),
    ("heads that count wrong", heads(events=99), "notes 99 acts, there were"),
    ("heads that invent", heads(last={"ts": 99}), "notes 99 as the last number of ts"),
    ("heads of others", heads(of="qms/journal/nb", events=1), "qms/journal/nb is no ledger of this site"),
    ("dropped first", noted("disposal", "DSP-HZ-{serial:06d}", act="drop", state="dropped"), "leads from -"),
)


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in JOURNALS], ids=[row[0] for row in JOURNALS])
def test_what_no_journal_says_is_refused(pair: Pair, forge: Callable[[Path], object], said: str) -> None:
    insider = pair.local("insider")
    forge(insider.root)
    lines = [line for line in push(pair, insider, JOURNAL).splitlines() if line.startswith("remote: refused: ")]
    assert len(lines) == 1 and said in lines[0], lines


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in JOURNALS], ids=[row[0] for row in JOURNALS])
def test_what_no_journal_says_is_not_taken_in_either(pair: Pair, forge: Callable[[Path], object], said: str) -> None:
    """Neither from a file, nor where git alone has brought it."""
    insider = pair.local("insider")
    forge(insider.root)
    path = pair.folder / "hostile.bundle"
    git(insider.root, "bundle", "create", "-q", str(path), JOURNAL)
    with pair.nb.unchanged():
        found = pair.nb("sync", "--from", path)
    assert found.code == 1 and said in found.out, found
    reference = f"refs/remotes/origin/{JOURNAL}"
    before = git(pair.nb.root, "rev-parse", reference).strip()
    git(pair.nb.root, "fetch", "-q", str(insider.root), f"+{JOURNAL}:{reference}")
    held = branch_of(pair.nb.root, JOURNAL)
    found = pair.nb("sync", "office")
    git(pair.nb.root, "update-ref", reference, before)
    assert found.code == 1 and said in found.out and branch_of(pair.nb.root, JOURNAL) == held


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in JOURNALS], ids=[row[0] for row in JOURNALS])
def test_the_audit_says_the_same_of_it_where_it_was_written(
    pair: Pair, forge: Callable[[Path], object], said: str
) -> None:
    insider = pair.local("insider")
    forge(insider.root)
    scope = Scope(open_system(insider.root, now=NOON, machine="desk"))
    found = [str(hit.message) for rule in history.RULES for hit in rule.check(scope)]
    found += [str(hit.message) for name, head in scope.copy.heads.items()
              for _, hit in history.check_ledger(scope, name, head.commit, verified=None)]  # fmt: skip
    assert any(said in text for text in found), found


def test_what_git_alone_brought_of_a_journal_does_not_count_as_held(pair: Pair) -> None:
    """Refused, it stays beside, and a file that goes on from there is refused for the same."""
    insider, victim = pair.local("insider"), pair.local("victim")
    noted("notes", "NOTES-HZ-000001")(insider.root)
    git(victim.root, "update-ref", "-d", f"refs/heads/{JOURNAL}")
    git(victim.root, "fetch", "-q", str(insider.root), f"+{JOURNAL}:refs/remotes/origin/{JOURNAL}")
    noted("opening", "OPENING-HZ-{serial:06d}", set={"ledger": "records/liaison/2026/hz"})(insider.root)
    git(insider.root, "bundle", "create", "-q", "x.bundle", JOURNAL)
    found = victim("sync", "--from", insider.root / "x.bundle")
    assert found.code == 1 and found.err == "" and not branch_of(victim.root, JOURNAL)
    assert found.out.count("has no series notes") == 2, found.out


def setting(root: Path, text: bytes) -> None:
    """A revision of qms.toml that says this, approved by who may, while nobody has a key."""
    path = next(
        path
        for path in listed(root, CONTROL)
        if path.endswith("/0001-issue.json") and event(root, CONTROL, path)["set"]["number"] == "qms.toml"
    )  # type: ignore[index]
    first = event(root, CONTROL, path)
    serial = 1 + max(int(path.split("/")[3]) for path in listed(root, CONTROL) if path.startswith("release/"))
    files = [{"path": "qms.toml", "size": len(text), "sha256": hashlib.sha256(text).hexdigest()}]
    manifest = canonical(
        {"format": 1, "kind": "configuration", "number": "qms.toml", "revision": "Z/9", "files": files}
    )
    said = {key: value for key, value in first["set"].items() if key not in ("effective_on", "trial_until")}  # type: ignore[attr-defined]
    said |= {"manifest": hashlib.sha256(manifest).hexdigest(), "revision": "Z/9", "answer_by": "2026-12-31"}
    body = {**first, "act": "issue", "state": "submitted", "set": said, "control": branch_of(root, CONTROL),
            "record": {"series": "release", "serial": serial, "number": f"REL-{serial:06d}"}}  # fmt: skip
    folder = _folder("release", serial)
    held = {f"{folder}/files/{hashlib.sha256(data).hexdigest()}": data for data in (text, manifest)}
    commit(root, CONTROL, {f"{folder}/0001-issue.json": canonical(body), **held})
    steps = (("review", "reviewed", "li.ming", {}), ("approve", "approved", "zhao.lei", {"effective_on": "2026-11-21"}))
    for sequence, (act, state, person, what) in enumerate(steps, 2):
        body |= {"act": act, "state": state, "by": person, "set": what, "sequence": sequence,
                 "previous": hashlib.sha256(canonical(body)).hexdigest(), "control": branch_of(root, CONTROL)}  # fmt: skip
        commit(root, CONTROL, {f"{folder}/{sequence:04d}-{act}.json": canonical(body)})


def test_a_setting_that_nobody_can_read_comes_in_nowhere_and_stops_no_audit(pair: Pair) -> None:
    insider, victim = pair.local("insider"), pair.local("victim")
    before = branch_of(victim.root, CONTROL)
    setting(insider.root, b"this is [ no toml")
    lines = [line for line in push(pair, insider, CONTROL).splitlines() if line.startswith("remote: refused: ")]
    assert len(lines) == 1 and "0003-approve.json): qms.toml Z/9:1: not valid TOML" in lines[0]
    git(insider.root, "bundle", "create", "-q", "x.bundle", CONTROL)
    found = victim("sync", "--from", insider.root / "x.bundle")
    [line] = found.out.splitlines()
    assert found.code == 1 and "0003-approve.json): qms.toml Z/9:1: not valid TOML" in line
    assert branch_of(victim.root, CONTROL) == before and victim("status").code in (0, 1)

    git(victim.root, "fetch", "-q", str(insider.root), f"+{CONTROL}:{CONTROL}")
    refused(victim("status"), "not valid TOML")
    found = victim("audit", "--json")
    [said] = [item["message"] for item in found.json["findings"] if item["code"] == "HIS455"]
    assert found.code == 1 and "not valid TOML" in said and before in said
    git(victim.root, "branch", "-q", "-f", CONTROL, before)
    assert "HIS455" not in {item["code"] for item in victim("audit", "--json").json["findings"]}


def test_a_ledger_made_anew_is_refused_before_it_ever_came(pair: Pair, tmp_path: Path) -> None:
    """One commit of another moment; or of other commits than the journal noted, however they are dated."""
    store, insider = tmp_path / "new.git", pair.local("insider")
    assert pair.hz("guard", "install", store).code == 0
    by_clock_of(pair.hz, store)
    assert "refused" not in git(
        insider.root, "push", str(store), CONTROL, f"{JOURNAL}~1:refs/heads/{JOURNAL}", check=False
    )
    new = {}
    for name, second in (("late", 1), ("right", 0)):
        with pytest.MonkeyPatch.context() as patch:
            for key in ("GIT_COMMITTER_DATE", "GIT_AUTHOR_DATE"):
                patch.setenv(key, f"@{int(NOON.timestamp()) + second} +0800")
            new[name] = git(insider.root, "commit-tree", f"{COMPLAINTS}^{{tree}}", data=b"mine").strip()
    to = f":refs/heads/{COMPLAINTS}"
    assert "stored at another moment than its acts" in git(
        insider.root, "push", str(store), new["late"] + to, check=False
    )
    git(insider.root, "push", "-q", str(store), JOURNAL)
    said = git(insider.root, "push", str(store), new["right"] + to, check=False)
    assert "it was rewritten: the" in said and "do not stand here" in said
    assert "refused" not in git(insider.root, "push", str(store), COMPLAINTS, check=False)


@pytest.mark.parametrize("commit", ["1" * 40, "x"])
def test_heads_that_note_less_than_there_is_are_refused(pair: Pair, commit: str) -> None:
    """Else nobody could send the ledger any more; of one that holds less, more may be on its way."""
    insider = pair.local("insider")
    heads(commit=commit, events=1)(insider.root)
    assert "it was rewritten: the 1 acts" in push(pair, insider, JOURNAL)


def test_a_site_nobody_put_into_force_is_refused(pair: Pair) -> None:
    insider = pair.local("insider")
    forged, opening = "records/complaint/2026/zz", "opening/00/00/000001/0001-issue.json"
    first = event(insider.root, JOURNAL, opening)
    record = {"number": "OPENING-ZZ-000001", "series": "opening", "serial": 1}
    body = {**first, "ledger": "qms/journal/zz", "record": record, "set": {"ledger": forged}}
    commit(insider.root, "qms/journal/zz", {opening: canonical(body)})
    body = {**event(insider.root, COMPLAINTS, f"{FIRST}/0001-issue.json"), "ledger": forged}
    commit(insider.root, forged, {f"{FIRST}/0001-issue.json": canonical(body)})
    said = push(pair, insider, "qms/journal/zz", forged)
    assert said.count("there is no site zz in force") == 2


def test_a_commit_of_another_moment_than_its_acts_is_refused(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    insider = pair.local("insider")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-21T12:00:01 +0800")
    another(insider.root, last_serial(insider.root) + 1, submission=None)
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    assert "stored at another moment than its acts" in push(pair, insider, COMPLAINTS)


def test_of_pushes_at_once_each_is_judged_after_the_one_before(pair: Pair, tmp_path: Path) -> None:
    """Three pushes wait for another one to be done; they begin one series in three ledgers: one is taken, whichever."""
    store = tmp_path / "store.git"
    shutil.copytree(pair.shared, store)
    by_clock_of(pair.hz.later(timedelta(days=42)), store)
    insider = pair.local("insider")
    opening = "opening/00/00/{0:06d}/0001-issue.json"
    first = event(insider.root, JOURNAL, opening.format(1))
    serial = 1 + max(int(path.split("/")[3]) for path in listed(insider.root, JOURNAL) if path.startswith("opening/"))
    form = event(insider.root, COMPLAINTS, f"{FIRST}/0001-issue.json")
    rivals = [f"records/{name}/2027/hz" for name in ("complaint", "liaison", "complaint-major")]
    at = {"recorded_at": "2027-01-02T12:00:00+08:00"}
    for place, branch in enumerate(rivals):
        record = {"number": f"OPENING-HZ-{serial + place:06d}", "series": "opening", "serial": serial + place}
        body = {**first, "record": record, "set": {"ledger": branch}}
        commit(insider.root, JOURNAL, {opening.format(serial + place): canonical(body)})
        record = {"number": "TS-HZ-2027-0001", "series": "ts", "serial": 1}
        body = {**form, **at, "ledger": branch, "record": record, "submission": None}
        commit(insider.root, branch, {f"{FIRST}/0001-issue.json": canonical(body)})
    assert "refused" not in git(insider.root, "push", str(store), JOURNAL, check=False)
    words = ["git", "-C", str(insider.root), "push", "-q", str(store)]
    with exclusive(store, name=LOCK):
        running = [subprocess.Popen([*words, branch], stderr=subprocess.PIPE, text=True) for branch in rivals]
        time.sleep(3)  # more than each needs alone
        assert [each.poll() for each in running] == [None, None, None]
    said = [each.communicate(timeout=60)[1] for each in running]
    assert sorted(each.returncode for each in running) == [0, 1, 1], said
    assert sum("the series ts runs in" in words for words in said) == 2, said
    assert sum(bool(branch_of(store, branch)) for branch in rivals) == 1


def test_an_act_of_a_day_to_come_is_refused(pair: Pair) -> None:
    """The clocks of a copy and the store may lie a day apart, not more."""
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 1, submission=None, recorded_at="2026-11-22T12:00:01+08:00")
    assert "is of 2026-11-22, and the clock here says 2026-11-21" in push(pair, insider, COMPLAINTS)


def test_one_draft_taken_in_at_two_sites_is_refused_until_one_is_voided(tmp_path: Path) -> None:
    """Both sites got the same filled form while they were offline; whoever sends later voids his."""
    pair = Pair.begun(tmp_path)
    assert pair.hz("guard", "install", pair.shared).code == 0
    by_clock_of(pair.hz, pair.shared)
    for copy, site in ((pair.hz, "hz"), (pair.nb, "nb")):
        path = copy.draft("form.json", "QR-14-04", FILLED["QR-14-04"], submission="one-and-the-same")
        made = copy("record", "issue", path, "--no-pages", "--site", site)
        assert made.code == 0, made.err
    first, by = "TS-HZ-2026-0001", ("--as", "zhang.wei", "--no-pages")
    assert pair.hz("record", "advance", first, "classify", *SET, *by).code == 0
    values = [f"{name}={value}" for name, value in FILLED["QR-04-01"].items() if name != "content"]
    made = pair.hz("record", "raise", first, "liaison", *by, *(word for item in values for word in ("--set", item)))
    assert made.code == 0, made.err
    found = pair.hz("sync", "office")
    assert found.code == 0, found.out
    found = pair.nb("sync", "office")
    assert found.code == 1 and "TS-HZ-2026-0001, TS-NB-2026-0001 were made from one draft" in found.out, found.out
    assert not branch_of(pair.shared, "records/complaint/2026/nb")
    assert pair.nb("record", "void", "TS-NB-2026-0001", "-m", "杭州已登记", "--site", "nb").code == 0
    for copy in (pair.nb, pair.hz):
        found = copy("sync", "office")
        assert found.code == 0, found.out
    assert "REC225" not in {item["code"] for item in pair.hz("audit", "--json").json["findings"]}
    assert pair.hz.all_numbers() == pair.nb.all_numbers()
    assert ledgers(pair.hz.root) == ledgers(pair.nb.root) == ledgers(pair.shared)


def test_what_called_for_a_record_may_lie_in_a_ledger_that_is_kept_elsewhere(pair: Pair, tmp_path: Path) -> None:
    store = tmp_path / "store.git"
    shutil.copytree(pair.shared, store)
    insider = pair.local("insider")
    noted("opening", "OPENING-HZ-{serial:06d}", set={"ledger": "records/liaison/2026/hz"})(insider.root)
    raised("liaison", record="LX-HZ-2026-0001")(insider.root)
    assert "which is not held here" in push(pair, insider, COMPLAINTS)
    assert "refused" not in git(insider.root, "push", str(store), JOURNAL, COMPLAINTS, check=False)


def canonical(body: object) -> bytes:
    """An event as the program would write it."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def listed(root: Path, branch: str) -> list[str]:
    """The paths of a ledger."""
    return git(root, "ls-tree", "-r", "--name-only", branch).split()


# what the guard is


def test_the_hook_refuses_when_the_program_has_gone(pair: Pair) -> None:
    hook = pair.shared / "hooks" / "pre-receive"
    whole = hook.read_text("utf-8")
    insider = pair.local("insider")
    commit(insider.root, COMPLAINTS, {"x": b"x"})
    try:
        hook.write_text(whole.replace("/python", "/no-python"), "utf-8")
        said = [line for line in push(pair, insider, COMPLAINTS).splitlines() if line.startswith("remote:")]
        assert len(said) == 1 and "is not there any more" in said[0]
    finally:
        hook.write_text(whole, "utf-8")


def test_install_protects_what_is_there_and_says_what_is_wrong(pair: Pair, tmp_path: Path) -> None:
    copy = tmp_path / "copy.git"
    git(pair.folder, "clone", "-q", "--mirror", str(pair.shared), str(copy))
    assert pair.hz("guard", "install", copy).code == 0
    assert pair.hz("guard", "check", "--repository", copy).code == 0
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 2)
    (copy / "hooks" / "pre-receive").unlink()
    git(insider.root, "push", "-q", str(copy), COMPLAINTS, "main")
    found = pair.hz("guard", "install", copy)
    assert found.code == 1 and "have a gap" in found.err
    found = pair.hz("guard", "check", "--repository", copy)
    assert found.code == 1 and len(found.err.splitlines()) == 1


def test_install_prints_the_lines_for_the_settings(pair: Pair, tmp_path: Path) -> None:
    made = pair.hz("guard", "install", "../new.git", folder=pair.nb.root)
    assert made.code == 0
    assert tomllib.loads(made.out.split("\n", 1)[1]) == {"remote": {"office": {"url": str(pair.folder / "new.git")}}}
    shutil.rmtree(pair.folder / "new.git")


def test_install_refuses_what_is_no_shared_store(pair: Pair, tmp_path: Path) -> None:
    for inside in (pair.nb.root, pair.nb.root / ".git", pair.nb.root / "shared.git"):
        refused(pair.hz("guard", "install", inside), "lies in the QMS folder", str(pair.folder / "shared.git"))
    assert not (pair.nb.root / "shared.git").exists() and not (pair.nb.root / ".git/hooks/pre-receive").exists()
    refused(pair.hz("guard", "install", Path(os.devnull) / "x.git"), "x.git cannot be written")
    (tmp_path / "text").write_text("x", "utf-8")
    refused(pair.hz("guard", "install", tmp_path), "no shared store")
    other = tmp_path / "other.git"
    git(tmp_path, "init", "-q", "--bare", str(other))
    (other / "hooks" / "pre-receive").write_text("#!/bin/sh\n", "utf-8")
    refused(pair.hz("guard", "install", other), "somebody else's", "move it away")
    refused(pair.hz("guard", "check", stdin="x y z"), "nobody types it")


@pytest.mark.parametrize("largest", (100, 300))
def test_install_leaves_nothing_half_made_where_the_disk_refuses(pair: Pair, tmp_path: Path, largest: int) -> None:
    """Refused is every file of more bytes: when the store is made, and when it is set up."""
    store = tmp_path / "new.git"
    limited = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest, largest))
    refused(pair.hz.process("guard", "install", store, preexec_fn=limited), "new.git")
    assert not store.exists()


def test_a_store_of_a_group_stays_writable_for_it(pair: Pair, tmp_path: Path) -> None:
    store = tmp_path / "group.git"
    git(tmp_path, "init", "-q", "--bare", "--shared=group", str(store))
    assert pair.hz("guard", "install", store).code == 0
    by_clock_of(pair.hz, store)
    assert "refused" not in git(pair.hz.root, "push", str(store), CONTROL, JOURNAL, COMPLAINTS, check=False)
    for name in (LOCK, "qmsdocs", "qmsdocs/index.sqlite"):
        assert (store / name).stat().st_mode & 0o060 == 0o060, name


def test_a_lock_that_a_killed_git_left_in_the_store_holds_nobody_up(pair: Pair, tmp_path: Path) -> None:
    store = tmp_path / "store.git"
    shutil.copytree(pair.shared, store)
    insider = pair.local("insider")
    another(insider.root, last_serial(insider.root) + 1, submission=None)
    left = store / "refs" / "heads" / f"{COMPLAINTS}.lock"
    left.touch()
    os.utime(left, (time.time() - 60,) * 2)
    git(insider.root, "push", "-q", str(store), COMPLAINTS)
    assert branch_of(store, COMPLAINTS) == branch_of(insider.root, COMPLAINTS) and not left.exists()


def test_where_no_process_can_be_split_off_the_lock_is_held_while_judging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork")
    taken = exclusive(tmp_path, name=LOCK, patience=0)
    with one_at_a_time(tmp_path, ()), pytest.raises(QmsError, match="has been writing"), taken:
        pass
    with exclusive(tmp_path, name=LOCK, patience=0):
        pass


def test_main_is_let_in_only_where_that_was_wished(pair: Pair, tmp_path: Path) -> None:
    store = tmp_path / "with-main.git"
    assert pair.hz("guard", "install", store, "--with-main").code == 0
    said = git(pair.hz.root, "push", str(store), "main", CONTROL, JOURNAL, check=False)
    assert "refused" not in said and branch_of(store, "main")
    assert "no name of a ledger" in git(pair.hz.root, "push", str(store), "main:other", check=False)


def test_records_come_with_or_after_what_they_were_judged_by(pair: Pair, tmp_path: Path) -> None:
    store = tmp_path / "empty.git"
    assert pair.hz("guard", "install", store).code == 0
    assert "they must come first" in git(pair.hz.root, "push", str(store), COMPLAINTS, check=False)
    assert "refused" not in git(pair.hz.root, "push", str(store), COMPLAINTS, JOURNAL, CONTROL, check=False)


def test_the_store_decides_and_refuses_a_forged_act(pair: Pair) -> None:
    """A copy whose control is forged posts an honest act on top: the store says why not, nothing is acknowledged."""
    insider = pair.local("insider")
    commit(insider.root, CONTROL, {"release/00/00/000001/files/" + "0" * 64: b"x"})
    found = insider("sync", "office")
    assert found.code == 1 and "is not the one it is named after" in found.out


def test_a_push_of_one_act_is_judged_quickly(pair: Pair, tmp_path: Path) -> None:
    from qmsdocs.audit.guard import Push, refusals

    copy = tmp_path / "copy.git"
    git(pair.folder, "clone", "-q", "--mirror", str(pair.shared), str(copy))
    new = branch_of(copy, COMPLAINTS)
    pair.hz.issue("QR-14-04")
    git(pair.hz.root, "push", "-q", str(copy), COMPLAINTS)
    moved = Push(f"refs/heads/{COMPLAINTS}", new, branch_of(copy, COMPLAINTS))
    everything = tuple(Push(ref, None, branch_of(copy, ref.removeprefix("refs/heads/"))) for ref in ledgers(copy))
    times: dict[tuple[Push, ...], list[float]] = {(moved,): [], everything: []}
    for _ in range(7):
        for pushes, taken in times.items():
            begun = time.perf_counter()
            assert list(refusals(copy, pushes, now=NOON, kept=tmp_path, beside=None, with_main=False)) == []
            taken.append(time.perf_counter() - begun)
    one, whole = (statistics.median(taken) for taken in times.values())
    assert one < whole / 2, times  # both in the same process, whatever else the machine does


# certified disposal


@pytest.fixture
def make_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A way to make a repository that knows the shared store; keys and their passphrase lie beside it."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))

    def make(folder: Path, *, live: bool = False) -> Program:
        assert not live
        found = Program(folder, NOON)
        pack = starter(tmp_path / "starter")
        made = found("init", folder, "--org", "绿源置业", "--site", "hz", "--starter", pack, folder=tmp_path)
        assert made.code == 0, made.err
        return found

    return make


@pytest.mark.slow
def test_a_certified_disposal_replaces_a_ledger_and_nothing_else_does(make_shared: Make, tmp_path: Path) -> None:
    store = tmp_path / "shared.git"
    assert Program(tmp_path)("guard", "install", store).code == 0
    by_clock_of(destruction.due(Program(tmp_path)), store)
    hz = destruction.begun(make_shared, tmp_path / "hz")
    marked = destruction.ended(hz, "到期要销毁的内容")
    kept = hz.issue("QR-04-01")
    [ledger] = [name.removeprefix("refs/heads/") for name in hz.heads() if "/records/" in name]
    assert hz("sync", "office").code == 0, hz("sync", "office")
    assert "到期要销毁的内容".encode() in (store / "qmsdocs" / "index.sqlite").read_bytes()
    git(tmp_path, "clone", "-q", "hz", "nb")
    git(tmp_path, "clone", "-q", "--mirror", "hz", "stale.git")
    nb = hz.elsewhere(tmp_path / "nb")
    assert nb("sync", "office").code == 0

    later = destruction.due(hz)
    destruction.done(later, "retention", "dispose", "--due", *destruction.ORDER)
    nothing = git(hz.root, "hash-object", "-t", "tree", "-w", "--stdin").strip()  # the other record is gone too
    too_much = git(hz.root, "commit-tree", nothing, data=b"x").strip()
    assert "would be rewritten" in git(hz.root, "push", str(store), f"+{too_much}:{ledger}", JOURNAL, check=False)
    found = later("sync", "office")
    assert found.code == 0 and "destroyed by certificate" in found.out, (found.out, found.err)
    assert branch_of(store, ledger) == branch_of(hz.root, ledger)
    assert "still gives" not in found.err and destruction.found(store, "到期要销毁的内容") == []
    kept_there = b"".join(path.read_bytes() for path in (store / "qmsdocs").iterdir())
    assert "到期要销毁的内容".encode() not in kept_there and kept.encode() in kept_there
    assert marked not in later.all_numbers() and kept in later.all_numbers()

    said = git(tmp_path / "stale.git", "push", "--force", str(store), ledger, check=False)
    assert "would be rewritten" in said or "may not come back" in said
    other = nb.later(destruction.due(nb).at or NOON)
    found = other("sync", "office")
    assert found.code == 0 and "destroyed by certificate" in found.out, (found.out, found.err)
    assert branch_of(nb.root, ledger) == branch_of(hz.root, ledger)
    assert destruction.found(nb.root, "到期要销毁的内容") == []
    assert other.all_numbers() == later.all_numbers()
    assert other("sync", "office").out.endswith("nothing to send or to receive\n")

    later = later.later(timedelta(hours=1))
    by_clock_of(later, store)
    later.issue("QR-04-01")
    assert later("sync", "office").code == 0
    root, head = git(hz.root, "rev-list", "--reverse", ledger).split()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_COMMITTER_DATE", git(hz.root, "log", "-1", "--format=%cI", head).strip())
        anew = git(hz.root, "commit-tree", f"{head}^{{tree}}", "-p", root, data=b"mine").strip()
    assert "would be rewritten" in git(hz.root, "push", str(store), f"+{anew}:refs/heads/{ledger}", check=False)

    before = commit(hz.root, CONTROL, {"release/00/00/000001/files/" + "0" * 64: b"x"})
    with (hz.root / "procedures/QP-01.md").open("a") as text:
        text.write("\n补充一句。\n")
    said = refused(later("document", "submit", "QP-01", "-m", "修订"), "the shared store refuses this")
    assert "is not the one it is named after" in said
    assert branch_of(hz.root, CONTROL) == before and not git(hz.root, "for-each-ref", "refs/qms")


@pytest.mark.slow
def test_a_copy_that_does_not_believe_a_destruction_says_that_it_keeps_the_records(
    make_shared: Make, tmp_path: Path
) -> None:
    """A hold was placed at one site while the other destroyed: nothing is gone there, and nobody says so."""
    git(tmp_path, "init", "-q", "--bare", "shared.git")
    hz = destruction.begun(make_shared, tmp_path / "hz")
    number = destruction.ended(hz, "还在扣留的内容")
    assert hz("sync", "office").code == 0
    git(tmp_path, "clone", "-q", "hz", "nb")
    later = destruction.due(hz)
    nb = hz.elsewhere(tmp_path / "nb").later(later.at or NOON)
    assert nb("sync", "office").code == 0
    destruction.done(nb, "sync", "--take-seat", "--site", "nb", "-m", "新设登记台")
    destruction.done(later, "retention", "dispose", "--due", *destruction.ORDER)
    destruction.done(nb, "retention", "hold", number, "-m", "诉讼", "--as", "li.ming", "--site", "nb")
    store = tmp_path / "shared.git"
    found = later("sync", "office")
    assert "guard purge --repository" in found.err and destruction.found(store, "还在扣留的内容")
    assert hz("guard", "purge", "--repository", store).code == 0
    assert destruction.found(store, "还在扣留的内容") == []
    refused(hz("guard", "purge", "--repository", hz.root), "is no shared store")
    refused(hz("guard", "purge"), "nobody types it")
    found = nb("sync", "office")
    assert found.code == 1 and "gone on both sides" not in found.out, (found.out, found.err)
    assert f"is kept here: {number} is on hold" in found.out
    assert destruction.found(nb.root, "还在扣留的内容")


# over ssh


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`user@host:port` of a server of our own on this machine, reached with a key that is thrown away."""
    server = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None:
        pytest.skip("sshd is not installed: apt-get install openssh-server")
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "mine.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile {folder}/pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n",
        "utf-8",
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    running = subprocess.Popen([server, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.PIPE)
    options = f"-F /dev/null -i {folder}/mine -o IdentitiesOnly=yes -o StrictHostKeyChecking=no"
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh {options} -o UserKnownHostsFile={folder}/known -o BatchMode=yes")
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"{getpass.getuser()}@127.0.0.1:{port}"
    finally:
        running.terminate()
        running.communicate(timeout=10)


@pytest.mark.slow
def test_over_ssh(ssh: str, tmp_path: Path) -> None:
    """The same by a real server: a site sends, another one receives, and what is forged is refused in the same words."""
    store = tmp_path / "shared.git"
    pack = starter(tmp_path / "starter")
    settings = pack / "qms.toml"
    settings.write_text(
        settings.read_text("utf-8").replace('url = "../shared.git"', f'url = "ssh://{ssh}{store}"'), "utf-8"
    )
    hz = Program(tmp_path / "hz", NOON)
    assert hz("init", hz.root, "--org", "绿源置业", "--site", "hz", "--starter", pack, folder=tmp_path).code == 0
    assert hz("guard", "install", store).code == 0
    by_clock_of(hz, store)
    hz.issue("QR-14-04")
    found = hz("sync", "office")
    assert found.code == 0, (found.out, found.err)
    assert ledgers(store) == ledgers(hz.root)
    git(tmp_path, "clone", "-q", "hz", "nb")
    number = hz.issue("QR-14-04")
    assert hz("sync", "office").code == 0
    nb = hz.elsewhere(tmp_path / "nb")
    assert nb("sync", "office").code == 0
    assert number in nb.all_numbers()
    another(hz.root, last_serial(hz.root) + 2)
    found = hz("sync", "office")
    assert found.code == 1 and "have a gap" in found.out
