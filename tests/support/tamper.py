"""A company with a few days of records, and a hand that writes into its git repository past the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from control import NUMBER, QMS, SCHEDULE, Company
from definitions import HEAD, LIFE
from firm import firm

from qmsdocs.acts.record import Filled, Intent, attach, issue
from qmsdocs.audit import history
from qmsdocs.audit.held import as_far_as_held
from qmsdocs.audit.scope import Scope
from qmsdocs.base.canonical import Json, dumps
from qmsdocs.store import seat
from qmsdocs.store.damage import damages
from qmsdocs.store.place import Place
from qmsdocs.store.signature import SigningKey, namespace_of
from qmsdocs.system.view import open_system

FORM = (
    HEAD.replace('"P-1"', f'"{NUMBER}"').replace('"clerk"', '"document_controller"')
    + (
        '[field.text]\ntype = "text"\ntitle = "内容"\nrequired = true\n[field.file]\ntype = "attachment"\ntitle = "附件"\n'
    )
    + LIFE.replace('"clerk"', '"document_controller"')
)
OTHER_FORM = (
    FORM.replace('"F-1"', '"F-2"').replace('"trial"', '"complaint"').replace('"sy"', '"ts"').replace('"SY-', '"TS-')
)
CLASS = (
    '[class.trial]\ntitle = "试验"\ntrigger = "issued"\nperiod = "3 years"\ndisposition = "destroy"\nbasis = "惯例"\n'
)
RECORDS, OTHER, CONTROL, JOURNAL = "records/trial/2026/hz", "records/complaint/2026/hz", "qms/control", "qms/journal/hz"
FIRST = "sy/00/00/000001/0001-issue.json"
Found = set[tuple[str, str]]  # code and what is said


def begun(root: Path, settings: str = "") -> Company:
    """A company with two kinds of records, its seat here; `settings` stand in qms.toml besides the usual ones."""
    forms = {"forms/F-1/form.toml": FORM, "forms/F-2/form.toml": OTHER_FORM}
    return firm(root, {**forms, "records/retention.toml": SCHEDULE + CLASS, "qms.toml": QMS + settings})


def recorded(company: Company, text: str, form: str = "F-1") -> str:
    """The number of one more record."""
    filled = Filled(form=form, values={"text": text}, submission=f"{form} {text}")
    return company.do(lambda system: issue(system, filled, Intent(by="wang.fang"))).posted[0].number


def attached(company: Company, number: str, data: bytes) -> None:
    """A file with a record."""
    kept = company.system.objects.store(data)
    said: list[Json] = [{"name": "照片.jpg", "size": kept.size, "sha256": kept.sha256}]
    intent = Intent(by="wang.fang", reason="补充", attachments={kept.sha256: kept.oid})
    company.do(lambda system: attach(system, number, field_name="file", files=said, intent=intent))


def told(root: Path) -> Company:
    """Signed approvals, three days with two records each, one with an attachment; a revision waits for approval."""
    company = begun(root)
    company.key("li.ming")
    company.key("zhao.lei")
    company.edit(12)
    company.submit()
    company.review()
    company.approve()
    for day in range(3):
        company.later(days=1)
        for hour in range(2):
            number = recorded(company.later(hours=1), f"第 {day} 天第 {hour} 件")
        if not day:
            attached(company.later(hours=1), number, os.urandom(3000))
            recorded(company, "另一类", "F-2")
    company.later(hours=1).edit(6)
    company.submit()
    company.later(hours=1).review()
    company.later(hours=1)
    return company


def copied(company: Company, root: Path, *, seated: bool = True) -> Company:
    """The company in another folder; `seated`: as if it had always been there."""
    shutil.copytree(company.root, root, symlinks=True)
    if seated:
        sit(root)
    return company.copy(root=root, keys=dict(company.keys))


def sit(root: Path) -> None:
    """Nothing; the seat's file says that it was made in this folder."""
    place = Place.of(root, machine="desk")
    path = root / ".qms" / seat.SEAT_FILE
    held = json.loads(path.read_text("utf-8"))
    held["hz"] |= {"folder": place.folder, "birth": list(seat.mark(place))}
    path.write_text(json.dumps(held), "utf-8")


# ── by hand


def approval(company: Company, key: SigningKey | None, **changes: Json) -> dict[str, bytes | None]:
    """The files of an approval of the revision that waits, made from the good one as the program would have."""
    definitions = company.system.definitions
    good = next(e for r in definitions.named(NUMBER) for e in definitions.events(r) if e.event.act == "approve")
    last = definitions.events(company.newest())[-1]
    body: dict[str, Json] = {
        **good.body, "record": last.body["record"], "sequence": 3, "previous": last.sha256, "nonce": "0" * 32,
        "control": Hand(company.root, CONTROL).head, "recorded_at": company.now.isoformat(timespec="seconds"),
        "set": {"effective_on": (company.now + timedelta(days=1)).date().isoformat()}, "signer": None, **changes,
    }  # fmt: skip
    if key is not None and "signer" not in changes:
        body["signer"] = {"person": body["by"], "key": key.public.fingerprint, "meaning": "approved"}
    data = dumps(body)
    path = f"{last.path.rpartition('/')[0]}/0003-approve.json"
    signed = {path + ".sig": key.sign(data, namespace=namespace_of("approved"))} if key is not None else {}
    return {path: data, **signed}


def git(root: Path, *words: str, data: bytes = b"", at: str = "2026-11-05T09:00:00+08:00") -> str:
    """What git says."""
    done = subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@y", *words],
        input=data,
        capture_output=True,
        check=True,
        env={**os.environ, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at},
    )
    return done.stdout.decode("utf-8", "surrogateescape").strip()


