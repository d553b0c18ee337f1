"""The objects of a copy for who only looks: what can still be read of it is read."""

from __future__ import annotations

from pathlib import Path

from qmsdocs.store import journal, names
from qmsdocs.store.condition import misdirected_ledgers
from qmsdocs.store.objects import Objects
from qmsdocs.store.overlay import Overlay
from qmsdocs.system.entries import unreadable


def as_far_as_held(git_folder: Path) -> Objects:
    """The objects of a copy, ledgers that stand at no commit left out; the releases stand as a journal noted them last.

    Rules of their own name these ledgers (HIS427), and releases that are gone (HIS401). Where a setting in force cannot
    be read, the releases stand where they stood before it (HIS455).
    """
    wrong: dict[str, str | None] = dict.fromkeys(misdirected_ledgers(git_folder))
    found = Overlay(git_folder, wrong) if wrong else Objects(git_folder)
    if found.head(names.CONTROL) is not None:
        wrong_setting = unreadable(found)
        return Overlay(git_folder, {**wrong, names.CONTROL: wrong_setting[1]}) if wrong_setting else found
    noted = _noted(found)
    return Overlay(git_folder, {**wrong, names.CONTROL: noted}) if noted and found.has(noted) else found


def _noted(objects: Objects) -> str | None:
    """Where the releases stood when they were noted last, None where no journal says so."""
    journals = (names.parse_branch(branch) for branch in objects.heads(lambda name: name.startswith(names.JOURNAL)))
    heads = (journal.newest_heads(objects, name.site) for name in journals if name is not None)
    said = {item.recorded_at: item.ledgers[names.CONTROL] for item in heads if item and names.CONTROL in item.ledgers}
    return said[max(said)].commit if said else None
