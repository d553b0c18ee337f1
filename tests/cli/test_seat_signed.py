"""Where people have keys, the seat is taken with one: what is forged takes nothing away, neither here nor elsewhere."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from destruction import done
from pair import branch_of, by_clock_of, commit, event, git, ledgers
from program import Make, Program, Result, refused

from qmsdocs.store import seat
from qmsdocs.system.view import open_system

JOURNAL, CONTROL = "qms/journal/hz", "qms/control"
SEAT = "seat/00/00/{:06d}/0001-issue.json"


@pytest.fixture(scope="module")
def company(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A company at noon, with a guarded store; zhao.lei and li.ming have keys, wang.fang at the desk has none."""
    folder = tmp_path_factory.mktemp("signed")
    (folder / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(folder / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(folder / "phrase"))
        made = make(folder / "acme")
        for person in ("zhao.lei", "li.ming"):
            done(made, "key", "new", person, "--as", "wang.fang")
        done(made, "key", "confirm", "li.ming", "--as", "zhao.lei", "-m", "met")
        done(made, "guard", "install", folder / "shared.git")
        by_clock_of(made, folder / "shared.git")
        assert "refused" not in pushed(made)
        yield made.later(timedelta(days=1))


def pushed(copy: Program) -> str:
    """What the guarded store says to releases and journal of a copy."""
    return git(copy.root, "push", str(copy.root.parent / "shared.git"), CONTROL, JOURNAL, check=False)


def forged(root: Path, **changes: object) -> None:
    """A seat of somebody who has no key, written with git."""
    serial = 1 + len([line for line in git(root, "ls-tree", "-r", "--name-only", JOURNAL).split() if "seat/" in line
                      and line.endswith(".json")])  # fmt: skip
    body = event(root, JOURNAL, SEAT.format(1))
    said = {"seat": f"{serial:032x}", "machine": "elsewhere", "folder": "/x", "reason": "x", "last_numbers": {}}
    body |= {
        "record": {"number": f"SEAT-HZ-{serial:06d}", "series": "seat", "serial": serial}, "set": said,
        "by": "wang.fang", "control": branch_of(root, CONTROL), "journal": branch_of(root, JOURNAL), **changes,
    }  # fmt: skip
    data = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    commit(root, JOURNAL, {SEAT.format(serial): data})


def writes(copy: Program) -> bool:
    """Whether the copy has the seat."""
    assert copy.at is not None
    return seat.holds(open_system(copy.root, now=copy.at, machine=platform.node()).store, "hz")


def brought(source: Program, target: Program) -> Result:
    """What the target says of all the ledgers of the source, in a file."""
    path = source.root.parent / f"{source.root.name}.bundle"
    git(source.root, "bundle", "create", "-q", str(path), *ledgers(source.root))
    return target("sync", "--from", path)


def codes(copy: Program) -> set[tuple[str, str]]:
    """What the audit finds, by code and subject."""
    return {(item["code"], item["subject"]) for item in copy("audit", "--json").json["findings"]}


def first_commit(root: Path, branch: str) -> str:
    """Where a branch begins."""
    return git(root, "rev-list", "--max-parents=0", branch).strip()


def test_a_seat_written_with_git_takes_nothing_away(company: Program) -> None:
    """Whatever state of the releases it names; nobody else takes it over, until somebody with a key vouches for it."""
    company.issue()
    for control in (branch_of(company.root, CONTROL), first_commit(company.root, CONTROL)):
        forged(company.root, control=control, recorded_at=company.at.isoformat(timespec="seconds"))  # type: ignore[union-attr]
        assert writes(company)
    assert company.issue()
    assert {("HIS440", "SEAT-HZ-000002"), ("HIS446", "SEAT-HZ-000003")} <= codes(company)
    assert "the seat would be taken by wang.fang: it is not signed" in pushed(company)
    refused(company("sync", "--take-seat", "-m", "x"), "is signed: the key of wang.fang is not on this machine")
    done(company, "sync", "--take-seat", "--as", "zhao.lei", "-m", "it was forged")
    said = event(company.root, JOURNAL, SEAT.format(4))
    assert (said["by"], said["signer"]["person"], said["signer"]["meaning"]) == ("zhao.lei", "zhao.lei", "taken")  # type: ignore[index]
    assert "refused" not in pushed(company)
    refused(company("sync", "--take-seat", "--as", "zhao.lei", "-m", "x"), "already writes for hz")


def test_a_seat_taken_far_away_counts_once_somebody_has_signed(company: Program, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(company.root), "away")
    away, gone = company.elsewhere(tmp_path / "away"), company.root.with_name("gone")
    company.root.rename(gone)
    refused(away("sync", "--take-seat", "-m", "fire", "--nothing-later"), "is signed", "--unsigned")
    taken = away("sync", "--take-seat", "-m", "fire", "--nothing-later", "--unsigned")
    gone.rename(company.root)
    assert taken.code == 0 and "nobody has signed for that" in taken.err and writes(away)
    with company.unchanged():
        found = brought(away, company)
        assert found.code == 1 and "the seat would be taken by wang.fang: it is not signed" in found.out, found
    assert writes(company)
    done(away, "sync", "--take-seat", "--as", "li.ming", "-m", "he signs")
    assert brought(away, company).code == 0
    assert writes(away) and not writes(company)
    assert str(away.root) in refused(company("record", "void", company.all_numbers()[0], "-m", "x"))


def test_before_anybody_has_a_key_the_seat_moves_as_ever(repository: Program, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repository.root), "away")
    away, gone = repository.elsewhere(tmp_path / "away"), tmp_path / "gone"
    repository.root.rename(gone)
    taken = away("sync", "--take-seat", "-m", "fire", "--nothing-later")
    gone.rename(repository.root)
    assert taken.code == 0 and taken.err == ""
    assert brought(away, repository).code == 0
    assert writes(away) and not writes(repository)


@pytest.mark.usefixtures("company")
def test_what_was_signed_with_a_key_that_was_lost_by_then_still_comes_in(make: Make, tmp_path: Path) -> None:
    """It was honest before that was reported; whoever is behind, or a new store, takes it, and then believes it less."""
    own = make(tmp_path / "own")
    for person in ("zhao.lei", "li.ming"):
        done(own, "key", "new", person, "--as", "wang.fang")
    done(own, "key", "confirm", "li.ming", "--as", "zhao.lei", "-m", "met")
    git(tmp_path, "clone", "-q", str(own.root), "behind")
    at = [own.later(timedelta(hours=hours)) for hours in range(5)]
    done(at[2], "key", "new", "wang.fang", "--as", "wang.fang")
    done(at[2], "key", "confirm", "wang.fang", "--as", "zhao.lei", "-m", "met")
    since = at[1].at.strftime("%Y-%m-%d %H:%M")  # type: ignore[union-attr]
    done(at[3], "key", "lost", "zhao.lei", "--since", since, "--as", "li.ming", "-m", "stolen")
    assert "HIS443" in {code for code, _ in codes(at[4])}
    found = brought(own, at[4].elsewhere(tmp_path / "behind"))
    assert found.code == 0 and "releases and people: 3 events received" in found.out, found
    done(own, "guard", "install", tmp_path / "new.git")
    by_clock_of(at[4], tmp_path / "new.git")
    assert "refused" not in git(own.root, "push", str(tmp_path / "new.git"), CONTROL, check=False)
