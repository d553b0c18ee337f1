"""Rules over the folder around the ledgers (HIS42x, HIS43x): what changes what is read, hides a change, or runs."""

from __future__ import annotations

from collections.abc import Iterator

from qmsdocs.audit.rule import Hit, Rule
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import message
from qmsdocs.store import condition, names, seat


def replaced(scope: Scope) -> Iterator[Hit]:
    """Other objects are shown in place of stored ones."""
    for oid in condition.replaced_objects(scope.system.place.git_folder):
        yield Hit(oid[:12], message("git shows another object in its place"), f"refs/replace/{oid}")


def grafted(scope: Scope) -> Iterator[Hit]:
    """Commits are said to follow others than they name."""
    for commit in condition.grafts(scope.system.place.git_folder):
        yield Hit(commit[:12], message("its history is said to be another one than it names"), "info/grafts")


def shallow(scope: Scope) -> Iterator[Hit]:
    """The beginning of the history was left out when this copy was made."""
    for commit in condition.shallow_commits(scope.system.place.git_folder):
        yield Hit(commit[:12], message("what came before it is not held here"), "shallow")


def borrowed(scope: Scope) -> Iterator[Hit]:
    """Objects are read from another folder, which may go or change."""
    for folder in condition.alternates(scope.system.place.git_folder):
        yield Hit(folder, message("objects are read from there; this copy is not whole without it"), "info/alternates")


def attributes(scope: Scope) -> Iterator[Hit]:
    """A file of attributes changes bytes on their way in or out, or leaves files out."""
    for path in condition.attributes(scope.root, scope.system.place.git_folder):
        yield Hit(path, message("it is not as init wrote it; it can change or leave out files"), path)


def settings(scope: Scope) -> Iterator[Hit]:
    """The copy that writes lacks a setting that keeps its records safe, or one makes git run or read something else."""
    folder, copy = scope.system.place.git_folder, scope.copy
    if any(seat.holds(copy.store, said.site) for said in copy.journals):
        for name, (found, wanted) in condition.changed_settings(folder).items():
            yield Hit(name, message("{setting} is {found}, it has to be {wanted}",
                                    setting=name, found=found or "-", wanted=wanted), "config")  # fmt: skip
    for said_setting in condition.foreign_settings(folder):
        name = said_setting.partition(" ")[0]
        yield Hit(name, message("{setting}: git runs or reads something foreign", setting=said_setting), "config")


def foreign_branches(scope: Scope) -> Iterator[Hit]:
    """A branch that is no ledger lies where only ledgers belong."""
    for branch in condition.foreign_branches(scope.system.place.git_folder):
        yield Hit(branch, message("it lies among the ledgers and is none"))


def misdirected(scope: Scope) -> Iterator[Hit]:
    """What is named like a ledger only points to something else."""
    for branch, target in condition.misdirected_ledgers(scope.system.place.git_folder).items():
        yield Hit(branch, message("it only points to {target}", target=target))


def linked(scope: Scope) -> Iterator[Hit]:
    """A file of the controlled folders lies elsewhere."""
    for path, target in condition.linked_files(scope.root):
        if target:
            yield Hit(path, message("it is a link to {target}, which is not kept here", target=target), path)
        else:
            yield Hit(path, message("it is a repository of its own: its files are not kept here"), path)


def hidden(scope: Scope) -> Iterator[Hit]:
    """Changes of a file in the folder are kept from being seen."""
    for path in condition.hidden_files(scope.root):
        yield Hit(path, message("git was told not to look whether it changed"), path)


def logged(scope: Scope) -> Iterator[Hit]:
    """git keeps a log of where a ledger stood."""
    for branch in condition.reflogs(scope.system.place.git_folder):
        said = message("git logs where it stood, and keeps what is destroyed")
        yield Hit(branch, said, f"logs/{names.HEADS}{branch}")


def locked(scope: Scope) -> Iterator[Hit]:
    """A lock lies in the repository."""
    for path in condition.locks(scope.system.place.git_folder):
        yield Hit(path, message("somebody is writing now, or a program was killed and left its lock"), path)


def hooked(scope: Scope) -> Iterator[Hit]:
    """git starts a program of the repository's when somebody works in the folder with it."""
    for name in condition.hooks(scope.system.place.git_folder):
        yield Hit(name, message("git starts it when somebody works in this folder"), f"hooks/{name}")


RULES: tuple[Rule, ...] = (
    Rule("HIS420", replaced),
    Rule("HIS421", grafted),
    Rule("HIS422", shallow),
    Rule("HIS423", borrowed),
    Rule("HIS424", attributes),
    Rule("HIS425", settings),
    Rule("HIS426", foreign_branches),
    Rule("HIS427", misdirected),
    Rule("HIS428", linked),
    Rule("HIS429", hidden),
    Rule("HIS430", logged),
    Rule("HIS431", locked),
    Rule("HIS432", hooked),
)
