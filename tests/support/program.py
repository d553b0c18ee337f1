"""The program as tests use it: in this process with a clock that is given, or installed and run as people run it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from qmsdocs.base.language import Catalogue, Language
from qmsdocs.cli.boundary import guarded
from qmsdocs.cli.root import command
from qmsdocs.cli.words import Wishes

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=ZONE)
PATIENCE = 120.0


class Result(NamedTuple):
    """What a command left: its exit code and both streams, strictly decoded."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout, strictly read: no doubled keys, no NaN."""
        return json.loads(self.out, object_pairs_hook=_once, parse_constant=_refuse)

    @property
    def numbers(self) -> list[str]:
        """The numbers `record issue --json` acknowledged."""
        return [item["number"] for item in self.json["issued"]]

    @property
    def errors(self) -> list[str]:
        """The lines on stderr that say why not."""
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)


def _refuse(written: str) -> object:
    raise AssertionError(written)


@dataclass(frozen=True)
class Program:
    """One copy of a repository, and the moment at which commands in this process are run."""

    root: Path
    at: datetime | None = NOON
    language: Language = Language.EN

    def __call__(self, *words: object, stdin: str = "", folder: Path | None = None) -> Result:
        """What the command does in this process, in its language, begun in the repository."""
        catalogue = Catalogue.load(self.language)
        moment = self.at
        clock: Callable[[], datetime] | None = (lambda: moment) if moment is not None else None
        arguments = [str(word) for word in words]
        out, err = _Stream(), _Stream()
        with contextlib.chdir(folder or self.root), _streams(io.StringIO(stdin), out, err):
            code = guarded(lambda: command(arguments, Wishes(catalogue, clock=clock)), catalogue)
            out.flush()
            err.flush()
        return _checked(arguments, Result(code, out.text, err.text))

    def process(
        self,
        *words: object,
        stdin: str | None = None,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Result:
        """What the installed program does in a process of its own, by the machine's clock."""
        done = subprocess.run(
            [*program(), *map(_word, words)],
            cwd=folder or self.root,
            env={**os.environ, **(environment or {})},
            input=stdin.encode() if stdin is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            **options,
        )
        return _checked(words, Result(done.returncode, done.stdout.decode(), done.stderr.decode()))

    def begin(self, *words: object) -> subprocess.Popen[bytes]:
        """The installed program, running."""
        return subprocess.Popen(
            [*program(), *map(_word, words)],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def later(self, moment: datetime | timedelta) -> Program:
        """The same copy at another moment, or later."""
        if isinstance(moment, datetime):
            return replace(self, at=moment)
        assert self.at is not None
        return replace(self, at=self.at + moment)

    def elsewhere(self, root: Path) -> Program:
        """Another copy at the same moment."""
        return replace(self, root=root)

    # ── what tests ask again and again

    def draft(self, name: str, form: str, values: Mapping[str, object], **head: object) -> Path:
        """The JSON draft of `values`, written into the repository's folder."""
        path = self.root / name
        path.write_text(json.dumps({"form": form, **head, "values": values}, ensure_ascii=True), "utf-8")
        return path

    def issue(self, form: str = "QR-04-01", pages: bool = False, **values: object) -> str:
        """The number of one more record."""
        path = self.draft("one-more.json", form, {**FILLED[form], **values})
        found = self("record", "issue", path, "--json", *(() if pages else ("--no-pages",)))
        assert found.code == 0, found.err
        path.unlink()
        [number] = found.numbers
        return str(number)

    def record(self, number: str) -> Any:
        """The record as `record show --json` says it."""
        found = self("record", "show", number, "--json")
        assert found.code == 0, found.err
        return found.json["record"]

    def all_numbers(self, form: str | None = None) -> list[str]:
        """The number of every record, or of those of one form."""
        found = self("record", "list", "--json", *(("--form", form) if form else ()))
        assert found.code == 0, found.err
        return [item["number"] for item in found.json["records"]]

    def git(self, *words: str, text: str = "") -> str:
        """What git itself says, with nothing of the program between."""
        return subprocess.run(
            ["git", "-C", str(self.root), *words], input=text, capture_output=True, check=True, encoding="utf-8"
        ).stdout

    def heads(self) -> dict[str, str]:
        """Every ledger's commit."""
        said = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/qms", "refs/heads/records")
        return dict(line.split() for line in said.splitlines())

    def files(self) -> dict[str, str]:
        """The sha256 of every file in the folder, what git and the program keep for themselves apart."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            inner = path.relative_to(self.root)
            if path.is_file() and inner.parts[0] not in (".git", ".qms"):
                found[inner.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    @contextlib.contextmanager
    def unchanged(self) -> Iterator[None]:
        """A stretch after which neither a ledger nor a file may have changed."""
        before = self.heads(), self.files()
        yield
        assert (self.heads(), self.files()) == before


Make = Callable[..., Program]  # a way to make a repository in a folder; see the fixture `make`


class _Stream(io.TextIOWrapper):
    """A stream whose bytes are kept."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", errors="backslashreplace", write_through=True)

    @property
    def text(self) -> str:
        """What was written, strictly decoded."""
        return self.kept.getvalue().decode("utf-8")


@contextlib.contextmanager
def _streams(stdin: io.StringIO, out: _Stream, err: _Stream) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = stdin
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        sys.stdin = before


def _word(word: object) -> bytes:
    return os.fsencode(str(word))


def _checked(words: Sequence[object], found: Result) -> Result:
    """The result; a bug of the program fails every test, whatever it asks."""
    if found.code == 3 or "Traceback" in found.err:
        log = found.err.rpartition(" in ")[2].strip()
        trace = Path(log).read_text("utf-8") if log.endswith(".log") and Path(log).is_file() else ""
        raise AssertionError(f"{[*map(str, words)]} → {found.code}\n{found.err}\n{trace}")
    return found


def program() -> list[str]:
    """The words that start the installed program."""
    beside = Path(sys.executable).with_name("qmsdocs")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "qmsdocs"]


