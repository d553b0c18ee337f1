"""A backup: one ZIP file with every ledger and the files of the folder, restored and compared before it is believed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from qmsdocs.base.errors import QmsError, cause, message
from qmsdocs.base.files import reading, write_atomically
from qmsdocs.store import ledger, names, repository
from qmsdocs.store.objects import Objects
from qmsdocs.store.repository import MAIN, Git

FORMAT = 1
_ABOUT, _BUNDLE, _FOLDER, _README = "backup.json", "ledgers.bundle", "folder/", "README.txt"
_MOST_FILES, _LARGEST_FILE, _LARGEST_ABOUT, _MOST = 20_000, 100_000_000, 20_000_000, 2_000_000_000
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
_LEFT_OUT = (".git", ".qms")
_ISSUED = ("records", "issued")
_FETCHING = tuple(
    part
    for setting in ("core.logAllRefUpdates=false", "protocol.file.allow=always", "transfer.fsckObjects=true")
    for part in ("-c", setting)
)
_BARE = {
    "HEAD": f"ref: {names.HEADS}{MAIN}\n",
    "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    "objects/info/packs": "\n",
}
_HELP = """备份 / Backup

用本程序恢复 / to restore with the program:   qmsdocs init --from THIS_FILE NEW_FOLDER
不用本程序 / without it:   git clone --mirror ledgers.bundle restored.git
folder/ 是体系文件夹中的文件 / holds the files of the folder. backup.json 列出校验值 / lists the hashes.
"""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the ledgers of records hold, and one sha256 over the path and sha256 of every file of every ledger."""

    ledgers: int
    records: int
    events: int
    attachments: int
    digest: str


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself; `heads` are the commits by branch, `files` sha256 by member."""

    repository: str
    made_at: datetime
    heads: Mapping[str, str]
    files: Mapping[str, str]


def measure(objects: Objects, heads: Mapping[str, str]) -> Measure:
    """What the ledgers hold at `heads`, every byte read. Raises QmsError for a damaged object."""
    digest = hashlib.sha256()
    records = events = attachments = ledgers = 0
    for branch in sorted(name for name in heads if names.is_ledger(name)):
        ledgers += 1
        before: tuple[str, int] | None = None
        for entry in objects.walk(heads[branch]):
            said = ledger.check_entry(branch, entry)
            if branch.startswith("records/"):  # what releases and journals hold is no record to those who count
                records, before = records + (said[:2] != before), said[:2]
                events += bool(said.act) and not said.is_signature
                attachments += bool(said.attachment)
            digest.update(f"{branch}\t{entry.path}\t{objects.sha256(entry.oid)}\n".encode())
    return Measure(ledgers, records, events, attachments, digest.hexdigest())


def write(root: Path, objects: Objects, path: Path, *, repository_id: str, at: datetime) -> tuple[About, Measure]:
    """What the new backup at `path` says and holds; it was restored and compared. Raises QmsError, leaving no file."""
    heads = {branch: head.commit for branch, head in objects.heads(_is_ours).items()}
    for branch, commit in heads.items():
        if objects.local_commit(branch) != commit:
            raise QmsError("{ledger} is not the newest here", ledger=branch, hint=message("qmsdocs sync"))
    with _beside(path) as folder:
        bundle = folder / _BUNDLE
        _bundled(root, heads, bundle)
        members = {_README: _HELP.encode(), **dict(_files(root))}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        about = About(repository_id, at, heads, {**hashes, _BUNDLE: digest_of(bundle)})
        made = folder / "backup.zip"
        _zipped(made, about, members, bundle)
        restored = _restored(made, folder / "restored")
        held, found = measure(objects, heads), measure(Objects(restored), heads)
        if held != found:
            raise QmsError("the backup does not hold what is stored here; nothing was written")
        made.replace(path)
    return about, held


def read(path: Path) -> About:
    """What a backup says of itself. Raises QmsError when it is none."""
    with _opened(path) as archive:
        return _about(archive, path)


def tried(path: Path, objects: Objects) -> tuple[About, Measure]:
    """What a backup holds, restored into a folder of its own and compared byte for byte with what is stored here.

    Raises QmsError where a ledger of it is not held here as it was then.
    """
    about = read(path)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Objects(_restored(path, Path(folder) / "restored")), about.heads)
    for branch, commit in about.heads.items():
        head = objects.head(branch)
        if names.is_ledger(branch) and (head is None or not objects.is_ancestor(commit, head.commit)):
            raise QmsError("{ledger} stands in the backup as it never stood here", ledger=branch)
    if measure(objects, about.heads) != found:
        raise QmsError("{path}: what was restored is not what is stored here", path=path)
    return about, found


def restore(path: Path, root: Path) -> tuple[About, Measure]:
    """What was restored into the new folder `root`, without a seat. Raises QmsError, leaving nothing."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise QmsError("{folder} is not empty", folder=root, hint=message("name a new folder"))
    about = read(path)
    with _beside(root) as folder:
        made = folder / "whole"
        made.mkdir()
        with _opened(path) as archive:
            for name in about.files:
                if name.startswith(_FOLDER):
                    write_atomically(made / name.removeprefix(_FOLDER), _member(archive, about, name))
        git_folder = _restored(path, made / ".git")
        repository.configure(made)
        Git(made)(["config", "--local", "core.bare", "false"])
        if MAIN in about.heads:
            Git(made)(["read-tree", f"{names.HEADS}{MAIN}"])
        found = measure(Objects(git_folder), about.heads)
        if root.is_dir():
            root.rmdir()
        root.parent.mkdir(parents=True, exist_ok=True)
        made.rename(root)
    return about, found


