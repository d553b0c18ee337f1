"""Pages as PDF/A-3u: the same bytes for the same record on every machine, the record itself attached."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from jinja2 import Template, TemplateError

from qmsdocs.base.errors import QmsError, message
from qmsdocs.render import fonts, layout as pages, mark
from qmsdocs.render.context import Plain, context
from qmsdocs.render.fit import fits
from qmsdocs.render.html import form_css, html_template
from qmsdocs.render.sandbox import environment, missing_name
from qmsdocs.render.sheet import Sheet

if TYPE_CHECKING:
    import pydyf
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration

RECORD = "record.json"
ASSETS = "https://template.invalid/"  # the base of relative addresses in a template; nothing is ever fetched from there
UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # what a blank bears, which has no date of its own
SHORTER = (6, 3)  # lines of a long text, tried when a record does not stand on the one page of its form


class PdfUnavailable(QmsError):
    """The PDF engine cannot be loaded; the record is issued all the same and its page is pending."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file embedded in a PDF."""

    name: str
    data: bytes
    description: str
    mime: str = "application/json"


def pdf(sheet: Sheet, *, template: str | None, events: bytes, assets: Mapping[str, bytes]) -> bytes:
    """The page of `sheet` with `events` attached as `record.json`; by `template` (HTML) where the form has one.

    `assets` are the files beside the template by name. Raises PdfUnavailable without the engine, QmsError for a template
    that asks for what is not there.
    """
    attached = (Attached(RECORD, events, "the events of this record"),)
    created = _created(sheet)
    if template is not None:
        return _by_template(sheet, template, assets, attached, created)
    document = _fitted(sheet, assets)
    return _written(document, attached, created)
