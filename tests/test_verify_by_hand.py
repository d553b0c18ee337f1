"""docs/verify-by-hand.md: its ten lines of git and ssh-keygen tell what `document history` tells."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from program import Make, Program

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "verify-by-hand.md").read_text("utf-8")
NUMBER = "QD-14-02"


def script() -> str:
    """The lines of the page."""
    return next(iter(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)))


@pytest.fixture(scope="module")
def desk(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """With a revision approved by keys that lie outside of the repository."""
    home = tmp_path_factory.mktemp("by-hand")
    (home / "phrase").write_text("correct horse battery\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QMSDOCS_KEYS", str(home / "keys"))
        patch.setenv("QMSDOCS_PASSPHRASE_FILE", str(home / "phrase"))
        desk = make(home / "acme")
        for person, name, role in (("li.ming", "李明", "quality_manager"), ("zhao.lei", "赵磊", "general_manager")):
            done(desk, "person", "add", person, "--name", name, "--role", role, "--key")
        path = desk.root / "procedures" / f"{NUMBER}.md"
        path.write_text(path.read_text("utf-8").replace('value = "24 hours"', 'value = "12 hours"'), "utf-8")
        asked = ("--countersign", "工程部", "--clauses", "5.10")
        done(desk, "document", "submit", NUMBER, "-m", "回访时限改为12小时", *asked, "--as", "wang.fang")
        desk = desk.later(timedelta(minutes=5))
        done(desk, "document", "review", NUMBER, "--as", "li.ming")
        desk = desk.later(timedelta(minutes=5))
        remark = ("--verdict", "remark", "-m", '"number":"X","revision":"Z/9"')
        done(desk, "document", "countersign", NUMBER, *remark, "--as", "zheng.kai")
        done(desk, "document", "countersign", NUMBER, "--answer", "工程部", "-m", "已考虑", "--as", "wang.fang")
        done(desk, "document", "approve", NUMBER, "--effective", "2026-12-01", "--as", "zhao.lei")
    return desk


def done(desk: Program, *words: str) -> None:
    found = desk(*words)
    assert found.code == 0, found.err


def by_hand(root: Path) -> str:
    ran = subprocess.run(["sh", "-c", script()], cwd=root, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def told(text: str) -> list[list[str]]:
    """Act, person, time and meaning of each act, revision by revision."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if re.fullmatch(r"  [a-z_]+ [a-z.]+ \S+", line):
            found.append([*line.split(), ""])
        elif good := re.fullmatch(r'    Good "qms-(\w+)@v1" signature for (\S+) with ED25519 key (SHA256:\S+)', line):
            assert good[2] == found[-1][1]
            found[-1][3] = good[1]
    return found


def from_history(desk: Program) -> list[list[str]]:
    said = desk("document", "history", NUMBER, "--json").json["revisions"]
    return [[e["act"], e["by"], e["at"], e["meaning"] or ""] for item in said for e in item["events"]]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ten_lines_of_git_and_ssh_keygen_tell_the_same(desk: Program, tmp_path: Path) -> None:
    assert len(script().splitlines()) <= 10
    text = by_hand(desk.root)
    assert told(text) == from_history(desk)
    assert [line for line in told(text) if line[3]] == [
        ["review", "li.ming", "2026-11-21T12:05:00+08:00", "reviewed"],
        ["approve", "zhao.lei", "2026-11-21T12:10:00+08:00", "approved"],
    ]
    said = desk("document", "history", NUMBER, "--json").json["revisions"]
    assert re.findall(rf"^{NUMBER} (\S+) ([0-9a-f]{{64}})$", text, re.MULTILINE) == [
        (item["revision"], item["manifest"]) for item in said
    ]
    assert text.count("manifest good") == len(said)
    subprocess.run(["git", "clone", "-q", str(desk.root), str(tmp_path / "clone")], check=True)
    assert by_hand(tmp_path / "clone") == text


def test_a_changed_approval_is_seen_by_hand(desk: Program, tmp_path: Path) -> None:
    copy = tmp_path / "acme"
    shutil.copytree(desk.root, copy)

    def git(*words: str, data: str = "") -> str:
        ran = subprocess.run(
            ["git", "-C", str(copy), *words], input=data, capture_output=True, check=True, encoding="utf-8"
        )
        return ran.stdout

    path = next(p for p in git("ls-tree", "-r", "--name-only", "qms/control").split() if p.endswith("-approve.json"))
    changed = git("cat-file", "blob", f"qms/control:{path}").replace("2026-12-01", "2026-11-22")
    oid = git("hash-object", "-w", "--stdin", data=changed).strip()
    git("read-tree", "qms/control")
    git("update-index", "--cacheinfo", f"100644,{oid},{path}")
    made = git("-c", "user.name=x", "-c", "user.email=x", "commit-tree", git("write-tree").strip(), "-m", "x").strip()
    git("update-ref", "refs/heads/qms/control", made)
    assert "Could not verify signature" in by_hand(copy)


def test_stock_ssh_keygen_accepts_every_signature_with_the_exported_keys(desk: Program, tmp_path: Path) -> None:
    done(desk, "key", "export", "-o", str(tmp_path / "allowed_signers"))
    signed = 0
    for path in desk.git("ls-tree", "-r", "--name-only", "qms/control").split():
        if not path.endswith(".sig"):
            continue
        event = subprocess.run(
            ["git", "-C", str(desk.root), "cat-file", "blob", f"qms/control:{path[:-4]}"],
            capture_output=True,
            check=True,
        ).stdout
        (tmp_path / "sig").write_text(desk.git("cat-file", "blob", f"qms/control:{path}"), "utf-8")
        said = re.search(rb'"signer":\{"key":"[^"]*","meaning":"(\w+)","person":"([\w.]+)"', event)
        at = re.search(rb'"recorded_at":"([^"]*)"', event)
        assert said is not None and at is not None
        moment = at[1].decode()[:19].replace("-", "").replace("T", "").replace(":", "")
        words = [
            "-Y",
            "verify",
            "-f",
            str(tmp_path / "allowed_signers"),
            "-I",
            said[2].decode(),
            "-n",
            f"qms-{said[1].decode()}@v1",
        ]
        ran = subprocess.run(["ssh-keygen", *words, "-s", str(tmp_path / "sig"), f"-Overify-time={moment}"], input=event,
                             capture_output=True, env={"TZ": "Asia/Shanghai"}, check=False)  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        signed += 1
    assert signed == 4  # two keys that vouch for themselves, a review, an approval