@dataclass(frozen=True)
class Hand:
    """One ledger of one repository, to be changed."""

    root: Path
    branch: str = RECORDS

    @property
    def head(self) -> str:
        """Where it stands."""
        return git(self.root, "rev-parse", f"refs/heads/{self.branch}")

    def commits(self) -> list[str]:
        """Its commits, oldest first."""
        return git(self.root, "rev-list", "--reverse", self.branch).split()

    def files(self, commit: str | None = None) -> dict[str, str]:
        """Object names by path."""
        lines = git(self.root, "ls-tree", "-r", "-z", commit or self.branch).split("\0")
        return {line.partition("\t")[2]: line.split()[2] for line in lines if line}

    def read(self, path: str, commit: str | None = None) -> bytes:
        """The bytes of a file."""
        said = ["git", "-C", str(self.root), "cat-file", "blob", f"{commit or self.branch}:{path}"]
        return subprocess.run(said, capture_output=True, check=True).stdout

    def event(self, path: str = FIRST) -> dict[str, Json]:
        """What an event says."""
        return json.loads(self.read(path))  # type: ignore[no-any-return]

    def tree(self, base: str | None, changes: dict[str, bytes | None], mode: str = "100644") -> str:
        """The tree of `base` with other files; None removes one."""
        index = {"GIT_INDEX_FILE": str(self.root / ".git" / "by-hand")}
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)

        def run(*words: str, data: bytes = b"") -> str:
            said = ["git", "-C", str(self.root), *words]
            done = subprocess.run(said, input=data, capture_output=True, check=True, env={**os.environ, **index})
            return done.stdout.decode().strip()

        run("read-tree", base or "--empty")
        for path, data in changes.items():
            if data is None:
                run("update-index", "--force-remove", path)
            else:
                oid = data.decode() if mode == "160000" else run("hash-object", "-w", "--stdin", data=data)
                run("update-index", "--add", "--cacheinfo", f"{mode},{oid},{path}")
        made = run("write-tree")
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)
        return made

    def commit(self, changes: dict[str, bytes | None], *, mode: str = "100644", at: str = "2026-11-05T09:00:00+08:00",
               parents: tuple[str, ...] | None = None, base: str | None = "HEAD") -> str:  # fmt: skip
        """One more commit, on top of its head unless told otherwise."""
        parents = (self.head,) if parents is None else parents
        tree = self.tree((parents[0] if parents else None) if base == "HEAD" else base, changes, mode)
        said = [word for parent in parents for word in ("-p", parent)]
        made = git(self.root, "commit-tree", tree, *said, data=b"x", at=at)
        git(self.root, "update-ref", f"refs/heads/{self.branch}", made)
        return made

    def reset(self, commit: str) -> None:
        """Nothing; it stands at an older commit, and what came after is gone for good."""
        git(self.root, "update-ref", f"refs/heads/{self.branch}", commit)
        purge(self.root)

    def rebuilt(self, change: Callable[[str, dict[str, bytes | None]], None]) -> None:
        """Nothing; every commit is made anew, with what `change` makes of the files it adds."""
        parent: tuple[str, ...] = ()
        before: dict[str, str] = {}
        for commit in self.commits():
            now = self.files(commit)
            added: dict[str, bytes | None] = {path: self.read(path, commit) for path in now if path not in before}
            change(commit, added)
            at = git(self.root, "log", "-1", "--format=%cI", commit)
            parent = (self.commit(added, parents=parent, at=at),)
            before = now
        purge(self.root)


def purge(root: Path) -> None:
    """Nothing; git has thrown away whatever no branch needs."""
    git(root, "reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
    git(root, "gc", "--prune=now", "--quiet")


def noted(
    company: Company, *, step: int = 1, series: str = "heads", at: datetime | None = None, **changes: Json
) -> None:
    """An event in the journal like the newest of its series, written by hand, `step` numbers further on."""
    hand = Hand(company.root, JOURNAL)
    last = max(path for path in hand.files() if path.startswith(f"{series}/"))
    serial = int(last.split("/")[3]) + step
    record: dict[str, Json] = {"series": series, "serial": serial, "number": f"{series}-hz-{serial:06d}".upper()}
    moment = at or company.now
    body = {
        **hand.event(last), "record": record, "recorded_at": moment.isoformat(timespec="seconds"), "nonce": "2" * 32,
        "journal": hand.head, "control": Hand(company.root, CONTROL).head, **changes,
    }  # fmt: skip
    path = f"{series}/00/00/{serial:06d}/0001-issue.json"
    hand.commit({path: dumps(body)}, at=moment.isoformat(timespec="seconds"))


# ── what the audit says


def findings(company: Company, *, is_full: bool = False) -> Found:
    """Code and text of everything the rules over history and integrity say."""
    return {(code, f"{hit.subject}: {hit.message}") for code, hit in hits(company, is_full=is_full)}


def hits(company: Company, *, is_full: bool = False) -> Iterator[tuple[str, history.Hit]]:
    """Everything the rules over history and integrity find."""
    scope = Scope(open_system(company.root, now=company.now, machine="desk", objects_of=as_far_as_held))
    for rule in history.RULES:
        yield from ((rule.code, hit) for hit in rule.check(scope))
    for branch, head in scope.copy.heads.items():
        yield from history.check_ledger(scope, branch, head.commit, verified=None)
    if is_full:
        yield from history.check_objects(scope, damages(scope.root))


def codes(found: Found) -> set[str]:
    """The codes alone."""
    return {code for code, _ in found}


def says(found: Found, code: str, *words: str) -> bool:
    """Whether something under a code says all the words."""
    return any(kind == code and all(word in text for word in words) for kind, text in found)
