"""What a copy holds of destroyed records beside the ledger: copies of branches, objects, derived files, pages."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause
from qmsdocs.base.files import safe_name, write_atomically
from qmsdocs.store import derived
from qmsdocs.store.names import HEADS, LEDGERS
from qmsdocs.store.objects import Objects
from qmsdocs.store.place import Place, own_folder
from qmsdocs.store.repository import Git

PAGES = "records/issued"
DRAWN = ".qms/pages.txt"  # which pages were drawn
_UNFINISHED = ".writing-"  # what a killed process leaves of a file it was writing
_DRAFT = re.compile(r"(?P<start>[.#]*)(?P<stem>.+)\.(?P<kind>json|toml)(?P<end>[~#]*|\.[a-z0-9~]{1,8})", re.IGNORECASE)
LARGEST = 5_000_000  # bytes of a file that is looked into
_OWN = frozenset({".git", ".qms", ".venv", "node_modules"})
_PACK = re.compile(r"pack-[0-9a-f]{40,64}\.(pack|idx|rev|bitmap|mtimes|promisor)|multi-pack-index.*")
_OBJECT = re.compile(r"([0-9a-f]{2})([0-9a-f]{38}) ")
_FORGET = ["-c", "gc.reflogExpire=now", "-c", "gc.reflogExpireUnreachable=now", "reflog", "expire", "--all"]
_HELD = ("ORIG_HEAD", "FETCH_HEAD")


def first_commit(objects: Objects, commit: str) -> str:
    """The commit a ledger began with, as it stood at `commit`."""
    while parents := objects.parents(commit):
        commit = parents[0]
    return commit


def references(place: Place, branch: str, first: Collection[str], watched: Collection[str]) -> None:
    """Nothing; no other branch, tag or brought copy goes back to the commits the old ledger began with.

    Nor does any hold one of the objects `watched`, be it a commit, or a name given to an object itself.

    A branch that a folder has checked out stays: what it holds would stay in that folder too.
    """
    run = Git(place.root)
    listed = run.answer(["worktree", "list", "--porcelain"]).out.splitlines()
    kept = {line.removeprefix("branch ") for line in listed if line.startswith("branch ")} | {HEADS + branch}
    for commit in first:
        found = run.answer(["for-each-ref", f"--contains={commit}", "--format=%(refname)"])
        for name in found.out.splitlines() if found.code == 0 else ():
            if name not in kept:
                run(["update-ref", "--no-deref", "-d", name])
    for name in run(["for-each-ref", "--format=%(refname)"]).splitlines():
        if name not in kept and not name.startswith(LEDGERS) and _reached(run, [name], watched):
            run(["update-ref", "--no-deref", "-d", name])


def needed_by_ledgers(place: Place, watched: Collection[str]) -> frozenset[str]:
    """Those of the objects `watched` that a ledger holds as it stands."""
    run = Git(place.root)
    heads = run(["for-each-ref", "--format=%(refname)", *LEDGERS]).splitlines() if watched else []
    return frozenset(oid for name in heads for oid in _reached(run, [name], watched))


def _reached(run: Git, names: list[str], watched: Collection[str]) -> frozenset[str]:
    """Those of the objects `watched` that what the names stand for holds; a damaged one holds what can be listed."""
    listed = run.answer(["rev-list", "--objects", "--no-object-names", "--end-of-options", *names]).out
    return frozenset(listed.splitlines()) & frozenset(watched)


def reflogs(place: Place) -> None:
    """Nothing; no branch remembers where it stood before, and the notes of the last fetch are gone."""
    Git(place.root)(_FORGET)
    for folder in (place.git_folder, own_folder(place.root), *(place.git_folder / "worktrees").glob("*")):
        for name in _HELD:
            _remove(folder / name)


def objects(place: Place) -> None:
    """Nothing; every object no branch needs is gone, packed or not, whole or half written."""
    packs, run = place.git_folder / "objects" / "pack", Git(place.root)
    _repack(run, place.git_folder)
    run(["prune", "--expire=now"])
    for path in (*packs.glob("*"), *(place.git_folder / "objects").glob("tmp_*")):
        if path.parent != packs or not _PACK.fullmatch(path.name):
            _remove(path)


def unreached(store: Path) -> None:
    """Nothing; of a shared store every object no branch needs is gone, but for what is being sent to it now."""
    run = Git(store)
    run(_FORGET)
    _repack(run, store)
    for line in run(["prune", "--dry-run", "--expire=now"]).splitlines():
        if (found := _OBJECT.match(line)) is not None:
            _remove(store / "objects" / found[1] / found[2])


def _repack(run: Git, git_folder: Path) -> None:
    """Nothing; what the branches need lies in one pack, and nothing else does in any."""
    info = git_folder / "objects" / "info"
    for mark in (*(git_folder / "objects" / "pack").glob("*.keep"), info / "commit-graph"):
        _remove(mark)
    for graph in (info / "commit-graphs").glob("*"):
        _remove(graph)
    run(["repack", "-a", "-d", "--quiet"])


def derived_files(place: Place) -> None:
    """Nothing; index, search and the memory of audits are gone as files; they are made anew when they are needed."""
    for path in sorted(place.local_folder.glob("*.sqlite")):
        derived.remove(path)
    for path in (*place.local_folder.glob("*.sqlite-*"), *place.local_folder.glob(f"{_UNFINISHED}*")):
        _remove(path)


def pages(place: Place, numbers: Iterable[str]) -> None:
    """Nothing; the pages of the records are gone, whatever their format, what was half drawn, and the notes of both."""
    names = {safe_name(number) for number in numbers}
    for path in files(place.root / PAGES):
        if path.name.startswith(_UNFINISHED) or _is_of(path.name, names):
            _remove(path)
    noted = place.root / DRAWN
    if noted.is_file():
        lines = noted.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not _is_of(line.decode("utf-8", "replace").rpartition("/")[2], names)]
        if kept != lines:
            write_atomically(noted, b"".join(kept))


def _is_of(file_name: str, names: Collection[str]) -> bool:
    """Whether a file is named after one of the numbers; a number may hold dots itself."""
    parts = file_name.split(".")
    return any(".".join(parts[:end]) in names for end in range(1, len(parts)))


def drafts(place: Place, is_gone: Callable[[str], bool]) -> tuple[str, ...]:
    """The drafts removed: those from which destroyed records were made, as `is_gone` tells by their keys.

    With them go the copies that editors keep of them. What is among the versions of the folder stays.
    """
    listed = frozenset(Git(place.root)(["ls-files", "-z"]).split("\0"))
    named = [(path, found) for path in files(place.root) if (found := _DRAFT.fullmatch(path.name)) is not None]
    free = [(path, found) for path, found in named if path.relative_to(place.root).as_posix() not in listed]
    own = {path for path, found in free if _is_draft_of(path, found["kind"].lower(), is_gone)}
    names = {(path.parent, found["stem"]) for path, found in free if path in own}
    own |= {path for path, found in free if (path.parent, found["stem"]) in names and found["end"] and _is_binary(path)}
    for path in own:
        _remove(path)
    return tuple(sorted(path.relative_to(place.root).as_posix() for path in own))


def doubtful_drafts(place: Place, forms: Collection[str], is_gone: Callable[[str], bool]) -> tuple[str, ...]:
    """The drafts of the forms that are left: those without a key, and those of destroyed records among the versions.

    The example that lies beside a form is none.
    """
    named = [(path, found) for path in files(place.root) if (found := _DRAFT.fullmatch(path.name)) is not None]
    said = [(path, _draft(path, found["kind"].lower())) for path, found in named]
    free = ((path, form, key) for path, (form, key) in said if not (path.parent / "form.toml").is_file())
    left = (path for path, form, key in free if form in forms and (not key or is_gone(key)))
    return tuple(path.relative_to(place.root).as_posix() for path in left)


def _is_draft_of(path: Path, kind: str, is_gone: Callable[[str], bool]) -> bool:
    _, key = _draft(path, kind)
    return bool(key) and is_gone(key)


def _draft(path: Path, kind: str) -> tuple[str, str]:
    """The form and the key of a draft, empty where a file is none; anything may be written in another's texts."""
    try:
        text = path.read_text("utf-8") if path.stat().st_size <= LARGEST else ""
        said = json.loads(text) if kind == "json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return "", ""
    form, key = (said.get("form"), said.get("submission")) if isinstance(said, dict) else (None, None)
    return (form, key if isinstance(key, str) else "") if isinstance(form, str) else ("", "")


def _is_binary(path: Path) -> bool:
    """Whether a file is no text, as those are in which editors keep what is being written."""
    try:
        return b"\0" in path.read_bytes()[:LARGEST]
    except OSError:
        return False


def files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, without what git and the program keep for themselves, and without following links."""
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
        if path.is_dir() and not path.is_symlink():
            if path.name not in _OWN:
                yield from files(path)
        elif path.is_file():
            yield path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise QmsError("{path} cannot be removed: {reason}", path=path, reason=cause(error)) from error
