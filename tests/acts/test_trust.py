"""Forged approvals, written straight into git by somebody with all rights on the folder: every one is found."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from control import NUMBER, Company

from qmsdocs.acts import officers
from qmsdocs.acts.control import Act
from qmsdocs.base.canonical import dumps, sha256
from qmsdocs.query.course import course
from qmsdocs.store import handover
from qmsdocs.store.signature import SigningKey, namespace_of, new_key

CONTROL = "qms/control"


def git(root: Path, *words: str, data: bytes = b"") -> str:
    done = subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@y", *words],
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def commit(root: Path, files: dict[str, bytes | None]) -> None:
    """One more commit of control with these files; None removes one."""
    git(root, "read-tree", CONTROL)
    for path, data in files.items():
        if data is None:
            git(root, "update-index", "--force-remove", path)
        else:
            oid = git(root, "hash-object", "-w", "--stdin", data=data).strip()
            git(root, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
    tree = git(root, "write-tree").strip()
    made = git(root, "commit-tree", tree, "-p", CONTROL, data=b"x").strip()
    git(root, "update-ref", f"refs/heads/{CONTROL}", made)
    git(root, "read-tree", "HEAD")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """One revision approved and signed, the next one reviewed."""
    company = Company.begun(tmp_path_factory.mktemp("trust") / "acme")
    company.key("li.ming")
    company.key("zhao.lei")
    company.edit(12)
    company.submit()
    company.review()
    company.approve()
    company.later(days=2).edit(6)
    company.submit()
    company.later(hours=1).review()
    assert company.problems() == []
    stored = company.root.with_name("stored")  # so that no copy can reach it and hand over the seat
    company.root.rename(stored)
    return company.copy(root=stored)


@pytest.fixture
def company(whole: Company, tmp_path: Path) -> Company:
    shutil.copytree(whole.root, tmp_path / "acme", symlinks=True)
    return whole.copy(root=tmp_path / "acme", keys=dict(whole.keys))


def approved(company: Company) -> tuple[str, bytes, bytes]:
    """Path, bytes and signature of the one good approval."""
    item = next(r for r in company.system.definitions.named(NUMBER) if r.revision == "A/1")
    [stored] = [s for s in company.system.definitions.events(item) if s.event.act == "approve"]
    assert stored.signature is not None
    return stored.path, stored.data, stored.signature


def forged(company: Company, key: SigningKey | None, *, namespace: str = "approved", **changes: Any) -> None:
    """An approval of the revision that waits, made from the good one, written as the program would have."""
    item = company.newest()
    last = company.system.definitions.events(item)[-1]
    _, data, _ = approved(company)
    now = company.now.isoformat(timespec="seconds")
    body = {
        **json.loads(data),
        "record": last.body["record"],
        "sequence": 3,
        "previous": last.sha256,
        "control": git(company.root, "rev-parse", CONTROL).strip(),
        "recorded_at": now,
        "set": {"effective_on": (company.now + timedelta(days=1)).date().isoformat()},
        "nonce": "0" * 32,
        **changes,
    }
    if key is None:
        body["signer"] = changes.get("signer")
    elif "signer" not in changes:
        body["signer"] = {"person": body["by"], "key": key.public.fingerprint, "meaning": namespace}
    written = dumps(body)
    path = f"{last.path.rpartition('/')[0]}/0003-approve.json"
    files: dict[str, bytes | None] = {path: written}
    if key is not None:
        files[path + ".sig"] = key.sign(written, namespace=namespace_of(namespace))
    commit(company.root, files)


def said(company: Company) -> str:
    return "\n".join(company.problems())


def test_what_is_made_as_the_program_makes_it_is_believed(company: Company) -> None:
    company.later(minutes=1)
    forged(company, company.keys["zhao.lei"])
    assert company.problems() == []


def lost(company: Company) -> None:
    company.later(minutes=5)
    system = company.system
    handover.take_seat(system.store, "hz", person="wang.fang", reason="副本", at=system.now, last_numbers=())
    company.do(lambda s: officers.lose(s, "zhao.lei", Act("wang.fang", "被盗"), lost_at=s.now))


def backdated(company: Company) -> None:
    """With the lost key, by a clock set back to before the loss was reported."""
    before = company.now.isoformat(timespec="seconds")
    lost(company)
    forged(company, company.keys["zhao.lei"], recorded_at=before)


def backdated_state(company: Company) -> None:
    """The same, naming the state of the releases of then."""
    then = git(company.root, "rev-parse", CONTROL).strip()
    before = company.now.isoformat(timespec="seconds")
    lost(company)
    forged(company, company.keys["zhao.lei"], recorded_at=before, control=then)


def moved(company: Company) -> None:
    """The good approval's bytes and signature under the revision that waits."""
    _, data, signature = approved(company)
    folder = company.system.definitions.events(company.newest())[-1].path.rpartition("/")[0]
    commit(company.root, {f"{folder}/0003-approve.json": data, f"{folder}/0003-approve.json.sig": signature})


