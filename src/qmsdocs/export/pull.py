"""A package for an auditor: a ZIP that is a BagIt bag, readable on top, with the proof beneath."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib import resources

from qmsdocs import __version__
from qmsdocs.acts.pull import Taking
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.errors import Message, message
from qmsdocs.base.language import Catalogue, Text
from qmsdocs.export import index
from qmsdocs.export.audited import audited
from qmsdocs.export.bag import Bag
from qmsdocs.export.contents import Contents
from qmsdocs.export.front import front_files
from qmsdocs.export.hiding import Hiding
from qmsdocs.export.proof import Kind, Proof
from qmsdocs.model.key import allowed_signers
from qmsdocs.query.personal import lacks_records
from qmsdocs.query.selecting import Family, Selection, said
from qmsdocs.render.table_sheet import xlsx
from qmsdocs.store import control, journal, names
from qmsdocs.store.event import Posted, RecordKey
from qmsdocs.store.head import HeadLine
from qmsdocs.store.ledger import events_of
from qmsdocs.system import builtin
from qmsdocs.system.view import System

PROOF, PULL = "proof", "pull"
POPULATION, BESIDE, HEAD = "population.txt", "beside-sha256.txt", "head.json"
README = "请先阅读 README.html"
SALTS_FORMAT = 1
_ASKED = {
    "numbers": Text("编号", "numbers"),
    "form": Text("表单", "form"),
    "period": Text("日期", "days"),
    "clause": Text("条款", "clause"),
    "state": Text("状态", "state"),
}


def hiding_of(system: System, selection: Selection, taking: Taking) -> Hiding:
    """How the selected records leave. Raises QmsError where the words about the package name somebody masked."""
    hiding = Hiding.of(system, is_full=taking.is_full)
    wanted = selection.wanted
    hiding.refuse_named(taking.recipient, taking.reason or "", wanted.seed, *wanted.numbers, *wanted.clauses)
    return hiding


@dataclass(frozen=True, slots=True)
class Packed:
    """What a package turned out to be."""

    manifest: str
    records: int
    events: int
    masked: int
    withheld: int
    missing: int
    unproven: tuple[str, ...]  # sites whose journal here does not say that their records stand as they are


@dataclass
class Packing:
    """A package while it is made, for one pull that was begun."""

    system: System
    selection: Selection
    taking: Taking
    hiding: Hiding
    catalogue: Catalogue
    begun: Posted
    line: HeadLine
    bag: Bag

    def __post_init__(self) -> None:
        self.proof = Proof(self.system.objects, PROOF, self.bag.add)
        self.unproven: tuple[str, ...] = ()
        roots = {family.root.form for family in self.selection.families}
        self.contents = Contents(
            self.system, self.hiding, self.catalogue, self.bag, self.proof.head, is_mixed=len(roots) > 1
        )

    def family(self, family: Family) -> None:
        """Nothing; records that belong together are in."""
        self.contents.family(family)

    def settle(self) -> Packed:
        """What the package is, now that everything but what is said of itself is in."""
        self.contents.close_documents()
        self.contents.close_registers()
        self._prove()
        checked = tuple(audited(self.system, self.hiding, self.catalogue, self.bag))
        found = index.Index(self._facts(), self.contents, self.selection, checked)
        self.bag.add(index.FILE, xlsx(*found.grids(), created=self.system.now))
        for path, data in front_files(found.page()):
            self.bag.add(path, data)
        self.bag.settle(f"{PROOF}/{BESIDE}", self._info(), {README: found.readme()})
        counts = self.proof.counts
        return Packed(
            manifest=sha256(self.bag.manifest),
            records=len(self.contents.records),
            events=counts.get(Kind.EVENT, 0) + counts.get(Kind.MASKED, 0),
            masked=counts.get(Kind.MASKED, 0),
            withheld=counts.get(Kind.WITHHELD, 0),
            missing=sum(taken.path is None for taken in self.contents.records),
            unproven=self.unproven,
        )

    # ── the proof

    def _prove(self) -> None:
        self.proof.places = self.contents.places
        for row in self.selection.rows:
            form = self.system.form_of_row(row).form
            hide = partial(self.hiding.event, form)
            self.proof.record(row.key, hide=hide, withholds_files=not self.hiding.is_full)
        for name, key in (*self._releases(), *self._keys()):
            self.proof.record(key, hide=partial(self.hiding.event, builtin.form(name)))
        self._certificates(self.proof)
        self.unproven = tuple(self._other_sites())
        self.proof.close()
        if self.selection.wanted.sample is not None:
            self.bag.add(f"{PROOF}/{POPULATION}", "".join(f"{n}\n" for n in self.selection.fitting).encode())
        signers = allowed_signers(self.system.definitions.keys, self.system.zone)
        self.bag.add(f"{PROOF}/allowed_signers", signers.encode())
        self.bag.add(f"{PROOF}/verify.sh", (resources.files("qmsdocs") / "builtin/export/verify.sh").read_bytes())

    def _other_sites(self) -> Iterator[str]:
        """The heads that other sites noted of their ledgers are in; gives the sites that noted others, or none here."""
        ledgers: dict[str, dict[str, str]] = {}
        for branch, commit in self.proof.heads.items():
            held = names.parse_branch(branch)
            if held is not None and held.site not in ("", self.system.site):
                ledgers.setdefault(held.site, {})[branch] = commit
        for site, standing in sorted(ledgers.items()):
            found = journal.newest_heads(self.system.objects, site)
            noted = {branch: head.commit for branch, head in found.ledgers.items()} if found is not None else {}
            noted[names.journal_of(site)] = standing.get(names.journal_of(site), "")
            if found is not None and standing.items() <= noted.items():
                self.proof.record(control.key_of(found.stored))
            else:
                yield site

    def _releases(self) -> Iterator[tuple[str, RecordKey]]:
        """The records by which the documents of the package were put into force."""
        for found in self.contents.documents:
            yield builtin.RELEASE, control.key_of(self.system.definitions.events(found.release)[0])

    def _keys(self) -> Iterator[tuple[str, RecordKey]]:
        """The records by which the keys were registered that signatures are checked by."""
        for events in control.records(self.system.objects, self.proof.head(names.CONTROL), control.KEYS):
            yield builtin.KEY, control.key_of(events[0])

    def _certificates(self, proof: Proof, ledger: str = "") -> None:
        """Nothing; the certificates that the package speaks of are in, those of one ledger or all."""
        for gone in self.selection.destroyed:
            key = control.key_of(gone.certificate.events[0])
            if key.ledger == (ledger or key.ledger):
                proof.record(key, hide=partial(self.hiding.event, builtin.form(builtin.DISPOSAL)))

    # ── what is said of the package

    def _facts(self) -> index.Facts:
        say = self.catalogue.say
        organisation = self.system.organisation.organisation.of(self.catalogue.language)
        wanted = said(self.selection.wanted)
        words = {**_ASKED, "customer": self.system.organisation.customer_word}
        asked = "; ".join(
            f"{words[name].of(self.catalogue.language)} {text}" for name, text in wanted.items() if name in words
        )
        facts = [
            (say("Package number"), self.begun.number),
            (say("Organisation"), organisation),
            (say("For whom"), self.taking.recipient or "-"),
            (say("Purpose"), self.taking.reason or "-"),
            (say("Taken by"), self.system.people.names().get(self.taking.by, self.taking.by)),
            (say("Taken at"), f"{self.system.now:%Y-%m-%d %H:%M %z}"),
            (say("Asked for"), asked or say("all records")),
            (say("Records that fit"), str(self.selection.population)),
            (say("Records taken"), str(len(self.selection.rows))),
            (say("Personal data"), say("in this package") if self.taking.is_full else say("masked in this package")),
        ]
        if self.selection.wanted.sample is not None:
            drawn = say("{count} of {population} by the seed {seed}", count=len(self.selection.numbers),
                        population=self.selection.population, seed=self.selection.wanted.seed)  # fmt: skip
            facts.insert(8, (say("Drawn"), drawn))
        return index.Facts(say("Package {number}", number=self.begun.number), tuple(facts), tuple(self._notes()))

    def _notes(self) -> Iterator[str]:
        say = self.catalogue.say
        yield say("How to check everything without our program: sh data/proof/verify.sh")
        if self.selection.wanted.sample is not None:
            yield say("Drawn were the numbers of proof/population.txt with the smallest SHA-256 of `SEED NUMBER`")
        if not self.taking.is_full:
            yield say("Personal data are masked and attachments left out; the house can disclose them one by one")
        for site in self.unproven:
            yield say(unproven(site))
        if self.selection.destroyed:
            yield say("Records of this range were destroyed; they are listed with their certificates")
        if not self.taking.is_full and lacks_records(self.system):
            yield say(
                "Who is named only in records that were destroyed, or are not held here, is not recognised elsewhere"
            )

    def _info(self) -> dict[str, str]:
        organisation = self.system.organisation
        return {
            "Source-Organization": organisation.organisation.of(self.catalogue.language),
            "External-Identifier": self.begun.number,
            "External-Description": self.catalogue.say("Package {number}", number=self.begun.number),
            "Bagging-Date": f"{self.system.now:%Y-%m-%d}",
            "Bag-Software-Agent": f"qmsdocs {__version__}",
        }

    # ── the end

    def close(self, packed: Posted, after: HeadLine) -> None:
        """Nothing; the bag is whole, with the pull's own record beside the payload, and the heads its ledgers stood at.

        All of it stands in the journal under the line `after` it, whose act is there too.
        """
        tags: dict[str, bytes] = {}
        ledger = packed.record.ledger
        proof = Proof(self.system.objects, PULL, tags.__setitem__, heads={ledger: after.journal})
        proof.record(packed.record)
        proof.record(self.line.key)
        self._certificates(proof, ledger)  # no head but this one is ever recorded for the journal
        proof.close()
        [noted] = events_of(self.system.objects, after.key)
        self.bag.close({**tags, f"{PULL}/{HEAD}": noted.event.data})


def unproven(site: str) -> Message:
    """That records of another site are in a package without what proves them, and what to do."""
    return message(
        "The records of {site} are as this place has them; that nothing of them is missing its own journal says: "
        "run `qmsdocs sync` there, then here, and take the package again",
        site=site,
    )


def result_of(packed: Packed) -> dict[str, Json]:
    """What the record of the pull says of the package."""
    return {"manifest": packed.manifest, "masked": packed.masked}


def salts_file(hiding: Hiding, number: str, manifest: str) -> bytes:
    """The salts of every digest in a masked package, to be kept in the house: with one a single value is disclosed."""
    listed: dict[str, Json] = {digest: dict(salts) for digest, salts in sorted(hiding.salts.items())}
    return dumps({"format": SALTS_FORMAT, "package": number, "manifest": manifest, "events": listed}) + b"\n"
