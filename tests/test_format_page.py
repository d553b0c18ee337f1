"""docs/format.md is enough: a verifier written from it alone finds nothing wrong in ours, and all tampering."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT / "tests" / "store"))

from checks import COMPLAINTS, JOURNAL, events, git  # noqa: E402
from desk import Desk, begun, complaint, step  # noqa: E402

from qmsdocs.base.canonical import dumps, loads, sha256  # noqa: E402
from qmsdocs.model.record import FormReference  # noqa: E402
from qmsdocs.store import control, handover, head, names  # noqa: E402
from qmsdocs.store.event import Draft, NewNumber, OfDraft, RaisedFrom  # noqa: E402
from qmsdocs.store.handover import LastNumber  # noqa: E402
from qmsdocs.store.signature import Signer, new_key  # noqa: E402
from qmsdocs.system import builtin  # noqa: E402

PAGE = (PROJECT / "docs" / "format.md").read_text("utf-8")
STRANGER = PROJECT / "tests" / "support" / "stranger.py"
WHOLE = PROJECT / "tests" / "support" / "stranger_whole.py"
FIRST = "ts/00/00/000001/0001-issue.json"
APPROVED = "ts/00/00/000001/0002-approve.json"
RELEASED = "release/00/00/000001/0001-issue.json"

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def release(desk: Desk, kind: str, number: str, files: dict[str, bytes]) -> FormReference:
    store = desk.store
    item = control.item(kind, number, "A/0", files)
    said = {
        "kind": kind, "number": number, "title": {"zh": number, "en": number}, "revision": "A/0",
        "manifest": item.sha256, "effective_on": "2026-11-21", "trial_until": "2027-05-21",
    }  # fmt: skip
    draft = Draft(record=builtin.new_number(builtin.RELEASE), act="issue", state="trial", set=said, by="zhang.wei")
    desk.post(replace(draft, attachments=control.store(store.objects, item)), stem=names.CONTROL)
    return FormReference(number, "A/0", item.sha256)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A repository with everything the page speaks of, made by the store's own interface."""
    folder = tmp_path_factory.mktemp("format")
    desk = begun(folder / "acme")
    key = new_key()
    form = release(desk, "form", "F-1", {"form.toml": "# 表单\r\n".encode(), "template.docx": b"PK\r\n"})
    registered = {
        "person": "li.ming", "public": key.public.line, "fingerprint": key.public.fingerprint,
        "from_on": "2026-01-01", "until_on": "2028-12-31",
    }  # fmt: skip
    new = Draft(record=NewNumber("key", "key", "KEY-{serial:06d}"), act="issue", state="offered", set=registered)
    counts = Draft(record=OfDraft(0), act="confirm", state="counts")
    desk.post(replace(new, meaning="prepared"), counts, signer=Signer("li.ming", key), stem=names.CONTROL)
    procedure = release(desk, "procedure", "QD·1", {"QD-1.md": b"text"})
    photo = desk.store.objects.store_stream(io.BytesIO(b"photo" * 9), name="photo", limit=1000)
    evidence: list[Any] = [
        {"name": "漏水.jpg", "size": photo.size, "sha256": photo.sha256},
        {"name": "video.mp4", "size": 10**9, "sha256": "0" * 64, "held_at": "archive box 3"},
    ]
    made = replace(
        complaint(submission="key-1", evidence=evidence, phone="123", note="A & <b> 𠮷\t\u007f\x1f"),
        form=form,
        parameters={"QD·1": procedure.sha256},
        attachments={photo.sha256: photo.oid},
    )
    first = desk.post(made, replace(step(OfDraft(0), "approve", "approved"), meaning="approved", form=form),
                      signer=Signer("li.ming", key))  # fmt: skip
    link = RaisedFrom(first[0].number, "report", first[1].stored.sha256)
    desk.post(replace(complaint(submission="key-2"), form=form, raised_from=link))
    next_day = desk.at(timedelta(days=1))
    cleared = replace(step(first[0].record, "amend", "approved", after=first[1].stored.sha256), form=form)
    next_day.post(replace(cleared, set={"phone": None, "customer": "李女士"}, reason="misheard"))
    copy = replace(next_day, root=folder / "copy")
    subprocess.run(["git", "clone", "-q", str(desk.root), str(copy.root)], check=True)
    shutil.rmtree(desk.root)
    last = (LastNumber(COMPLAINTS, "ts", "TS-HZ-2026-{serial:04d}", 4),)
    handover.take_seat(copy.store, "hz", person="zhang.wei", reason="stolen", at=copy.now, last_numbers=last)
    copy.post(replace(complaint(), form=form))
    head.record_head_line(copy.store, "hz", now=copy.now)
    return copy


