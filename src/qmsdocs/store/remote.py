"""Shared stores: what lies there, fetched and sent. git works in a folder of its own, with nothing anybody configured.

Whatever comes lies in that folder until it was looked at: nothing of a hostile store reaches our objects or branches.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from qmsdocs.base.errors import Message, QmsError, cause, message
from qmsdocs.store.lock import exclusive
from qmsdocs.store.names import HEADS
from qmsdocs.store.objects import Objects
from qmsdocs.store.repository import Answer, Git

COURIERS = "couriers"  # folder below the local one; what a killed process left in it is nothing
_CONFIGURATION = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[transfer]\n\tfsckObjects = true\n"
_SETTINGS = (
    "protocol.file.allow=always",
    "protocol.ssh.allow=always",
    "transfer.fsckObjects=true",
    "fetch.recurseSubmodules=no",
    "push.followTags=false",
    "core.sshCommand=ssh -o BatchMode=yes -o ConnectTimeout=20 -o SendEnv=QMSDOCS_LANG",
)
_LISTED = re.compile(r"([0-9a-f]{40})\t(refs/\S+)")
_OVERTAKEN = re.compile(r"cannot lock ref '([^']+)': (?:is at|reference already exists)")
_PUSHED = re.compile(r"([ +\-*!=])\t[^\t]*:([^\t]+)\t(.*)")


class Unreachable(QmsError):
    """A shared store that could not be spoken to; nothing was changed."""


class Answered(Enum):
    """What a shared store made of one branch."""

    TAKEN = "taken"
    BEHIND = "behind"  # it holds something newer
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a shared store said to the branches offered to it, by name; `reason` is its word for a refusal."""

    answers: Mapping[str, Answered]
    reason: Message


@dataclass(frozen=True, slots=True)
class Offer:
    """A branch offered: the commit it shall stand at (None: gone), and the one a certificate replaces."""

    branch: str
    commit: str | None
    replaced: str | None = None


@dataclass(frozen=True, slots=True)
class Courier:
    """A bare folder that sees our objects and brings those of others beside them."""

    folder: Path

    @property
    def objects(self) -> Objects:
        """What was brought, and all we hold."""
        return Objects(self.folder)

    def listed(self, url: str) -> dict[str, str]:
        """Where every branch of the store at `url` stands. Raises Unreachable."""
        answer = self.run(url, ["ls-remote", "--quiet", "--heads", "--end-of-options", url])
        if answer.code:
            raise unreachable(url, answer)
        found = (_LISTED.fullmatch(line) for line in answer.out.splitlines())
        return {line[2].removeprefix(HEADS): line[1] for line in found if line is not None}

    def fetch(self, url: str, branches: Iterable[str]) -> None:
        """Nothing; what the branches there stand on lies in this folder. Raises Unreachable, QmsError."""
        wanted = "".join(f"{HEADS}{branch}:refs/brought/{branch}\n" for branch in branches)
        if not wanted:
            return
        fixed = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--force"]
        answer = self.run(url, [*fixed, "--stdin", "--end-of-options", url], given=wanted.encode())
        if answer.code:
            raise unreachable(url, answer)

    def hands_out(self, url: str, commit: str) -> bool:
        """Whether the store at `url` still gives a commit that no branch there needs to whoever names it."""
        fixed = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"]
        return not self.objects.has(commit) and self.run(url, [*fixed, "--end-of-options", url, commit]).code == 0

    def push(self, url: str, offers: Iterable[Offer]) -> Sent:
        """What the store said to each offer, given in this order in one go. Raises Unreachable."""
        leases, specs = [], []
        for offer in offers:
            if offer.replaced is not None:  # the one exception: a certificate accounts for exactly this
                leases.append(f"--force-with-lease={HEADS}{offer.branch}:{offer.replaced}")
            specs.append(f"{offer.commit or ''}:{HEADS}{offer.branch}")
        fixed = ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", *leases]
        answer = self.run(url, [*fixed, "--end-of-options", url, *specs])
        said = [found for line in answer.out.splitlines() if (found := _PUSHED.fullmatch(line)) is not None]
        overtaken = set(_OVERTAKEN.findall(answer.err))
        answers = {
            line[2].removeprefix(HEADS): Answered.BEHIND if line[2] in overtaken else _answered(line[1], line[3])
            for line in said
        }
        if len(answers) < len(specs):
            raise unreachable(url, answer)
        return Sent(answers, _reason(answer))

    def run(self, url: str, arguments: list[str], *, given: bytes = b"") -> Answer:
        """What git says in this folder. A folder that settings in force name is trusted, whoever owns it."""
        own = self.folder / "settings"
        place = url.removeprefix("file://")
        own.write_text(f"[safe]\n\tdirectory = {_quoted(place)}\n\tdirectory = {_quoted(place + '/.git')}\n", "utf-8")
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        also = {"GIT_CONFIG_GLOBAL": str(own), "LC_ALL": "C", "LANGUAGE": "C"}  # its words are read here
        return Git(self.folder, also=also).answer([*settings, *arguments], given=given)


