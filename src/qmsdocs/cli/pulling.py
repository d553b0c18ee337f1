"""What `export pull` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmsdocs.acts.pull import Taking, begin, pack
from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import refuse_unfit, write_atomically
from qmsdocs.cli import given
from qmsdocs.cli.session import Session
from qmsdocs.export.bag import file_name, writing
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.pull import Packed, Packing, hiding_of, result_of, salts_file, unproven
from qmsdocs.fill.numbers import numbers_in
from qmsdocs.query.selecting import Selection, Wanted, select
from qmsdocs.store.head import HeadLine, record_head_line

_PRIVATE, _SHARED = 0o600, 0o644


def pull(session: Session, **asked: Any) -> int:
    """0 when the package stands in the file that was asked for, 1 when no record fits."""
    session.refuse_on()
    wanted = _wanted(session, asked)
    taking = Taking(session.by, _recipient(asked["recipient"]), asked["reason"], asked["is_full"])
    selection = select(session.system, wanted)
    if not selection.rows:
        session.complain(session.say("no record fits; nothing was written"))
        for gone in selection.destroyed:
            number, certificate = gone.record.number, gone.certificate.number
            session.tell("{number} was destroyed, see {certificate}", number=number, certificate=certificate)
        return 1
    known = {*selection.fitting, *(gone.record.number for gone in selection.destroyed)}
    for number in sorted(set(wanted.numbers) - known):
        session.tell("{number} does not fit what else is asked for; it is left out", number=number)
    if asked["dry_run"]:
        begin(session.system, selection, taking)
        _say_selection(session, selection, as_json=asked["as_json"])
    else:
        done = _made(session, selection, taking, Path(asked["output"]))
        _say(session, selection, done, as_json=asked["as_json"])
    return 0


def _wanted(session: Session, asked: Mapping[str, Any]) -> Wanted:
    """What is asked for on the command line. Raises QmsError for what says nothing."""
    period, customer, listed = asked["period"], asked["customer"], asked["listed"]
    first, last = given.period("--period", period) if period is not None else (None, None)
    index = session.system.index
    of_list = numbers_in(Path(listed), lambda text: index.by_number(text) is not None) if listed is not None else ()
    return Wanted(
        numbers=tuple(dict.fromkeys((*asked["numbers"], *of_list))),
        forms=asked["forms"],
        first=first,
        last=last,
        customer=given.named("--customer", customer) if customer is not None else "",
        clauses=asked["clauses"],
        states=asked["states"],
        sample=asked["sample"],
        seed=_seed(session, asked["sample"], asked["seed"]),
    )


def _recipient(written: str | None) -> str:
    text = given.named("--for", written) if written is not None else ""
    if not text.isprintable():
        raise QmsError("{option}: {what}", option="--for", what=message("it holds signs that nobody sees"))
    return text


def _seed(session: Session, sample: int | None, seed: str | None) -> str:
    if sample is None:
        if seed is not None:
            raise QmsError("--seed belongs to --sample")
        return ""
    return given.named("--seed", seed) if seed is not None else session.system.store.nonce()


@dataclass(frozen=True, slots=True)
class Done:
    """A package that was written."""

    number: str
    path: Path
    salts: Path | None
    packed: Packed
    line: str  # to be told to who gets the package by another way


def _made(session: Session, selection: Selection, taking: Taking, path: Path) -> Done:
    """The package, its record written before it is handed over."""
    refuse_unfit(path)
    hiding = hiding_of(session.system, selection, taking)
    [begun] = session.apply(lambda system: begin(system, selection, taking)).posted
    line = _noted(session)
    mode = _PRIVATE if taking.is_full else _SHARED
    called, made_at = file_name(begun.number), session.system.now
    with _said_if_not_made(session, begun.number), writing(path, name=called, made_at=made_at, mode=mode) as bag:
        packing = Packing(session.system, selection, taking, hiding, session.catalogue, begun, line, bag)
        with session.progress(selection.families, "Drawing pages") as shown:
            for family in shown:
                packing.family(family)
        packed = packing.settle()
        [posted] = session.apply(lambda system: pack(system, begun, result_of(packed))).posted
        after = _noted(session)  # only what is noted after the package is recorded vouches for it
        packing.close(posted, after)
        salts = _keep_salts(path, hiding, begun.number, packed) if hiding.salts else None
    return Done(begun.number, path, salts, packed, str(after))


@contextmanager
def _said_if_not_made(session: Session, number: str) -> Iterator[None]:
    """A block at the end of which the package stands; where it is left before, what stays recorded is said."""
    is_made = False
    try:
        yield
        is_made = True
    finally:
        if not is_made:
            said = "{number} stays recorded, but no package was made; asked for again it gets a new number"
            session.complain(session.say("hint: {what}", what=session.say(said, number=number)))


def _noted(session: Session) -> HeadLine:
    now = session.clock().astimezone(session.system.zone)
    return record_head_line(session.system.store, session.system.site, now=now)


def _keep_salts(package: Path, hiding: Hiding, number: str, packed: Packed) -> Path:
    """Where the salts lie: beside the package, for its owner alone, and never in place of others."""
    path = package.with_name(f"{package.stem}.{file_name(number)}.salts.json")
    refuse_unfit(path)
    write_atomically(path, salts_file(hiding, number, packed.manifest), mode=_PRIVATE)
    return path


def _say_selection(session: Session, selection: Selection, *, as_json: bool) -> None:
    if as_json:
        session.answer_json({"format": 1, "population": selection.population, "records": _listed(selection)})
        return
    for row in selection.rows:
        session.answer(row.number)
    session.tell("{count} records fit, {taken} would be taken with what belongs to them",
                 count=selection.population, taken=len(selection.rows))  # fmt: skip


def _listed(selection: Selection) -> list[Mapping[str, object]]:
    return [
        {"number": row.number, "form": row.form, "state": row.state, "root": family.root.number,
         "asked": row.number in selection.numbers}
        for family in selection.families
        for row in family.rows
    ]  # fmt: skip


def _say(session: Session, selection: Selection, done: Done, *, as_json: bool) -> None:
    packed = done.packed
    if as_json:
        session.answer_json(
            {
                "format": 1,
                "number": done.number,
                "path": str(done.path),
                "salts": str(done.salts) if done.salts else None,
                "manifest": packed.manifest,
                "head": done.line,
                "population": selection.population,
                "seed": selection.wanted.seed or None,
                "records": _listed(selection),
                "destroyed": [gone.record.number for gone in selection.destroyed],
                "events": packed.events,
                "masked": packed.masked,
                "withheld": packed.withheld,
                "missing": packed.missing,
                "unproven": list(packed.unproven),
            }
        )
        return
    session.answer(
        session.say("{number}: {count} records in {path}", number=done.number, count=packed.records, path=done.path)
    )
    told = {"fitting": selection.population, "drawn": len(selection.numbers), "count": len(selection.rows)}
    if selection.wanted.sample is not None:
        session.tell("{fitting} records fit, {drawn} were drawn; with what belongs to them {count}", **told)
    else:
        session.tell("{fitting} records fit; with what belongs to them {count}", **told)
    session.tell("tell who gets it this line by another way; verify.sh must print the same: {line}", line=done.line)
    for site in packed.unproven:
        session.tell(unproven(site))
    if packed.missing:
        session.tell("{count} pages could not be drawn; the index says which", count=packed.missing)
    if done.salts is not None:
        session.tell("personal data are masked; {path} can disclose them one by one and stays here", path=done.salts)
