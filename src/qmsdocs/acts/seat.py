"""Numbers read from paper, when the seat is taken after a restore."""

from __future__ import annotations

from qmsdocs.base.errors import QmsError
from qmsdocs.model.record import FormReference
from qmsdocs.store.handover import LastNumber, known_series
from qmsdocs.store.names import branch_of, records_stem
from qmsdocs.system.view import System


def last_number(system: System, written: str) -> LastNumber:
    """The series and serial of a number on paper. Raises QmsError when it is of no form in force here."""
    site = system.organisation.site[system.site]
    projects = {project.code: name for name, project in system.organisation.project.items()}
    for number in system.form_numbers:
        found = system.form_known(number)
        form = found.form
        read = form.pattern.read(written.strip(), site=site.code)
        if read is None or (read.project and read.project not in projects):
            continue
        first = min(day.year for release in system.releases if (day := release.first_day) is not None)
        if not first - 1 <= read.year <= system.now.year:
            raise QmsError("{number}: nothing was numbered here in {year}", number=written, year=read.year)
        folder = form.pattern.folder(form.series.id, month=read.month, project=projects.get(read.project))
        template = form.pattern.template(site=site.code, year=read.year, month=read.month, project=read.project)
        home = branch_of(records_stem(form.retention), site=system.site, year=read.year)
        held = [
            k.ledger
            for k in known_series(system.store, system.site)
            if k.folder == folder and f"/{read.year}/" in k.ledger
        ]
        reference = FormReference(form.number, found.revision, found.sha256)
        return LastNumber(held[0] if held else home, folder, template, read.serial, reference)
    raise QmsError("{number} is a number of no form in force here", number=written)