def without_signature(company: Company) -> None:
    path, _, _ = approved(company)
    commit(company.root, {path + ".sig": None})


def other_bytes(company: Company) -> None:
    path, data, signature = approved(company)
    body = {**json.loads(data), "set": {"effective_on": "2026-11-03"}}
    commit(company.root, {path: dumps(body), path + ".sig": signature})


def another_person(company: Company) -> None:
    key = company.keys["li.ming"]
    signer = {"person": "zhao.lei", "key": key.public.fingerprint, "meaning": "approved"}
    forged(company, key, signer=signer)


def smuggled(company: Company, act: str, **changes: Any) -> None:
    """An unsigned act of another name that claims to approve."""
    item = company.newest()
    last = company.system.definitions.events(item)[-1]
    _, data, _ = approved(company)
    body = {
        **json.loads(data), "record": last.body["record"], "sequence": 3, "previous": last.sha256, "act": act,
        "control": git(company.root, "rev-parse", CONTROL).strip(), "signer": None, "by": "li.ming",
        "recorded_at": company.now.isoformat(timespec="seconds"), "state": "approved",
        "set": {"effective_on": company.now.date().isoformat()}, **changes,
    }  # fmt: skip
    commit(company.root, {f"{last.path.rpartition('/')[0]}/0003-{act}.json": dumps(body)})
    assert company.in_force(company.now.date()) == "A/1"  # it does not count


def own_key_for_another(company: Company) -> None:
    """A key of mine registered for the general manager and confirmed without a signature; it approves."""
    key, now = new_key(), company.now.isoformat(timespec="seconds")
    good = json.loads(git(company.root, "cat-file", "blob", f"{CONTROL}:key/00/00/000002/0001-issue.json"))
    head = git(company.root, "rev-parse", CONTROL).strip()
    record = {"number": "KEY-000003", "series": "key", "serial": 3}
    facts = {**good["set"], "public": key.public.line, "fingerprint": key.public.fingerprint}
    signer = {"person": "zhao.lei", "key": key.public.fingerprint, "meaning": "prepared"}
    common = {**good, "record": record, "control": head, "recorded_at": now, "by": "qian.li"}
    first = dumps({**common, "set": facts, "signer": signer})
    second = dumps({**common, "act": "confirm", "state": "counts", "sequence": 2, "previous": sha256(first), "set": {},
                    "signer": None, "by": "li.ming"})  # fmt: skip
    folder = "key/00/00/000003"
    commit(company.root, {
        f"{folder}/0001-issue.json": first, f"{folder}/0001-issue.json.sig": key.sign(first, namespace=namespace_of("prepared")),
        f"{folder}/0002-confirm.json": second,
    })  # fmt: skip
    forged(company, key)


def signed_by_the_reviewer(company: Company) -> None:
    key = company.keys["li.ming"]
    signer = {"person": "li.ming", "key": key.public.fingerprint, "meaning": "approved"}
    forged(company, key, signer=signer)


def deputy_of_nobody(company: Company) -> None:
    """A delegation nobody signed, written in; the deputy approves with his own key."""
    good = json.loads(git(company.root, "cat-file", "blob", f"{CONTROL}:key/00/00/000002/0001-issue.json"))
    today = company.now.date().isoformat()
    said = {
        "principal": "zhao.lei",
        "deputy": "li.ming",
        "roles": ["general_manager"],
        "from_on": today,
        "until_on": today,
    }
    body = {
        **good, "record": {"number": "DEL-000001", "series": "delegation", "serial": 1}, "by": "zhao.lei", "state": "granted",
        "control": git(company.root, "rev-parse", CONTROL).strip(), "signer": None, "set": said,
        "recorded_at": company.now.isoformat(timespec="seconds"),
    }  # fmt: skip
    commit(company.root, {"delegation/00/00/000001/0001-issue.json": dumps(body)})
    effective = (company.now + timedelta(days=1)).date().isoformat()
    right = {"effective_on": effective, "deputy_for": "zhao.lei", "delegation": "DEL-000001"}
    forged(company, company.keys["li.ming"], by="li.ming", set=right)


