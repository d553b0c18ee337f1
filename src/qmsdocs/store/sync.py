"""Ledgers brought from another copy: forward only, nothing is ever moved back, replaced or brought back."""

from __future__ import annotations

from collections.abc import Callable

from qmsdocs.base.errors import QmsError, message
from qmsdocs.store import names
from qmsdocs.store.certificate import Believed, brings_back
from qmsdocs.store.objects import Objects


def fetch(source: Objects, target: Objects, is_wanted: Callable[[str], bool], *, believed: Believed) -> tuple[str, ...]:
    """The branches moved: every wanted ledger of `source` is in `target` as a local branch afterwards.

    Raises QmsError, and moves nothing, when one of them went two ways.
    """
    done = (*believed(target), *believed(source))
    moves: list[tuple[str, str | None, str]] = []
    for branch, head in source.heads(lambda name: names.is_ledger(name) and is_wanted(name)).items():
        commit = source.local_commit(branch)
        held = target.local_commit(branch)
        if commit is None or commit == held or brings_back(done, source, branch, commit):
            continue  # what was destroyed by certificate does not come back
        if held is None or source.is_ancestor(held, commit):
            moves.append((branch, held, commit))
        elif brings_back(done, target, branch, held):
            raise QmsError(
                "{ledger}: records were destroyed where it is written; this copy still holds them",
                ledger=branch,
                hint=message("bring this copy level first: qmsdocs sync"),
            )
        elif not target.is_ancestor(commit, held) or head.diverged:
            raise QmsError(
                "{ledger} went two ways: two copies have written it",
                ledger=branch,
                hint=message("nothing can be written to it until the quality manager has decided which one stands"),
            )
    target.copy_from(source, ((held, commit) for _, held, commit in moves))
    for branch, held, commit in moves:
        target.fast_forward(branch, held, commit)
    return tuple(branch for branch, _, _ in moves)
