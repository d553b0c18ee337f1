"""Settings that nobody could ever change again are not let into force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import text_of
from qmsdocs.base.toml import parse
from qmsdocs.model.organisation import Approval, Organisation
from qmsdocs.model.people import People
from qmsdocs.model.release import ItemKind
from qmsdocs.system.view import System

PEOPLE, SETTINGS = "people.toml", "qms.toml"


@dataclass(frozen=True, slots=True)
class _Desk:
    people: People
    matrix: Approval
    on: date

    def in_role(self, roles: tuple[str, ...]) -> frozenset[str]:
        return frozenset(self.people.in_role(roles, on=self.on))


def refuse_lockout(system: System, number: str, files: Mapping[str, bytes]) -> None:
    """Nothing; raises QmsError where after the change nobody could prepare and somebody else approve settings.

    A site that has written cannot go either: its numbers and its seat hang on it.
    """
    if number not in (PEOPLE, SETTINGS):
        return
    text = text_of(next(iter(files.values())), number)
    people, organisation = system.people, system.organisation
    if number == PEOPLE:
        people = parse(text, People, source=number)
    else:
        organisation = parse(text, Organisation, source=number)
        for site in system.organisation.site:
            if site not in organisation.site:
                raise QmsError("{path}: the site {site} cannot go; its records hang on it", path=number, site=site)
    desk = _Desk(people, organisation.approval_of(ItemKind.CONFIGURATION), system.today + timedelta(days=1))
    for act, roles in (
        (message("prepare"), desk.matrix.prepare),
        (message("review"), desk.matrix.review),
        (message("approve"), desk.matrix.approve),
    ):
        if roles and not desk.in_role(roles):
            raise QmsError(
                "{path}: nobody could {act} settings any more; that takes {roles}",
                path=number,
                act=act,
                roles=roles,
                hint=message("see [approval] in qms.toml and the roles in people.toml"),
            )
    if not _can_go_on(desk):
        raise QmsError("{path}: the same person would prepare and approve settings; nobody else could", path=number)


def _can_go_on(desk: _Desk) -> bool:
    reviewers = desk.in_role(desk.matrix.review) if desk.matrix.review else frozenset()
    for author in desk.in_role(desk.matrix.prepare):
        is_reviewed = not desk.matrix.review or bool(reviewers - {author})
        if is_reviewed and desk.in_role(desk.matrix.approve) - {author}:
            return True
    return False