def digest_of(path: Path) -> str:
    """The sha256 of a backup's file. Raises QmsError when it cannot be read."""
    with reading(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_ours(branch: str) -> bool:
    return branch == MAIN or names.is_ledger(branch)


def _bundled(root: Path, heads: Mapping[str, str], bundle: Path) -> None:
    wanted = "".join(f"{names.HEADS}{branch}\n" for branch in heads)
    answer = Git(root).answer(["bundle", "create", "--quiet", str(bundle), "--stdin"], given=wanted.encode())
    if answer.code:
        raise QmsError("git refused in {folder}: {reason}", folder=root, reason=answer.err.strip() or answer.code)


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    """The files of the folder but for the ledgers, what is local, issued pages, and what lies behind links."""
    for path in sorted(root.rglob("*")):
        inner = path.relative_to(root)
        if inner.parts[0] in _LEFT_OUT or inner.parts[:2] == _ISSUED or path.is_symlink() or not path.is_file():
            continue
        if any(parent.is_symlink() for parent in path.parents if parent != root and root in parent.parents):
            continue
        try:
            yield _FOLDER + inner.as_posix(), path.read_bytes()
        except OSError as error:
            raise QmsError("{path} cannot be read: {reason}", path=path, reason=cause(error)) from error


def _zipped(path: Path, about: About, members: Mapping[str, bytes], bundle: Path) -> None:
    said = {"format": FORMAT, **asdict(about), "made_at": about.made_at.isoformat(timespec="seconds")}
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            archive.writestr(_ABOUT, json.dumps(said, ensure_ascii=False, indent=1))
            for name, data in members.items():
                archive.writestr(name, data)
            archive.write(bundle, _BUNDLE, zipfile.ZIP_STORED)
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error


def _restored(path: Path, folder: Path) -> Path:
    """A repository in `folder` that holds the branches of the backup and nothing else, every object checked."""
    with _opened(path) as archive:
        about = _about(archive, path)
        for name, text in _BARE.items():
            write_atomically(folder / name, text.encode())
        (folder / "refs" / "heads").mkdir(parents=True)
        git = Git(folder)
        with tempfile.TemporaryDirectory(dir=folder) as place:
            bundle = Path(place) / _BUNDLE
            _extracted(archive, about, bundle)
            specs = "".join(f"{names.HEADS}{branch}:{names.HEADS}{branch}\n" for branch in about.heads)
            fetching = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--stdin", str(bundle)]
            answer = git.answer([*_FETCHING, *fetching], given=specs.encode())
    if answer.code:
        raise QmsError("{path}: the ledgers in it are damaged: {reason}", path=path, reason=answer.err.strip())
    objects = Objects(folder)
    for branch, commit in about.heads.items():
        if objects.local_commit(branch) != commit:
            raise QmsError("{path}: {ledger} does not stand in it as it says", path=path, ledger=branch)
    return folder


def _extracted(archive: zipfile.ZipFile, about: About, path: Path) -> None:
    try:
        with archive.open(_BUNDLE) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except _DAMAGED as error:
        raise QmsError("{path}: {member} is damaged", path=archive.filename, member=_BUNDLE) from error
    if digest_of(path) != about.files.get(_BUNDLE):
        raise QmsError("{path}: {member} is damaged", path=archive.filename, member=_BUNDLE)


def _about(archive: zipfile.ZipFile, path: Path) -> About:
    try:
        if archive.getinfo(_ABOUT).file_size > _LARGEST_ABOUT:
            raise ValueError(_ABOUT)
        said = json.loads(archive.read(_ABOUT))
        about = About(
            str(said["repository"]),
            datetime.fromisoformat(said["made_at"]),
            {str(branch): str(commit) for branch, commit in said["heads"].items()},
            {str(name): str(digest) for name, digest in said["files"].items()},
        )
        is_ours = said["format"] == FORMAT and about.made_at.tzinfo is not None
    except (KeyError, TypeError, AttributeError, RecursionError, *_DAMAGED) as error:
        raise QmsError("{path} is no backup of this program", path=path) from error
    if not is_ours or not all(_is_ours(branch) for branch in about.heads):
        raise QmsError("{path} is no backup of this program", path=path)
    _refuse_odd(archive, about, path)
    return about


def _refuse_odd(archive: zipfile.ZipFile, about: About, path: Path) -> None:
    listed = [info.filename for info in archive.infolist()]
    if sorted(listed) != sorted([_ABOUT, *about.files]) or len(listed) > _MOST_FILES:
        raise QmsError("{path}: its list of files does not fit what lies in it", path=path)
    if sum(info.file_size for info in archive.infolist() if info.filename != _BUNDLE) > _MOST:
        raise QmsError("{path}: its list of files does not fit what lies in it", path=path)
    for info in archive.infolist():
        inner = PurePosixPath(info.filename.removeprefix(_FOLDER))
        is_odd = inner.is_absolute() or ".." in inner.parts or "\\" in info.filename or ":" in info.filename
        is_git = any(part.lower() in _LEFT_OUT for part in inner.parts)
        if is_odd or is_git or (info.file_size > _LARGEST_FILE and info.filename != _BUNDLE):
            raise QmsError("{path}: {member} has no place in a backup", path=path, member=info.filename)


def _member(archive: zipfile.ZipFile, about: About, name: str) -> bytes:
    try:
        data = archive.read(name)
    except _DAMAGED as error:
        raise QmsError("{path}: {member} is damaged", path=archive.filename, member=name) from error
    if hashlib.sha256(data).hexdigest() != about.files[name]:
        raise QmsError("{path}: {member} is damaged", path=archive.filename, member=name)
    return data


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with reading(path):
            archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise QmsError("{path} is no backup of this program", path=path) from error
    with archive:
        yield archive


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder beside `path` that is gone afterwards, whatever happens."""
    path = path.absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=path.parent))
    except OSError as error:
        raise QmsError("{path} cannot be written: {reason}", path=path, reason=cause(error)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