@pytest.fixture
def tampered(whole: Desk, tmp_path: Path) -> Desk:
    """A copy to tamper with."""
    shutil.copytree(whole.root, tmp_path / "tampered", symlinks=True)
    return replace(whole, root=tmp_path / "tampered")


def verified(root: Path, script: Path = WHOLE) -> dict[str, Any]:
    """What the stranger finds and reads."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-S", str(script), str(root)], capture_output=True, env=environment, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == bool(answer["found"])
    return answer


def test_the_stranger_knows_nothing_of_ours() -> None:
    text = STRANGER.read_text("utf-8")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 145  # what the page promises
    imported = set(re.findall(r"^(?:import|from) (\w+)", text + WHOLE.read_text("utf-8"), re.MULTILINE))
    assert imported <= {*sys.stdlib_module_names, "stranger"}


def test_nothing_is_found_in_our_repository_and_the_records_are_ours(whole: Desk) -> None:
    answer = verified(whole.root)
    assert answer["found"] == []
    assert verified(whole.root, STRANGER) == answer
    rows = list(whole.store.index.records())
    assert {row.number: [row.state, dict(row.values)] for row in rows} == {
        number: said for number, said in answer["records"].items() if not re.match("SEAT|HEADS|OPENING", number)
    }
    assert answer["records"]["TS-HZ-2026-0001"][1]["customer"] == "李女士"
    assert answer["records"]["TS-HZ-2026-0004"][0] == "void"


def test_nothing_is_found_in_a_plain_clone(whole: Desk, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(whole.root), str(tmp_path / "clone")], check=True)
    assert verified(tmp_path / "clone") == verified(whole.root)


def rewrite(root: Path, branch: str, change: Callable[[dict[str, str]], None], *, parents: bool = False) -> None:
    """The branch with another tree: `change` works on path → "mode object"; history is forged unless `parents`."""
    lines = git(root, "ls-tree", "-rz", branch).split("\0")
    tree = {line.split("\t")[1]: " ".join(line.split("\t")[0].split()[::2]) for line in lines if line}
    change(tree)
    git(root, "read-tree", "--empty")
    git(root, "update-index", "--add", "--index-info", stdin="".join(f"{e}\t{p}\n" for p, e in tree.items()))
    written = git(root, "write-tree").strip()
    old = ["-p", git(root, "rev-parse", branch).strip()] if parents else []
    git(root, "update-ref", f"refs/heads/{branch}", git(root, "commit-tree", written, *old, "-m", "x").strip())


def blob(root: Path, data: bytes) -> str:
    """ "mode object" of new bytes."""
    done = subprocess.run(
        ["git", "-C", str(root), "hash-object", "-w", "--stdin"], input=data, capture_output=True, check=True
    )
    return f"100644 {done.stdout.decode().strip()}"


def edited(root: Path, branch: str, path: str, **changes: Any) -> None:
    """An event says something else, in canonical form."""
    body = {**events(root, branch)[path], **changes}
    rewrite(root, branch, lambda tree: tree.update({path: blob(root, dumps(body))}))


def added(root: Path, branch: str, path: str, **changes: Any) -> None:
    """One more event, like the first but for `changes`."""
    body = {**events(root, branch)[f"{path.split('/')[0]}/00/00/000001/0001-issue.json"], **changes}
    rewrite(root, branch, lambda tree: tree.update({path: blob(root, dumps(body))}), parents=True)


def spaced(root: Path) -> None:
    data = dumps(events(root)[FIRST])
    rewrite(root, COMPLAINTS, lambda tree: tree.update({FIRST: blob(root, data + b"\n")}))


def photo_path(root: Path) -> str:
    return next(p for p in git(root, "ls-tree", "-r", "--name-only", COMPLAINTS).split() if "/files/" in p)


def release_file(root: Path) -> str:
    files = git(root, "ls-tree", "-r", "--name-only", "qms/control").split()
    manifest = events(root, names.CONTROL)[RELEASED]["set"]["manifest"]
    return next(p for p in files if p.startswith("release/00/00/000001/files/") and not p.endswith(manifest))


def other_number(root: Path) -> None:
    record = {"number": "TS-HZ-2026-0001", "series": "ts", "serial": 2}
    edited(root, COMPLAINTS, "ts/00/00/000002/0001-issue.json", record=record)


def signed_by_another(root: Path) -> None:
    event = events(root)[APPROVED]
    key = new_key()
    event["signer"]["key"] = key.public.fingerprint
    data = dumps(event)
    signature = key.sign(data, namespace="qms-approved@v1")
    rewrite(root, COMPLAINTS, lambda tree: tree.update({
        APPROVED: blob(root, data), APPROVED + ".sig": blob(root, signature),
    }))  # fmt: skip


def opening_for_nothing(root: Path) -> None:
    ledger = "records/visit/2026/hz"
    number = {"number": "OPENING-HZ-000003", "series": "opening", "serial": 3}
    added(root, JOURNAL, "opening/00/00/000003/0001-issue.json", set={"ledger": ledger}, record=number)


def seat_again(root: Path) -> None:
    number = {"number": "SEAT-HZ-000003", "series": "seat", "serial": 3}
    added(root, JOURNAL, "seat/00/00/000003/0001-issue.json", record=number)


def destroyed_unseen(root: Path) -> None:
    """A certificate that says a record is gone, signed by nobody."""
    record = {"number": "DSP-HZ-000001", "series": "disposal", "serial": 1}
    listed = [{"number": "TS-HZ-2026-0009", "series": "ts", "serial": 9}]
    said = {"ledger": COMPLAINTS, "needed": 2, "records": listed}
    done = {name: git(root, "rev-parse", COMPLAINTS).strip() for name in ("before", "root", "tree")}
    like = events(root, JOURNAL)["seat/00/00/000001/0001-issue.json"]
    first = dumps({**like, "record": record, "set": said})
    more = {"record": record, "act": "carry_out", "sequence": 2, "previous": sha256(first), "set": done}
    acts = {"0001-issue": first, "0002-carry_out": dumps({**like, **more})}
    new = {f"disposal/00/00/000001/{name}.json": blob(root, data) for name, data in acts.items()}
    rewrite(root, JOURNAL, lambda tree: tree.update(new), parents=True)


def two_ways(root: Path) -> None:
    tree = git(root, "rev-parse", f"{COMPLAINTS}^{{tree}}").strip()
    git(root, "update-ref", f"refs/remotes/x/{COMPLAINTS}", git(root, "commit-tree", tree, "-m", "x").strip())


TAMPERING: tuple[tuple[str, str, Callable[[Path], object]], ...] = (
    ("R1", "a link", lambda r: rewrite(r, COMPLAINTS, lambda t: t.update({FIRST: "120000 " + t[FIRST][7:]}))),
    ("R1", "another file", lambda r: rewrite(r, COMPLAINTS, lambda t: t.update({"ts/x": t[FIRST]}), parents=True)),
    ("R2", "a file removed", lambda r: rewrite(r, COMPLAINTS, lambda t: t.pop(FIRST), parents=True)),
    ("R2", "two copies wrote", two_ways),
    ("R3", "a line end", spaced),
    ("R4", "of another ledger", lambda r: edited(r, COMPLAINTS, FIRST, ledger="records/complaint/2027/hz")),
    ("R4", "of another repository", lambda r: edited(r, COMPLAINTS, FIRST, repository="b" * 32)),
    ("R4", "of another year", lambda r: edited(r, COMPLAINTS, FIRST, recorded_at="2025-11-21T12:00:00+08:00")),
    ("R5", "a text changed", lambda r: edited(r, COMPLAINTS, FIRST, reason="forged")),
    ("R5", "an event cut out", lambda r: rewrite(r, COMPLAINTS, lambda t: t.pop(APPROVED))),
    ("R6", "a record cut out", lambda r: rewrite(r, COMPLAINTS, lambda t: t.pop("ts/00/00/000002/0001-issue.json"))),
    ("R6", "a number twice", other_number),
    ("R7", "a key twice", lambda r: edited(r, COMPLAINTS, "ts/00/00/000002/0001-issue.json", submission="key-1")),
    ("R8", "a link to nothing", lambda r: edited(
        r, COMPLAINTS, "ts/00/00/000002/0001-issue.json",
        raised_from={"record": "TS-HZ-2026-0001", "raise": "report", "sha256": "0" * 64},
    )),
    ("R9", "an unknown commit", lambda r: edited(r, COMPLAINTS, FIRST, control="0" * 40)),
    ("R9", "written into the past", lambda r: edited(
        r, names.CONTROL, "key/00/00/000001/0001-issue.json", control="0" * 40
    )),
    ("R10", "a newer format", lambda r: edited(r, COMPLAINTS, "ts/00/00/000002/0001-issue.json", format=2)),
    ("R11", "other bytes", lambda r: rewrite(r, COMPLAINTS, lambda t: t.update({photo_path(r): blob(r, b"x")}))),
    ("R11", "no bytes", lambda r: rewrite(r, COMPLAINTS, lambda t: t.pop(photo_path(r)))),
    ("R12", "no signature", lambda r: rewrite(r, COMPLAINTS, lambda t: t.pop(APPROVED + ".sig"))),
    ("R12", "other text", lambda r: edited(r, COMPLAINTS, APPROVED, happened_at="2020-01-01T00:00:00+08:00")),
    ("R12", "no signer", lambda r: edited(r, COMPLAINTS, APPROVED, signer=None)),
    ("R12", "another's key", signed_by_another),
    ("R12", "a key that was reported lost", lambda r: edited(
        r, names.CONTROL, "key/00/00/000001/0001-issue.json", fingerprint="x"
    )),
    ("R13", "other bytes", lambda r: rewrite(r, "qms/control", lambda t: t.update({release_file(r): blob(r, b"x")}))),
    ("R13", "no bytes", lambda r: rewrite(r, "qms/control", lambda t: t.pop(release_file(r)))),
    ("R14", "a form never released", lambda r: edited(
        r, COMPLAINTS, FIRST, form={"number": "F-1", "revision": "A/0", "sha256": "0" * 64}
    )),
    ("R15", "a ledger from nowhere", lambda r: git(r, "branch", "records/visit/2026/hz", COMPLAINTS)),
    ("R16", "a ledger gone", lambda r: git(r, "update-ref", "-d", f"refs/heads/{COMPLAINTS}")),
    ("R16", "a ledger elsewhere", opening_for_nothing),
    ("R17", "the last act taken back", lambda r: git(r, "update-ref", f"refs/heads/{COMPLAINTS}", f"{COMPLAINTS}^")),
    ("R18", "one seat twice", seat_again),
    ("R19", "a destruction nobody saw", destroyed_unseen),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "tamper"), [(rule, tamper) for rule, _, tamper in TAMPERING], ids=[f"{r} {w}" for r, w, _ in TAMPERING]
)
def test_tampering_is_found_under_its_rule(tampered: Desk, rule: str, tamper: Callable[[Path], object]) -> None:
    for remote in git(tampered.root, "for-each-ref", "--format=%(refname)", "refs/remotes").split():
        git(tampered.root, "update-ref", "-d", remote)
    tamper(tampered.root)
    found = verified(tampered.root)["found"]
    assert [line for line in found if line.startswith(rule + " ")], found


def test_every_rule_of_the_page_is_followed_and_tried() -> None:
    rules = re.findall(r"^- \*\*(R\d+)\*\*", PAGE, re.MULTILINE)
    assert rules == [f"R{number}" for number in range(1, len(rules) + 1)]
    assert {rule for rule, _, _ in TAMPERING} == set(rules)
    followed = re.findall(r'"(R\d+)"', STRANGER.read_text("utf-8") + WHOLE.read_text("utf-8"))
    assert set(followed) == set(rules)


def test_every_key_of_an_event_is_on_the_page(whole: Desk) -> None:
    table = PAGE.split("| key | |", 1)[1].split("\n\n", 1)[0]
    named = set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    for branch in (COMPLAINTS, JOURNAL, names.CONTROL):
        for event in events(whole.root, branch).values():
            assert event.keys() == named


def test_the_commands_of_the_page_work_as_they_are_written(whole: Desk, tmp_path: Path) -> None:
    """The signature commands, literally."""
    data = git(whole.root, "cat-file", "blob", f"{COMPLAINTS}:{APPROVED}")
    (tmp_path / "event.json").write_text(data, "utf-8", newline="")
    signature = git(whole.root, "cat-file", "blob", f"{COMPLAINTS}:{APPROVED}.sig")
    (tmp_path / "event.json.sig").write_text(signature, "utf-8")
    registered = git(whole.root, "cat-file", "blob", "qms/control:key/00/00/000001/0001-issue.json")
    public = re.search(r'"public":"(.*?)"', registered)
    assert public is not None
    commands = next(block for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if "ssh-keygen" in block)
    script = commands.replace("ssh-ed25519 AAAA…", public[1])
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0 and b"Good" in done.stdout, done.stderr
    assert sha256(data.encode()) == sha256(dumps(loads(data.encode())))
