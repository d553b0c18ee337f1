"""What speaks against acts in the releases and the journals, by kind: signatures, keys, rights, places, order."""

from __future__ import annotations

from collections.abc import Mapping

from qmsdocs.audit.standing import Copy
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.store.event import Stored
from qmsdocs.system.trust import Trust

UNSIGNED, UNFIT, OTHER_SIGNER, KEY, RIGHT = "HIS440", "HIS441", "HIS442", "HIS443", "HIS444"
PLACE, ORDER, GROUND = "HIS445", "HIS446", "HIS447"

# What `system.trust` and `rights` say, by the kind of fault; whatever is not listed speaks against the right to act.
KINDS: Mapping[str, str] = {
    "it is not signed, and it had to be": UNSIGNED,
    "the signature is missing": UNSIGNED,
    "the key was confirmed without a signature": UNSIGNED,
    "there is a signature, but no signer is named": UNFIT,
    "the signature is not one of these bytes and this meaning ({meaning})": UNFIT,
    "the signature means {meaning}, which this act does not": UNFIT,
    "it is said by {by} and signed by {signer}": OTHER_SIGNER,
    "the signature was made with another key than the one named": OTHER_SIGNER,
    "{person} has no such key": OTHER_SIGNER,
    "the key of {person} did not count yet": KEY,
    "the key of {person} cannot be believed: {why}": KEY,
    "the key of {person} counted from {first} to {last}": KEY,
    "the key of {person} had been reported lost before": KEY,
    "the key of {person} was lost by then, {time}": KEY,
    "it was made for another repository": PLACE,
    "it was made for another ledger, {ledger}": PLACE,
    "it was made for another record, {number}": PLACE,
    "it was made for another place in its record": PLACE,
    "it does not follow the act before it in its record": PLACE,
    "its time has no zone": ORDER,
    "it names a state of the releases that is not held here": ORDER,
    "it names another state of the releases than the one it was written on": ORDER,
    "it names an older state of the releases than its journal had noted before": ORDER,
    "its time, {time}, lies before that of the act before it": ORDER,
    "what stood in the releases was changed or removed later ({commit})": GROUND,
    "it rests on {number} {revision}, which cannot be believed": GROUND,
    "the delegation {number} cannot be believed": GROUND,
}


def doubts(copy: Copy, trust: Trust) -> tuple[tuple[str, Stored, Message], ...]:
    """Every reason not to believe an act in the releases or a journal: the code of its kind, the act, the reason."""
    acts = (*copy.released, *(stored for said in copy.journals for stored in said.events))
    return tuple((KINDS.get(why.template, RIGHT), stored, why) for stored in acts for why in _problems(trust, stored))


def _problems(trust: Trust, stored: Stored) -> tuple[Message, ...]:
    try:
        return trust.problems(stored)
    except QmsError as error:  # what it rests on cannot be read
        return (error.message,)
