"""Pages as Word documents: by a company's own template, or by one derived from the form, which it may take and edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from zoneinfo import ZoneInfo

from qmsdocs.base.language import Language
from qmsdocs.model.form import Form
from qmsdocs.render import blocks as pages
from qmsdocs.render import mark, word
from qmsdocs.render.compiled import Template, compile_template
from qmsdocs.render.context import Plain, context
from qmsdocs.render.docx_blocks import Page
from qmsdocs.render.docx_page import page_template
from qmsdocs.render.fit import LEVELS, SHORTER, Fit, Level, fits
from qmsdocs.render.layout import layout
from qmsdocs.render.sheet import Sheet


def docx(sheet: Sheet, *, template: bytes | None) -> bytes:
    """The page of `sheet` as a Word document, by `template` where the form has one. The same sheet, the same bytes.

    Raises QmsError for a template that is unfit or asks for what is not there.
    """
    given = {"qr": mark.qr_png(sheet.payload)} | ({"logo": sheet.logo} if sheet.logo else {})
    facts: dict[str, object] = {"logo": sheet.logo is not None}
    if template is not None:
        data = context(sheet, shown=_as_it_is, annex_lines=None)
        return compile_template(template).render({**data, **facts}, given=given, dates=_dates(sheet))
    data, fit = _fitted(sheet)
    page = layout(sheet.form, sheet.language)
    facts["room"] = {block.field: _row(fit.room[block.field], block, fit.level) for block in _texts(page)}
    made = _derived(_Same(sheet.form), sheet.language, LEVELS.index(fit.level), _kept(page, fit))
    return made.render({**data, **facts}, given=given, dates=_dates(sheet))


def docx_template(form: Form, language: Language) -> bytes:
    """The template derived from `form`, for a company to edit: its tags are those docs/templates.md explains."""
    page = layout(form, language)
    _, fit = _fitted(_sample(form, language))
    heights = {block.field: _row(fit.level.text, block, fit.level) for block in _texts(page)}
    return page_template(Page(page, fit.level, heights.__getitem__, _reasoned(form), _kept(page, fit)))


def _as_it_is(text: str) -> str:
    """Word finds a face for every character by itself, so nothing is replaced."""
    return text


def _fitted(sheet: Sheet) -> tuple[dict[str, Plain], Fit]:
    """What to print and how: as roomy as one page allows; over several pages where nothing else helps."""
    page = layout(sheet.form, sheet.language)
    several: tuple[dict[str, Plain], Fit] | None = None
    for lines in (pages.LINES, *SHORTER):
        data = context(sheet, shown=_as_it_is, annex_lines=lines)
        for fit in fits(page, data):
            if fit.is_one_page:
                return data, fit
            several = several or (data, fit)
    assert several is not None  # the last of `fits` is always over several pages
    return several


def _texts(page: pages.Layout) -> tuple[pages.LongText, ...]:
    return tuple(block for block in page.blocks if isinstance(block, pages.LongText))


def _row(room: float, block: pages.LongText, level: Level) -> str:
    """The height of the row around `room` millimetres of text, in twips."""
    return str(word.twips(room + (2 * level.gap if block.beside else 2 * pages.PADDING)))


def _kept(page: pages.Layout, fit: Fit) -> frozenset[int] | None:
    return None if fit.is_one_page else frozenset(range(1, len(page.parts))) - fit.tall


def _dates(sheet: Sheet) -> Mapping[str, str]:
    moments = zip(("created", "modified"), sheet.begun_and_changed, strict=True)
    return {name: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in moments}


def _reasoned(form: Form) -> frozenset[str]:
    """The fields that print why they are as they are."""
    return frozenset(name for name, item in form.field.items() if item.is_derived)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A form that is equal to itself alone: definitions live as long as the program and are large to compare."""

    form: Form

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.form is self.form

    def __hash__(self) -> int:
        return id(self.form)


@lru_cache(maxsize=64)
def _derived(same: _Same, language: Language, level: int, kept: frozenset[int] | None) -> Template:
    """The compiled page of a form; heights of long texts are tags, which only this program reads."""
    page = layout(same.form, language)
    reasoned = _reasoned(same.form)
    made = Page(page, LEVELS[level], lambda name: f"{{{{ room.{name} }}}}", reasoned, kept)
    return compile_template(page_template(made), same.form.number)


def _sample(form: Form, language: Language) -> Sheet:
    """An issued record on which nothing was filled in, by which the room on the page is shared out."""
    return Sheet(
        form=form,
        revision="A/0",
        language=language,
        organisation="",
        zone=ZoneInfo("UTC"),
        number="0",
        state=None,
        status=None,
        values={},
        derived={},
        people={},
        corrections=(),
        acts=(),
        reasons={},
        applies=frozenset(form.field),
        retention="",
        department="",
        receipt=None,
        check="",
        payload="",
        logo=None,
    )