def first_act(company: Company) -> tuple[str, bytes]:
    item = next(r for r in company.system.definitions.named(NUMBER) if r.revision == "A/1")
    stored = company.system.definitions.events(item)[0]
    return stored.path, stored.data


def other_manifest(company: Company) -> None:
    path, data = first_act(company)
    commit(company.root, {path: dumps({**json.loads(data), "reason": "另一份"})})


def approval_removed(company: Company) -> None:
    path, _, _ = approved(company)
    commit(company.root, {path: None, path + ".sig": None})


FORGERIES: tuple[tuple[str, Callable[[Company], object], str], ...] = (
    ("unsigned", lambda c: forged(c, None), "it is not signed, and it had to be"),
    ("a key nobody has", lambda c: forged(c, new_key()), "zhao.lei has no such key"),
    ("somebody else's key", another_person, "zhao.lei has no such key"),
    ("a reviewer approves", lambda c: forged(c, c.keys["li.ming"], by="li.ming"), "li.ming had no right to do so"),
    ("the author approves", lambda c: forged(c, None, by="wang.fang"), "judged what he had prepared himself"),
    ("another meaning", lambda c: forged(c, c.keys["zhao.lei"], namespace="acknowledged",
        signer={"person": "zhao.lei", "key": c.keys["zhao.lei"].public.fingerprint, "meaning": "approved"}),
     "not one of these bytes and this meaning"),
    ("another repository", lambda c: forged(c, c.keys["zhao.lei"], repository="b" * 32), "another repository"),
    ("another ledger", lambda c: forged(c, c.keys["zhao.lei"], ledger="records/complaint/2026/hz"), "another ledger"),
    ("moved to another revision", moved, "made for another record"),
    ("signature removed", without_signature, "the signature is missing"),
    ("bytes changed", other_bytes, "not one of these bytes"),
    ("backdated after the loss", backdated, "had been reported lost before"),
    ("backdated, older state named", backdated_state, "another state of the releases"),
    ("the time contradicts the order", lambda c: forged(c, c.keys["zhao.lei"], recorded_at="2026-11-02T09:00:00+08:00"),
     "lies before that of the act before it"),
    ("a key of mine for another", own_key_for_another, "the key was confirmed without a signature"),
    ("signed by another than who says it", signed_by_the_reviewer, "it is said by zhao.lei and signed by li.ming"),
    ("other bytes under a good approval", other_manifest, "was changed or removed later"),
    ("an approval removed", approval_removed, "was changed or removed later"),
    ("a deputy nobody named", deputy_of_nobody, "the delegation DEL-000001 cannot be believed"),
    ("a broken chain", lambda c: forged(c, c.keys["zhao.lei"], previous="0" * 64), "does not follow the act before it"),
    ("a meaning that does not fit", lambda c: forged(c, c.keys["zhao.lei"], namespace="prepared"),
     "the signature means prepared"),
    *((f"an approval called {act}", lambda c, act=act: smuggled(c, act), f"the act {act} cannot do this")
      for act in ("answer", "take_back", "countersign", "amend", "ask_withdrawal", "review", "reject")),
    ("an answer that changes bytes", lambda c: smuggled(c, "answer", state="reviewed", set={"manifest": "0" * 64}),
     "the act answer cannot do this"),
    ("effective before the approval", lambda c: forged(c, c.keys["zhao.lei"], set={"effective_on": "2026-11-01"}),
     "effective day lies before the approval"),
)  # fmt: skip


@pytest.mark.parametrize(("forge", "expected"), [row[1:] for row in FORGERIES], ids=[row[0] for row in FORGERIES])
def test_every_forgery_is_found_and_named(company: Company, forge: Callable[[Company], object], expected: str) -> None:
    forge(company)
    assert expected in said(company)
    assert any(item.problems for item in course(company.system, NUMBER))


def test_a_changed_byte_of_a_revision_is_refused(company: Company) -> None:
    item = next(r for r in company.system.definitions.named(NUMBER) if r.revision == "A/1")
    folder = company.system.definitions.events(item)[0].path.rpartition("/")[0]
    text = company.system.definitions.files(item)["QP-14.md"]
    commit(company.root, {f"{folder}/files/{sha256(text)}": text + b" "})
    with pytest.raises(Exception, match="missing or damaged"):
        company.system.definitions.files(item)