def tool(name: str) -> str:
    """The command of a tool the tests look with; in CI a missing one is a failure."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed: tools/setup.sh --tests")
        pytest.skip(f"{name} is not installed: tools/setup.sh --tests")
    return found


def looked(name: str, *words: object) -> str:
    """What a tool says on stdout; that it succeeds is part of the test."""
    done = subprocess.run([tool(name), *map(str, words)], capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, (name, words, done.stdout[-500:], done.stderr[-500:])
    return done.stdout.decode("utf-8")


def refused(found: Result, *words: str, lines: int = 1) -> str:
    """The error of a command that refused: exit 2, nothing on stdout, one line (or `lines`), hints allowed."""
    assert found.code == 2, found
    assert found.out == "", found
    assert len(found.errors) == lines, found.err
    said = [line for line in found.err.splitlines() if line.strip()]
    assert all(line.startswith(("error: ", "hint: ")) for line in said), found.err
    assert all(len(line) < 1000 for line in said), found.err
    for word in words:
        assert word in found.err, (word, found.err)
    return found.errors[0].removeprefix("error: ")


LIAISON: Mapping[str, object] = {
    "sent_at": "2026-11-18 11:10",
    "urgency": "urgent",
    "deadline": "2026-11-20",
    "from_department": "客户服务部",
    "to_department": "工程部",
    "sent_by": "zhang.wei",
    "subject": "请到场查明渗漏原因",
    "content": "请派人到场做淋水试验。",
}
COMPLAINT: Mapping[str, object] = {
    "received_at": "2026-11-18 09:20",
    "received_by": "zhang.wei",
    "channel": "phone",
    "customer": "林玥",
    "phone": "13800001234",
    "estate": "绿汀苑3幢",
    "problem": "leak",
    "what_happened": "次卧外墙窗台下方漏水。",
}
CALL: Mapping[str, object] = {
    "accepted_at": "2026-11-19 20:35",
    "accepted_by": "wang.fang",
    "kind": "help",
    "source": "phone",
    "customer": "欧阳昇",
    "phone": "13900005678",
    "estate": "栖枫园5幢",
    "topic": "电梯停运",
    "department": "物业服务中心",
    "statements": [{"statement": "两台电梯都停了。"}],
}
FILLED: Mapping[str, Mapping[str, object]] = {"QR-04-01": LIAISON, "QR-14-04": COMPLAINT, "QR-14-03": CALL}
CONTROL_FORMS = ("QR-01-02", "QR-01-03", "QR-01-04", "QR-01-05", "QR-01-06", "QR-02-01")
FORMS = (*CONTROL_FORMS, "QR-04-01", "QR-14-01", "QR-14-03", "QR-14-04", "QR-18-01", "QR-18-02")
