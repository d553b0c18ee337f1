"""What speaks against acts in the releases and the journals, by kind: signatures, keys, rights, places, order."""

from __future__ import annotations

from collections.abc import Mapping

from qmsdocs.audit.standing import Copy
from qmsdocs.base.errors import Message, QmsError
from qmsdocs.store.event import Stored
from qmsdocs.system.rights import Doubt, Fault
from qmsdocs.system.trust import Trust

CODES: Mapping[Fault, str] = {
    Fault.UNSIGNED: "HIS440",
    Fault.UNFIT: "HIS441",
    Fault.OTHER_SIGNER: "HIS442",
    Fault.KEY: "HIS443",
    Fault.RIGHT: "HIS444",
    Fault.PLACE: "HIS445",
    Fault.ORDER: "HIS446",
    Fault.GROUND: "HIS447",
}


def doubts(copy: Copy, trust: Trust) -> tuple[tuple[str, Stored, Message], ...]:
    """Every reason not to believe an act in the releases or a journal: the code of its kind, the act, the reason."""
    acts = (*copy.released, *(stored for said in copy.journals for stored in said.events))
    return tuple((_code(why), stored, why) for stored in acts for why in _problems(trust, stored))


def _code(why: Message) -> str:
    return CODES[why.fault if isinstance(why, Doubt) else Fault.RIGHT]


def _problems(trust: Trust, stored: Stored) -> tuple[Message, ...]:
    try:
        return trust.problems(stored)
    except QmsError as error:  # what it rests on cannot be read
        return (error.message,)