def address(root: Path, url: str) -> str:
    """Where a shared store lies; one written from the repository's folder (`./`, `../`) is found from there."""
    return str((root / url).resolve()) if url.startswith(("./", "../")) else url


@contextmanager
def courier(local_folder: Path, objects: Objects, heads: Mapping[str, str]) -> Iterator[Courier]:
    """A courier while the block runs; `heads` are the branches it knows of ours, so that they need not travel."""
    above = local_folder / COURIERS
    try:
        above.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=above, ignore_cleanup_errors=True) as name, exclusive(Path(name)):
            _furnish(Path(name), objects, heads)
            yield Courier(Path(name))
    except OSError as error:
        raise QmsError("{folder} cannot be written to: {reason}", folder=above, reason=cause(error)) from error


def _furnish(folder: Path, objects: Objects, heads: Mapping[str, str]) -> None:
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text(f"ref: {HEADS}main\n", "utf-8")
    (folder / "config").write_text(_CONFIGURATION, "utf-8")
    ours = (objects.folder / "objects").resolve().as_posix()
    (folder / "objects" / "info" / "alternates").write_text(ours + "\n", "utf-8")
    known = "".join(f"{commit} {HEADS}{branch}\n" for branch, commit in sorted(heads.items()))
    (folder / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + known, "utf-8")


def clear(local_folder: Path) -> None:
    """Nothing; what couriers of killed processes left is gone."""
    for folder in (local_folder / COURIERS).glob("*"):
        with suppress(QmsError):
            with exclusive(folder, patience=0):  # one at work holds its lock
                pass
            shutil.rmtree(folder, ignore_errors=True)


def unreachable(url: str, answer: Answer) -> Unreachable:
    """The error for a store that could not be spoken to, with the last thing git said."""
    lines = [line.strip() for line in (answer.err or answer.out).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))] or lines or [str(answer.code)]
    reason: Message | str = said[0].partition(": ")[2] or said[0]
    if "does not appear to be" in said[0]:
        reason = message("there is no shared store there")
    hint = message("nothing here has changed; repeat it when the line is up again")
    return Unreachable("{url} cannot be reached: {reason}", url=url, reason=reason, hint=hint)


def _reason(answer: Answer) -> Message:
    """Why branches were refused: the store's last word, or git's first."""
    if is_disk_full(answer):
        return message("the disk there is full")
    lines = [
        (begins, said.strip())
        for begins, _, said in (line.partition(":") for line in answer.err.splitlines())
        if said.strip()
    ]
    theirs = [said for begins, said in lines if begins == "remote" and not said.startswith("hint:")][-1:]
    ours = [said for begins, said in lines if begins == "error"][:1]
    return message("{said}", said=(theirs or ours or ["-"])[0])


def is_disk_full(answer: Answer) -> bool:
    """Whether git could not write for want of space, here or there."""
    return "No space left" in answer.err or "Out of diskspace" in answer.err


def _answered(flag: str, summary: str) -> Answered:
    if flag in " +-*=":
        return Answered.TAKEN
    is_behind = any(word in summary for word in ("non-fast-forward", "fetch first", "stale info", "cannot lock ref"))
    return Answered.BEHIND if is_behind else Answered.REFUSED


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
