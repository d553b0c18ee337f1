"""Two sites offline, brought level over a shared store and by files: nothing lost, nothing doubled, nothing joined."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pair import COMPLAINTS, CONTROL, Pair, branch_of, by_clock_of, commit, event, git, ledgers
from program import Make, Program, Result, refused
from test_killed import fill_disk, small_disk

from qmsdocs.base.language import Language

__all__ = ["small_disk"]  # the fixture


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two sites that have worked for a while; the shared stores are made anew for each test."""
    pair = Pair.begun(tmp_path_factory.mktemp("sites"))
    for number in range(2):
        pair.hz.issue("QR-14-04", customer=f"杭州 {number}")
    return pair


@pytest.fixture
def pair(sites: Pair) -> Iterator[Pair]:
    """The two sites, with empty shared stores."""
    for name in ("shared.git", "complaints.git"):
        shutil.rmtree(sites.folder / name, ignore_errors=True)
        git(sites.folder, "init", "-q", "--bare", name)
    yield sites
    for name in ("victim", "usb", "away.git"):
        shutil.rmtree(sites.folder / name, ignore_errors=True)


def level(*copies: Program, remote: str = "office") -> None:
    """Every copy has sent what it had and received the rest."""
    for copy in (*copies, *copies[:-1]):
        found = copy("sync", remote)
        assert found.code == 0, (found.out, found.err)


def moved(found: Result) -> dict[tuple[str, str], int]:
    """What moved, from the JSON answer: ledger and way → events."""
    [place] = found.json["places"]
    return {(item["ledger"], item["way"]): item["events"] for item in place["moved"]}


# level


