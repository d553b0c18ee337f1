"""What `document list` shows: the master list, what changed since a day, documents of external origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from qmsdocs.cli import report
from qmsdocs.cli.custody import copy_json, iso
from qmsdocs.cli.output import write_grid
from qmsdocs.cli.session import Session
from qmsdocs.query import custody, master_list
from qmsdocs.render.table import Grid

Answer: TypeAlias = "tuple[Callable[[], Mapping[str, object]], Callable[[], Grid]]"  # as JSON, as a table


def list_documents(session: Session, **options: Any) -> int:
    """0; the master list, what changed since a day, or the documents of external origin were shown.

    Options: changed_since (a date), external, everything (flags: configuration, too), as_json, output.
    """
    if options.get("external"):
        said, grid = _externals(session)
    elif options.get("changed_since"):
        said, grid = _changes(session, options["changed_since"])
    else:
        said, grid = _documents(session, with_configuration=bool(options.get("everything")))
    output = options.get("output")
    if options.get("as_json") or str(output or "").lower().endswith(".json"):
        session.answer_json({"format": 1, **said()}, output)
    else:
        write_grid(session, grid(), output)
    return 0


def _externals(session: Session) -> Answer:
    items, on = custody.externals(session.system), session.system.today
    return (
        lambda: {"external": [_external_json(item) for item in items]},
        lambda: master_list.externals_grid(items, on=on, catalogue=session.catalogue),
    )


def _changes(session: Session, written: str) -> Answer:
    on = session.system.today
    since = report.day(written, "--changed-since") or on
    items = master_list.changed_since(session.system, since)
    return (
        lambda: {"changes": [_changed_json(session, item) for item in items]},
        lambda: master_list.changes_grid(items, since=since, on=on, catalogue=session.catalogue),
    )


def _documents(session: Session, *, with_configuration: bool) -> Answer:
    on = session.system.today
    items = master_list.master_list(session.system, with_configuration=with_configuration)
    return (
        lambda: {"documents": [_listed_json(session, item) for item in items]},
        lambda: master_list.master_grid(items, on=on, catalogue=session.catalogue),
    )


def _listed_json(session: Session, item: master_list.Listed) -> dict[str, object]:
    release, coming, review = item.release, item.coming, item.review
    return {
        "number": item.number,
        "title": item.title.of(session.language),
        "kind": item.kind,
        "revision": release.revision,
        "sha256": release.manifest,
        "effective_on": iso(release.first_day),
        "trial_until": iso(release.trial_until),
        "withdrawn_on": iso(release.withdrawn_on),
        "standing": item.standing.value,
        "owner": item.owner.of(session.language) if item.owner is not None else None,
        "coming": {"revision": coming.revision, "effective_on": iso(coming.first_day)} if coming else None,
        "next_review_on": iso(review.due_on) if review else None,
        "review_overdue": review.is_overdue if review else False,
        "copies": [copy_json(session.system, copy) for copy in item.copies],
    }


def _changed_json(session: Session, item: master_list.Changed) -> dict[str, object]:
    return {
        "on": item.on.isoformat(),
        "number": item.release.number,
        "title": item.title.of(session.language),
        "kind": item.kind,
        "revision": item.release.revision,
        "standing": item.standing.value,
        "replaces": item.replaces or None,
    }


def _external_json(item: custody.External) -> dict[str, object]:
    return {
        "record": item.record,
        "number": item.number,
        "title": item.title,
        "edition": item.edition or None,
        "department": item.department or None,
        "checked_on": iso(item.checked_on),
        "due_on": iso(item.due_on),
        "is_overdue": item.is_overdue,
    }
