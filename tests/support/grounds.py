"""Acts in the releases of a company with keys, written past the program, and what speaks against them."""

from __future__ import annotations

from pathlib import Path

from control import Company
from tamper import CONTROL, Hand

from qmsdocs.acts import officers, retention
from qmsdocs.acts.control import Act
from qmsdocs.base.canonical import Json, dumps
from qmsdocs.store.event import Stored
from qmsdocs.store.signature import SigningKey, namespace_of, new_key

HOLD = retention.Holding(classes=("complaint",), title="诉讼")


def established(root: Path) -> Company:
    """Manager, reviewer and clerk have keys; a document was approved a day ago, a hold placed an hour ago."""
    company = Company.begun(root)
    company.key("zhao.lei")
    for person in ("li.ming", "wang.fang"):
        company.key(person)
        company.do(lambda s, person=person: officers.confirm(s, person, Act("zhao.lei", "见过本人")))
    company.later(hours=1).edit(12)
    company.submit()
    company.review()
    company.approve()
    company.later(days=1).do(lambda s: retention.hold(s, HOLD, Act("li.ming", "诉讼")))
    return company.later(hours=1)


def acts(company: Company) -> list[Stored]:
    """Every act in control."""
    definitions = company.system.definitions
    series = ("release", "key", "delegation", "hold", "decision")
    return [stored for name in series for events in definitions.series(name) for stored in events]


def doubts(company: Company, *paths: str) -> list[str]:
    """What speaks against these acts, else against all there are."""
    system = company.system
    found = (stored for stored in acts(company) if not paths or stored.path in paths)
    return [str(why) for stored in found for why in system.trust.problems(stored)]


def last(company: Company, start: str, **said: str) -> Stored:
    """The newest act of the newest record of a series whose first act says so."""
    found = [s for s in acts(company) if s.path.startswith(start)]
    first = [s for s in found if said.items() <= dict(s.event.changes).items()][-1]
    return [s for s in found if s.path.startswith(first.path.rpartition("/")[0])][-1]


def forged(company: Company, stored: Stored, act: str, state: str, said: dict[str, Json],
           key: SigningKey | None = None, at: str | None = None, **changes: Json) -> str:  # fmt: skip
    """The path of one more act of a record, written past the program; unsigned without a key."""
    sequence = int(str(stored.body["sequence"])) + 1
    return written(company, f"{stored.path.rpartition('/')[0]}/{sequence:04d}-{act}.json", {
        **stored.body, "act": act, "state": state, "sequence": sequence, "previous": stored.sha256, "set": said,
        **changes,
    }, key, at)  # fmt: skip


def written(company: Company, path: str, body: dict[str, Json], key: SigningKey | None, at: str | None = None) -> str:
    now = company.now.isoformat(timespec="seconds")
    meaning = body.get("meaning", "approved")
    signer = {"person": body["by"], "key": key.public.fingerprint, "meaning": meaning} if key is not None else None
    clock = "behind" if at is not None else None
    hand = Hand(company.root, CONTROL)
    body = {**body, "control": hand.head, "recorded_at": at or now, "happened_at": None, "signer": signer,
            "entered_by": body["by"], "clock": clock, "nonce": "1" * 32}  # fmt: skip
    body.pop("meaning", None)
    data = dumps(body)
    signed = {path + ".sig": key.sign(data, namespace=namespace_of(str(meaning)))} if key is not None else {}
    hand.commit({path: data, **signed}, at=at or now)
    return path


def begun(company: Company, series: str, said: dict[str, Json], *, key: SigningKey | None, like: Stored,
          at: str | None = None, **changes: Json) -> str:  # fmt: skip
    """The path of the first act of one more record of a series, written past the program."""
    serial = 1 + max((int(s.path.split("/")[3]) for s in acts(company) if s.path.startswith(f"{series}/")), default=0)
    record: dict[str, Json] = {"series": series, "serial": serial, "number": f"{series[:3].upper()}-{serial:06d}"}
    body = {**like.body, "record": record, "sequence": 1, "previous": None, "act": "issue", "set": said, **changes}
    return written(company, f"{series}/00/00/{serial:06d}/0001-issue.json", body, key, at)


def key_of(company: Company, person: str) -> Stored:
    return last(company, "key/", person=person)


def offered(company: Company, person: str, at: str | None = None) -> tuple[SigningKey, Stored]:
    """A key of mine, registered for somebody; and its first act."""
    mine, like = new_key(), key_of(company, person)
    said: dict[str, Json] = {"person": person, "public": mine.public.line, "fingerprint": mine.public.fingerprint,
                             "from_on": "2026-11-01"}  # fmt: skip
    begun(company, "key", said, key=mine, like=like, at=at, by=person, state="offered", meaning="prepared")
    return mine, last(company, "key/", fingerprint=mine.public.fingerprint)