def test_nothing_is_lost_or_doubled_between_two_sites_offline(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    for number in range(3):
        pair.hz.issue("QR-14-04", customer=f"offline hz {number}")
        pair.nb.issue("QR-14-04", customer=f"offline nb {number}")
    hz, nb = pair.hz.all_numbers(), pair.nb.all_numbers()
    sent = moved(pair.hz("sync", "office", "--json"))
    assert sent[COMPLAINTS, "sent"] == 3
    came = moved(pair.nb("sync", "office", "--json"))
    assert (came[COMPLAINTS, "received"], came["records/complaint/2026/nb", "sent"]) == (3, 3)
    level(pair.hz, pair.nb)
    both = pair.hz.all_numbers()
    assert sorted(both) == sorted(pair.nb.all_numbers()) == sorted({*hz, *nb})
    assert len(both) == len(set(both))
    assert ledgers(pair.shared) == ledgers(pair.hz.root) == ledgers(pair.nb.root)
    assert pair.hz("sync", "office").out == "office: level, nothing to send or to receive\n"


def test_it_says_plainly_what_moved(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    pair.hz.issue("QR-14-04")
    lines = pair.hz("sync", "office").out.splitlines()
    assert lines == ["Complaints, all but major ones 2026 HZ: 1 events sent", "journal of HZ: 1 events sent"]
    lines = replace(pair.nb, language=Language.ZH)("sync", "office", "-n").out.splitlines()
    assert lines == ["投诉（一般、重要、热点） 2026 HZ：待收 1 条", "HZ 的登记台日志：待收 1 条"]
    assert pair.nb("sync", "office").out.splitlines()[0].endswith("HZ: 1 events received")


def test_a_dry_run_moves_nothing(pair: Pair) -> None:
    with pair.hz.unchanged():
        found = pair.hz("sync", "office", "-n", "--json")
    assert moved(found)[COMPLAINTS, "sent"] >= 2
    assert ledgers(pair.shared) == {}


def test_a_dry_run_moves_no_branch_of_its_own(pair: Pair) -> None:
    """Of a ledger that git alone has brought, the local branch is not moved either."""
    level(pair.hz, pair.nb)
    before = branch_of(pair.nb.root, COMPLAINTS)
    pair.hz.issue("QR-14-04")
    git(pair.nb.root, "fetch", "-q", str(pair.hz.root), f"+{COMPLAINTS}:refs/remotes/origin/{COMPLAINTS}")
    with pair.nb.unchanged():
        assert pair.nb("sync", "office", "-n").code == 0
    assert branch_of(pair.nb.root, COMPLAINTS) == before
    level(pair.hz, pair.nb)
    assert branch_of(pair.nb.root, COMPLAINTS) == branch_of(pair.hz.root, COMPLAINTS)


def test_hints_of_git_are_not_repeated(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    grafts = pair.shared / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(branch_of(pair.shared, CONTROL) + "\n", "utf-8")
    pair.hz.issue("QR-14-04")
    found = pair.hz("sync", "office")
    assert "graft" not in found.out + found.err and "hint: Support" not in found.err, found


def test_a_store_takes_the_classes_and_sites_it_is_for(pair: Pair) -> None:
    pair.hz.issue("QR-04-01")
    assert pair.hz("sync", "complaints").code == 0
    assert list(ledgers(pair.folder / "complaints.git")) == [f"refs/heads/{COMPLAINTS}"]
    assert pair.hz("sync").code == 0
    assert len(ledgers(pair.shared)) > 3


def test_heads_are_noted_where_the_seat_is_and_only_when_something_went_on(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    before = branch_of(pair.hz.root, "qms/journal/hz")
    assert pair.hz("sync", "office").code == 0
    assert branch_of(pair.hz.root, "qms/journal/hz") == before
    pair.hz.issue("QR-14-04")
    assert pair.hz("sync", "office").code == 0
    after = branch_of(pair.hz.root, "qms/journal/hz")
    [path] = git(pair.hz.root, "diff", "--name-only", before, after).split()
    said = event(pair.hz.root, "qms/journal/hz", path)
    noted = said["set"]["ledgers"][COMPLAINTS]["commit"]  # type: ignore[index]
    assert noted == branch_of(pair.hz.root, COMPLAINTS)


def test_a_store_that_cannot_be_reached_is_one_line(pair: Pair) -> None:
    shutil.rmtree(pair.shared)
    with pair.nb.unchanged():
        refused(pair.nb("sync", "office"), "cannot be reached: there is no shared store there")
    assert "there is no remote elsewhere" in refused(pair.nb("sync", "elsewhere"))


def test_a_repository_without_a_store_says_what_to_do(repository: Program) -> None:
    refused(repository("sync"), "no shared store", "--to FOLDER")
    refused(repository("sync", "--to", "usb", "--from", "usb"), "different things")
    with (repository.root / "qms.toml").open("a") as text:
        text.write('\n[remote.office]\nurl = "../shared.git"\n')
    for words in ((), ("office",)):
        refused(repository("sync", *words), "[remote.office] stands in qms.toml", "document submit qms.toml -m REASON")


def test_who_was_overtaken_while_sending_is_told_to_repeat_it(pair: Pair) -> None:
    """Another one's branch came between our look and the store's own: whatever git says of it is not repeated."""
    level(pair.hz, pair.nb)
    pair.hz.issue("QR-14-04")
    other = pair.local("victim")
    made = commit(other.root, COMPLAINTS, {"ts/00/00/000001/files/" + "0" * 64: b"x"})
    git(other.root, "push", "-q", str(pair.shared), f"{made}:refs/keep/{made}")
    hook = pair.shared / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/{COMPLAINTS} {made}\n")
    hook.chmod(0o755)
    found = pair.hz("sync", "office")
    assert found.code == 1 and "cannot lock" not in found.out, found
    assert "HZ: not moved: somebody else was faster; repeat it" in found.out


def test_a_store_that_refuses_without_a_word_is_not_a_dash(pair: Pair) -> None:
    hook = pair.shared / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    found = pair.hz("sync", "office")
    assert found.code == 1 and "not moved: failed to push" in found.out, found.out


# what a copy's own settings might run


def test_what_is_set_in_the_copy_runs_nothing(pair: Pair) -> None:
    victim, trap = pair.clone("victim"), pair.folder / "sprung"
    script = victim.root / ".git" / "hooks"
    for name in ("pre-push", "reference-transaction", "post-checkout", "post-merge"):
        (script / name).parent.mkdir(exist_ok=True)
        (script / name).write_text(f"#!/bin/sh\ntouch '{trap}'\n")
        (script / name).chmod(0o755)
    for key, value in (
        ("core.sshCommand", f"touch '{trap}';"),
        ("core.fsmonitor", f"touch '{trap}';"),
        (f"url.ext::sh -c touch% {trap} .insteadOf", str(pair.folder)),
        ("remote.pushDefault", "origin"),
        ("push.gpgSign", "true"),
        ("gpg.program", f"touch '{trap}';"),
    ):
        git(victim.root, "config", key, value)
    assert victim("sync", "office").code == 0
    assert not trap.exists()
    assert ledgers(pair.shared) == ledgers(victim.root)
    git(
        victim.root, "config", "--remove-section", f"url.ext::sh -c touch% {trap} .insteadOf".removesuffix(".insteadOf")
    )
    git(victim.root, "push", "-q", str(pair.shared), "main", check=False)
    assert trap.exists()  # git itself falls into it


# what git alone has brought


def test_what_git_alone_has_brought_counts_nowhere_until_it_was_judged(pair: Pair) -> None:
    """Releases among it: nothing is read by them, and nothing is taken in, while an honest ledger comes in."""
    level(pair.hz, pair.nb)
    pair.hz.issue("QR-14-04")
    other = pair.local("victim")
    forged = commit(other.root, CONTROL, {f"release/00/00/000001/files/{'0' * 64}": b"x"})
    before = branch_of(pair.nb.root, CONTROL)
    for branch in (CONTROL, COMPLAINTS):
        git(pair.nb.root, "fetch", "-q", str(other.root), f"+{branch}:refs/remotes/origin/{branch}")
    assert pair.nb.all_numbers() != pair.hz.all_numbers()
    assert pair.nb("status", "--json").code in (0, 1)
    found = pair.nb("sync", "office")
    git(pair.nb.root, "update-ref", f"refs/remotes/origin/{CONTROL}", before)
    assert found.code == 1 and branch_of(pair.nb.root, CONTROL) == before != forged
    came, refusal = found.out.splitlines()[:2]
    assert came == "Complaints, all but major ones 2026 HZ: 1 events received"
    assert refusal.startswith("releases and people: not moved: ") and "is not the one it is named after" in refusal
    level(pair.hz, pair.nb)


# two ways


def test_control_that_went_two_ways_moves_nowhere(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    victim = pair.local("victim")
    here = commit(victim.root, CONTROL, {f"release/00/00/000001/files/{hashlib.sha256(b'x').hexdigest()}": b"x"})
    pair.hz.issue("QR-14-04")
    (pair.hz.root / "qms.toml").open("a").write(f"# {time.time_ns()}\n")
    assert pair.hz("document", "submit", "qms.toml", "-m", "改").code == 0
    there = branch_of(pair.hz.root, CONTROL)
    level(pair.hz)
    found = victim("sync", "office")
    assert found.code == 1
    [line] = [line for line in found.out.splitlines() if "two ways" in line]
    assert line.startswith("releases and people:") and here[:12] in line and there[:12] in line
    assert branch_of(victim.root, CONTROL) == here and branch_of(pair.shared, CONTROL) == there
    assert branch_of(victim.root, COMPLAINTS) == branch_of(pair.hz.root, COMPLAINTS)  # the others went on
    pair.hz("document", "withdraw", "qms.toml", "-m", "不改了")


# acts in control


def rivals(pair: Pair) -> tuple[Program, Program]:
    """Two copies of the second site, both with the seat; the second has issued records the first never saw."""
    level(pair.hz, pair.nb, pair.hz)
    for name in ("one", "two"):
        git(pair.folder, "clone", "-q", "nb", name)
    one, two = (pair.hz.elsewhere(pair.folder / name) for name in ("one", "two"))
    pair.nb.root.rename(pair.folder / "lost")
    for copy in (one, two):
        taken = copy("sync", "--take-seat", "--site", "nb", "-m", "原机损坏", "--nothing-later")
        assert taken.code == 0, taken.err
        copy.root.rename(pair.folder / f"{copy.root.name}-away")  # neither sees the other
    for copy in (one, two):
        (pair.folder / f"{copy.root.name}-away").rename(copy.root)
    two.issue("QR-04-01")
    two.issue("QR-14-04")
    return one, two


@pytest.fixture
def house(tmp_path: Path) -> Pair:
    """Two sites of their own, whose guarded store is level with both."""
    pair = Pair.begun(tmp_path)
    pair.nb.issue("QR-14-04")
    assert pair.hz("guard", "install", pair.shared).code == 0
    by_clock_of(pair.hz, pair.shared)
    return pair


FOREIGN = "records/complaint/2026/nb"


def test_records_do_not_come_without_the_journal_of_their_site(house: Pair) -> None:
    one, two = rivals(house)
    one.issue("QR-14-04")
    assert one("sync", "office").code == 0
    assert house.hz("sync", "office").code == 0
    before = ledgers(house.hz.root)
    found = house.hz("sync", "--from", carried(two))
    assert found.code == 1 and ledgers(house.hz.root) == before
    lines = found.out.splitlines()
    assert [line for line in lines if "its records only move with it" in line] == lines[:-1]
    assert f"here it is in {one.root}" in lines[-1] and f"there in {two.root}" in lines[-1]
    assert "qmsdocs rule HIS404" in lines[-1]
    house.hz.issue("QR-14-04")
    assert house.hz("sync", "office").code == 0


def test_a_ledger_no_journal_opens_comes_from_nowhere_and_goes_nowhere(house: Pair) -> None:
    """Nor does it keep back anything else, and set aside by hand it is out of the way."""
    _, two = rivals(house)
    [foreign] = [branch for branch in ledgers(two.root) if branch.endswith("/nb")
                 and branch not in ledgers(house.hz.root) and "records/" in branch]  # fmt: skip
    foreign = foreign.removeprefix("refs/heads/")
    git(house.hz.root, "fetch", "-q", str(two.root), f"{foreign}:{foreign}")
    house.hz.issue("QR-14-04")
    found = house.hz("sync", "office")
    assert found.code == 1 and f"refs/heads/{foreign}" not in ledgers(house.shared)
    [line] = [line for line in found.out.splitlines() if "not moved" in line]
    assert "does not open it" in line and "HIS407" in line
    assert branch_of(house.shared, "qms/journal/hz") == branch_of(house.hz.root, "qms/journal/hz")
    file = carried(house.hz)
    reader = house.hz.elsewhere(house.folder / "reader")
    git(house.folder, "clone", "-q", "hz", "reader")
    git(reader.root, "update-ref", "-d", f"refs/remotes/origin/{foreign}")
    taken = reader("sync", "--from", file)
    assert taken.code == 1 and "does not open it" in taken.out and not branch_of(reader.root, foreign)
    git(house.hz.root, "branch", "-m", foreign, "aside/foreign")
    assert house.hz("sync", "office").code == 0


@pytest.mark.parametrize("bad", [FOREIGN, COMPLAINTS])
def test_a_ledger_the_guard_refuses_keeps_no_other_one_back(house: Pair, bad: str) -> None:
    level(house.hz, house.nb, house.hz)
    house.hz.issue("QR-04-01")
    house.hz.issue("QR-14-04")
    commit(house.hz.root, bad, {f"{FIRST}/0002-forged.json": b"{}"})
    found = house.hz("sync", "office")
    assert found.code == 1
    [line] = [line for line in found.out.splitlines() if "not moved" in line]
    assert "Complaints" in line and "refused: " in line
    here, there = ledgers(house.hz.root), ledgers(house.shared)
    assert {branch for branch in here if here[branch] != there.get(branch)} == {f"refs/heads/{bad}"}


def test_the_guard_answers_in_the_language_of_who_sends(house: Pair) -> None:
    level(house.hz, house.nb, house.hz)
    commit(house.hz.root, FOREIGN, {f"{FIRST}/0002-forged.json": b"{}"})
    assert replace(house.hz, language=Language.ZH)("guard", "install", house.shared).code == 0
    for language, said in (("en", "refused: "), ("zh", "不接收：")):
        found = house.hz.process("sync", "office", "--lang", language)
        assert found.code == 1 and said in found.out, found


def test_a_copy_of_a_site_without_a_seat_says_how_it_takes_one(house: Pair) -> None:
    settings = house.nb.root / ".qms" / "seat.json"
    assert settings.exists()
    shutil.rmtree(house.nb.root)
    copy = house.clone("nb")
    git(copy.root, "update-ref", "-d", "refs/remotes/origin/qms/journal/hz")
    found = copy("status")
    assert "no copy writes for hz yet; here it shall: qmsdocs sync --take-seat --site hz -m REASON" in found.out


def test_a_clone_of_a_shared_store_is_not_told_to_begin_another_system(house: Pair) -> None:
    level(house.hz, house.nb, house.hz)
    git(house.folder, "clone", "-q", "shared.git", "bare-copy")
    said = refused(house.hz("status", folder=house.folder / "bare-copy"), "none of its texts")
    assert "qmsdocs init acme" not in str(said)
    refused(house.hz("init", house.folder / "new", "--from", house.shared), "is a folder, and no backup")


def submit(copy: Program, path: str, *more: str) -> Result:
    """A change of a document put forward."""
    target = copy.root / path
    target.write_text(target.read_text("utf-8") + f"\n<!-- {time.time_ns()} -->\n", "utf-8")
    number = target.stem
    return copy("document", "submit", number, "-m", "修订", *more)


def test_an_act_counts_once_the_shared_store_has_it(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    count = int(git(pair.hz.root, "rev-list", "--count", CONTROL))
    assert submit(pair.hz, "procedures/QP-01.md").code == 0
    assert branch_of(pair.shared, CONTROL) == branch_of(pair.hz.root, CONTROL)
    assert submit(pair.nb, "procedures/QP-02.md", "--site", "nb").code == 0  # planned on less, and planned again
    assert int(git(pair.nb.root, "rev-list", "--count", CONTROL)) == count + 2
    assert git(pair.nb.root, "rev-list", "--count", "--min-parents=2", CONTROL).strip() == "0"
    assert branch_of(pair.shared, CONTROL) == branch_of(pair.nb.root, CONTROL)
    level(pair.hz)
    waits = pair.hz("document", "list", "--json").out
    assert "QP-01" in waits and branch_of(pair.hz.root, CONTROL) == branch_of(pair.nb.root, CONTROL)


def test_an_act_waits_while_the_store_is_away_and_counts_afterwards(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    away = pair.shared.rename(pair.folder / "away.git")
    before = branch_of(pair.hz.root, CONTROL)
    refused(submit(pair.hz, "procedures/QP-14.md"), "kept here", "qmsdocs sync")
    assert branch_of(pair.hz.root, CONTROL) == before
    assert "kept here, does not count yet" in pair.hz("status").out
    refused(submit(pair.hz, "procedures/QP-18.md"), "cannot be reached")
    number = pair.hz.issue("QR-14-04")  # records never need the line
    assert event(pair.hz.root, COMPLAINTS, path_of(number))["control"] == before
    away.rename(pair.shared)
    found = pair.hz("sync", "office")
    assert found.code == 0 and found.out.startswith("releases and people: 1 events sent"), found
    assert branch_of(pair.shared, CONTROL) == branch_of(pair.hz.root, CONTROL) != before
    assert "does not count yet" not in pair.hz("status").out
    level(pair.hz, pair.nb)


def path_of(number: str) -> str:
    """Where the first event of a complaint lies."""
    serial = int(number[-4:])
    return f"ts/00/{serial // 100:02d}/{serial:06d}/0001-issue.json"


def test_an_act_that_was_overtaken_is_named_and_does_not_count(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    away = pair.shared.rename(pair.folder / "away.git")
    refused(submit(pair.hz, "procedures/QD-14-04.md"), "kept here")
    kept = git(pair.hz.root, "rev-parse", "refs/qms/pending/control").strip()
    away.rename(pair.shared)
    assert submit(pair.nb, "procedures/QD-14-02.md", "--site", "nb").code == 0
    found = pair.hz("sync", "office")
    assert found.code == 1
    [line] = [line for line in found.out.splitlines() if "does not count" in line]
    assert "REL-" in line and "repeat it" in line
    assert branch_of(pair.hz.root, CONTROL) == branch_of(pair.nb.root, CONTROL)
    assert git(pair.hz.root, "rev-parse", "refs/qms/overtaken/control").strip() == kept
    assert pair.hz("sync", "office").code == 0
    assert submit(pair.hz, "procedures/QD-14-04.md").code == 0


def test_an_act_is_not_written_on_top_of_one_of_a_day_to_come(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose clock is years ahead was faster: what is written after his act would be too early for ever."""
    level(pair.hz, pair.nb)
    ahead = pair.local("victim")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2031-01-01T00:00:00 +0800")
    commit(ahead.root, CONTROL, {"release/00/00/000001/files/" + hashlib.sha256(b"x").hexdigest(): b"x"})
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    git(ahead.root, "push", "-q", str(pair.shared), CONTROL)
    before = branch_of(pair.hz.root, CONTROL)
    refused(
        submit(pair.hz, "procedures/QM-01-09.md"), "qms/control is of 2031-01-01, and the clock here says 2026-11-21"
    )
    assert branch_of(pair.hz.root, CONTROL) == before
    git(pair.hz.root, "update-ref", "-d", "refs/qms/pending/control")


def test_a_killed_act_is_settled_by_the_next_command(pair: Pair) -> None:
    """The store took it, and the machine went off before anybody was told."""
    level(pair.hz, pair.nb)
    assert submit(pair.hz, "procedures/QM-01-01.md").code == 0
    taken = branch_of(pair.hz.root, CONTROL)
    git(pair.hz.root, "update-ref", "refs/qms/pending/control", taken)
    git(pair.hz.root, "update-ref", f"refs/heads/{CONTROL}", f"{taken}~1")
    found = pair.hz("sync", "office")
    assert found.code == 0, found
    assert branch_of(pair.hz.root, CONTROL) == taken
    assert git(pair.hz.root, "for-each-ref", "refs/qms").strip().endswith("overtaken/control") or not git(
        pair.hz.root, "for-each-ref", "refs/qms"
    )


# by a file


def carried(copy: Program, *words: object) -> Path:
    """The file that a copy wrote for another one."""
    found = copy("sync", "--to", copy.root.parent / "usb", "--json", *words)
    assert found.code == 0, found.err
    return Path(found.json["path"])


def test_a_file_brings_the_other_copy_level(pair: Pair) -> None:
    pair.hz.issue("QR-14-04")
    pair.nb.issue("QR-14-04")
    first = carried(pair.hz)
    assert first.name.startswith(f"qmsdocs-{pair.hz('head', '--json').json and ''}")
    assert pair.nb("sync", "--from", first).code == 0
    assert pair.nb("sync", "--from", first).out.strip().endswith("level, nothing to send or to receive")
    back = carried(pair.nb, "--since", first)
    assert back.stat().st_size < first.stat().st_size / 2
    assert pair.hz("sync", "--from", back).code == 0
    assert pair.hz("sync", "--from", pair.folder / "usb").code == 0  # all there are; nothing new in them
    again = carried(pair.hz)
    assert again != first and pair.nb("sync", "--from", pair.folder / "usb").code == 0
    assert sorted(pair.hz.all_numbers()) == sorted(pair.nb.all_numbers())


def test_a_file_that_continues_what_is_missing_is_refused(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    pair.hz.issue("QR-14-04")
    first = carried(pair.hz)
    pair.hz.issue("QR-14-04")
    second = carried(pair.hz, "--since", first)
    with pair.nb.unchanged():
        refused(pair.nb("sync", "--from", second), "does not hold yet", "earlier file first")
    between = pair.folder / "usb" / "only-later"
    between.mkdir()
    shutil.copy(second, between / "1.bundle")
    (between / "0.bundle").mkdir()
    (between / "2.bundle").write_bytes(second.read_bytes()[:-100])
    shutil.copy(carried(pair.nb), between / "3.bundle")
    found = pair.nb("sync", "--from", between)
    assert found.code == 2 and "1.bundle continues what" in found.err and found.out.startswith("3.bundle: level")
    assert len(found.errors) == 2
    assert pair.nb("sync", "--from", first).code == pair.nb("sync", "--from", second).code == 0
    old = pair.nb("sync", "--from", first)  # a stale one harms nobody
    assert old.code == 0 and "level" in old.out


def test_a_file_of_another_repository_is_refused(pair: Pair, make: Make, tmp_path: Path) -> None:
    stranger = make(tmp_path / "stranger")
    stranger.issue("QR-14-04")
    path = carried(stranger)
    with pair.hz.unchanged():
        refused(pair.hz("sync", "--from", path), "another repository")
        git(pair.folder, "push", "-q", str(pair.shared), "--mirror", check=False)
        git(stranger.root, "push", "-q", str(pair.shared), "qms/control", "records/complaint/2026/hz")
        found = pair.hz("sync", "office", "-n")
        assert found.code == 1 and found.out.count("another repository") == 2


@pytest.mark.parametrize("way", ["cut", "bit", "text", "empty", "missing"])
def test_a_damaged_file_is_refused(pair: Pair, way: str) -> None:
    path = carried(pair.hz)
    data = path.read_bytes()
    match way:
        case "cut":
            path.write_bytes(data[: len(data) * 2 // 3])
        case "bit":
            path.write_bytes(data[:-2000] + bytes([data[-2000] ^ 4]) + data[-1999:])
        case "text":
            path.write_text("# v2 git bundle\n\nnothing", "utf-8")
        case "empty":
            path.write_bytes(b"")
        case "missing":
            path.unlink()
    with pair.nb.unchanged():
        refused(pair.nb("sync", "--from", path))


# hostile


FIRST = "ts/00/00/000001"
NEXT = "ts/00/00/009999"


def _merge(root: Path) -> None:
    side = git(root, "commit-tree", f"{COMPLAINTS}^{{tree}}", data=b"x").strip()
    commit(root, COMPLAINTS, {}, also=side)


def _altered(root: Path) -> None:
    commit(root, COMPLAINTS, {f"{FIRST}/0001-issue.json": b"{}"})


def _gone_and_back(root: Path) -> None:
    """Taken out and put back: the two ends are equal but for one more event."""
    data = git(root, "cat-file", "blob", f"{COMPLAINTS}:{FIRST}/0001-issue.json").encode()
    commit(root, COMPLAINTS, {f"{FIRST}/0001-issue.json": None})
    commit(root, COMPLAINTS, {f"{FIRST}/0001-issue.json": data})


def _copied(root: Path, **changes: object) -> bytes:
    body = {**event(root, COMPLAINTS, f"{FIRST}/0001-issue.json"), **changes}
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def another(root: Path, serial: int, **changes: object) -> None:
    """One more complaint, made from the first one."""
    record = {"number": f"TS-HZ-2026-{serial:04d}", "series": "ts", "serial": serial}
    path = f"ts/{serial // 10000:02d}/{serial // 100 % 100:02d}/{serial:06d}/0001-issue.json"
    commit(root, COMPLAINTS, {path: _copied(root, record=record, **changes)})


def last_serial(root: Path) -> int:
    """The serial of the newest complaint."""
    return max(int(line.split("/")[3]) for line in git(root, "ls-tree", "-r", "--name-only", COMPLAINTS).split())


HOSTILE: tuple[tuple[str, Callable[[Path], object], str], ...] = (
    ("symlink", lambda r: commit(r, COMPLAINTS, {f"{NEXT}/0001-issue.json": b"/etc/passwd"}, mode="120000"), "does not belong"),
    ("submodule", lambda r: commit(r, COMPLAINTS, {f"{NEXT}/0001-issue.json": "a" * 40}, mode="160000"), "does not belong"),
    ("program", lambda r: commit(r, COMPLAINTS, {f"{NEXT}/0001-issue.json": b"{}"}, mode="100755"), "does not belong"),
    ("odd path", lambda r: commit(r, COMPLAINTS, {"notes.txt": b"x"}), "does not belong"),
    ("merge", _merge, "two histories were joined"),
    ("altered", _altered, "changed or removed"),
    ("removed", lambda r: commit(r, COMPLAINTS, {f"{FIRST}/0001-issue.json": None}), "changed or removed"),
    ("removed and put back", _gone_and_back, "changed or removed"),
    ("no event", lambda r: commit(r, COMPLAINTS, {f"{FIRST}/0002-amend.json": b"[]"}), "is no event"),
    ("a gap", lambda r: another(r, last_serial(r) + 2), "have a gap"),
    ("another repository", lambda r: another(r, last_serial(r) + 1, repository="b" * 32), "another repository"),
    ("another ledger", lambda r: another(r, last_serial(r) + 1, ledger="records/complaint/2026/nb"), "another ledger"),
    ("no chain", lambda r: another(r, last_serial(r) + 1, previous="0" * 64), "does not follow"),
    ("another attachment", lambda r: commit(r, COMPLAINTS, {f"{FIRST}/files/{'0' * 64}": b"x"}), "is not the one"),
    ("a later signature", lambda r: commit(r, COMPLAINTS, {f"{FIRST}/0001-issue.json.sig": b"x"}), "added later"),
    ("not canonical", lambda r: commit(r, COMPLAINTS, {f"{FIRST}/0002-amend.json": b'{ "act": "amend" }'}), "canonical"),
)  # fmt: skip


@pytest.mark.parametrize(("forge", "said"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_what_no_ledger_may_hold_is_refused_and_leaves_nothing(
    pair: Pair, forge: Callable[[Path], object], said: str
) -> None:
    assert pair.hz("sync", "office").code == pair.nb("sync", "office").code == 0
    other = pair.local("other")
    forge(other.root)
    made = branch_of(other.root, COMPLAINTS)
    path = pair.folder / "hostile.bundle"
    git(other.root, "bundle", "create", "-q", str(path), COMPLAINTS)
    git(other.root, "push", "-q", str(pair.shared), COMPLAINTS)
    with pair.nb.unchanged():
        for words in (("--from", path), ("office",)):
            found = pair.nb("sync", *words)
            assert found.code == 1 and said in found.out, found
    assert "could not get" in git(pair.nb.root, "cat-file", "-t", made, check=False)  # its objects are not here


@pytest.mark.parametrize("name", ["records/complaint/2026", "qms/journal/CON", "records/complaint/2026/hz/x", "main"])
def test_a_file_with_other_branches_is_refused_whole(pair: Pair, name: str) -> None:
    other = pair.clone("victim")
    git(other.root, "update-ref", f"refs/heads/{name}", f"origin/{COMPLAINTS}")
    path = pair.folder / "foreign.bundle"
    git(other.root, "bundle", "create", "-q", str(path), f"refs/heads/{name}")
    with pair.nb.unchanged():
        refused(pair.nb("sync", "--from", path), "no name of a ledger")
    if name != "main":
        git(other.root, "push", "-q", str(pair.shared), f"refs/heads/{name}")
        with pair.nb.unchanged():
            refused(pair.nb("sync", "office"), "no name of a ledger")


# a disk without room


def test_a_full_disk_is_one_line_wherever_it_is(pair: Pair, small_disk: Path) -> None:
    filler = fill_disk(small_disk, 8192)
    refused(pair.hz("sync", "--to", small_disk / "usb"), "cannot be written: the disk is full")
    assert not list((small_disk / "usb").iterdir())
    filler.unlink()
    store = small_disk / "shared.git"
    git(small_disk, "init", "-q", "--bare", str(store))
    pair.shared.rename(pair.folder / "away.git")
    pair.shared.symlink_to(store)
    level(pair.hz)
    pair.hz.issue("QR-14-04")
    filler = fill_disk(small_disk, 4096)
    found = pair.hz("sync", "office")
    assert found.code == 1 and found.out.count("not moved: the disk there is full") == 2, found
    filler.unlink()
    level(pair.hz)
    assert ledgers(store) == ledgers(pair.hz.root) and git(store, "fsck", "--strict") == ""
    pair.shared.unlink()


# killed


@pytest.mark.slow
def test_a_killed_sync_is_finished_by_the_next_one(pair: Pair) -> None:
    level(pair.hz, pair.nb)
    wholly = timed(pair)
    for turn in range(8):
        pair.hz.issue("QR-14-04", customer=f"killed {turn}")
        running = pair.hz.begin("sync", "office")
        time.sleep(wholly * (0.35 + 0.6 * turn / 8))
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()  # type: ignore[union-attr]
        running.stderr.close()  # type: ignore[union-attr]
        if turn % 2:
            level(pair.hz, pair.nb)
    later = pair.hz.later(timedelta(days=1))
    level(later, pair.nb.later(timedelta(days=1)))
    assert ledgers(pair.shared) == ledgers(pair.hz.root) == ledgers(pair.nb.root)
    assert git(pair.hz.root, "fsck", "--strict", "--no-dangling") == ""
    assert not list((pair.hz.root / ".qms" / "couriers").glob("*"))


def timed(pair: Pair) -> float:
    """How long a whole sync takes here, in seconds."""
    pair.hz.issue("QR-14-04")
    begun = time.monotonic()
    assert pair.hz.process("sync", "office").code == 0
    return time.monotonic() - begun
