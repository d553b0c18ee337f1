"""Pages as PDF/A-3u: the same bytes for the same record on every machine, the record itself attached."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Template, TemplateError

from qmsdocs.base.errors import QmsError, message
from qmsdocs.render import fonts, mark
from qmsdocs.render.blocks import LINES
from qmsdocs.render.context import Plain, context
from qmsdocs.render.fit import SHORTER, Fit, fits
from qmsdocs.render.html import base_css, data_address, form_css, html_template
from qmsdocs.render.layout import layout
from qmsdocs.render.sandbox import environment, missing_name
from qmsdocs.render.sheet import Sheet
from qmsdocs.render.template_check import check_template

if TYPE_CHECKING:
    import pydyf
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration

    from qmsdocs.render.fetch import Fetcher

RECORD = "record.json"
VARIANT = "pdf/a-3u"
MOST_PIXELS = 25_000_000  # of a picture: a small file may unpack to gigabytes


class PdfUnavailable(QmsError):
    """The PDF engine cannot be loaded; a record is issued all the same and its page is pending."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to be embedded in a PDF."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What belongs to the file and not to the page: title, author, dates, attachments."""

    title: str
    author: str
    subject: str
    created: datetime
    modified: datetime
    attachments: tuple[Attached, ...]


def pdf(sheet: Sheet, *, template: str | None, events: bytes, assets: Mapping[str, bytes]) -> bytes:
    """The page of `sheet` with `events` attached as `record.json`; by `template` (HTML) where the form has one.

    `assets` are the files beside the template by name. Raises PdfUnavailable without the engine, QmsError for a
    template that asks for what is not there.
    """
    engine = _engine()
    frame = _Frame(
        f"{sheet.form.title.of(sheet.language)} {sheet.number or sheet.form.number}",
        sheet.organisation,
        sheet.payload,  # readable in the file without unpacking: whoever has the PDF can tell which event it shows
        *sheet.begun_and_changed,
        (Attached(RECORD, events, "the events of this record, as they are stored"),),
    )
    _refuse_large_pictures({**assets, **({"logo": sheet.logo} if sheet.logo else {})})
    drawn = _fitted(sheet, engine) if template is None else _by_template(sheet, template, assets, engine)
    return _written(drawn, frame)


def pdf_of_html(
    html: str,
    *,
    title: str,
    created: datetime,
    author: str = "",
    subject: str = "",
    attachments: Sequence[Attached] = (),
    assets: Mapping[str, bytes] | None = None,
) -> bytes:
    """`html` (its own styles inside it, on top of the faces of every page) as PDF/A-3u.

    Justified Chinese lines are flush. Raises PdfUnavailable, and QmsError for a picture of too many points.
    """
    engine = _engine()
    _refuse_large_pictures(assets or {})
    from qmsdocs.render.justify import flush_lines

    with flush_lines():
        drawn = engine.draw(html, (engine.css(base_css()),), assets or {})
    return _written(drawn, _Frame(title, author, subject, created, created, tuple(attachments)))


class _Engine:
    """WeasyPrint, loaded with a font configuration that knows only the shipped faces."""

    def __init__(self) -> None:
        # Kept as long as the process: fontconfig reads it again whenever a configuration is made.
        self._folder = tempfile.TemporaryDirectory(prefix="qmsdocs-fonts-")
        fonts.configure(Path(self._folder.name))
        logging.getLogger("weasyprint").addHandler(logging.NullHandler())  # else it prints to stderr by itself
        with contextlib.redirect_stdout(io.StringIO()):  # a missing library is also announced on stdout, which is ours
            import weasyprint
            from weasyprint.text.fonts import FontConfiguration

        self._weasyprint = weasyprint
        self._configuration = FontConfiguration
        self._fonts: FontConfiguration = FontConfiguration()
        self._parsed: dict[str, CSS] = {}

    def css(self, text: str) -> CSS:
        """The parsed style sheet, parsed once."""
        if text not in self._parsed:
            self._parsed[text] = self._weasyprint.CSS(string=text, font_config=self._fonts)
        return self._parsed[text]

    def draw(self, html: str, css: Sequence[CSS], assets: Mapping[str, bytes], *, face: str | None = None) -> Document:
        """The pages of `html`, not yet written; `face` is a further @font-face rule, for this document alone."""
        from qmsdocs.render.fetch import BASE, Fetcher

        used = self._fonts
        extra: list[CSS] = []
        if face is not None:
            used = self._configuration()
            extra = [self._weasyprint.CSS(string=face, font_config=used, url_fetcher=Fetcher({}))]
        fetcher = Fetcher(assets)
        with _refusals(fetcher):
            source = self._weasyprint.HTML(string=html, base_url=BASE, url_fetcher=fetcher)
            return source.render(font_config=used, stylesheets=[*css, *extra], pdf_variant=VARIANT)


@contextlib.contextmanager
def _refusals(fetcher: Fetcher) -> Iterator[None]:
    """Raises QmsError at the end where the page asked for what it may not have."""
    from qmsdocs.render.fetch import NotBeside

    with contextlib.suppress(NotBeside):
        yield
    if fetcher.refused:
        raise QmsError(
            "the template asks for {address}, which is not among the files beside it", address=fetcher.refused[0]
        )


@cache
def _loaded() -> _Engine:
    return _Engine()


def _engine() -> _Engine:
    try:
        return _loaded()
    except (ImportError, OSError) as error:
        raise PdfUnavailable(
            "the PDF engine cannot be loaded: {reason}",
            reason=str(error).splitlines()[0] if str(error) else type(error).__name__,
            hint=message(
                "install the libraries: {command}", command="apt-get install libpango-1.0-0 libpangoft2-1.0-0"
            ),
        ) from None


def _fitted(sheet: Sheet, engine: _Engine) -> Document:
    """The page by the derived layout, as roomy as one page allows; over several pages where nothing else helps."""
    page = _Page(sheet, engine)
    several: Fit | None = None
    for lines in (LINES, *SHORTER):
        data = page.context(lines)
        for fit in fits(page.layout, data):
            if not fit.is_one_page:
                several = several or fit
                continue
            drawn = page.draw(data, fit)
            if _form_pages(drawn) == 1:
                return drawn
    assert several is not None  # the last of `fits` is always over several pages
    return page.draw(page.context(LINES), several)


class _Page:
    """One sheet on its way through the derived template."""

    def __init__(self, sheet: Sheet, engine: _Engine) -> None:
        self.sheet, self.engine, self.layout = sheet, engine, layout(sheet.form, sheet.language)
        self.template = _compiled(html_template(self.layout))
        first = context(sheet)
        self.shown, self.face = _wide_face(first)
        self.known: dict[int, dict[str, Plain]] = {} if self.face else {LINES: first}
        self.pictures = _pictures(sheet)

    def context(self, lines: int) -> dict[str, Plain]:
        """What the template may print when a long text has `lines` lines in its cell."""
        if lines not in self.known:
            self.known[lines] = context(self.sheet, shown=self.shown, annex_lines=lines)
        return {**self.known[lines], **self.pictures}

    def draw(self, data: dict[str, Plain], fit: Fit) -> Document:
        """The drawn pages at the level of `fit`."""
        room = {field: f"{height:.2f}" for field, height in fit.room.items()}
        tall = {f"p{position}": position in fit.tall for position in range(len(self.layout.parts))}
        fitted: dict[str, Plain] = {"room": {**room}, "several": not fit.is_one_page, "tall": {**tall}}
        html = self.template.render({**data, **fitted})
        css = self.engine.css(form_css(fit.level))
        return self.engine.draw(html, (css,), {}, face=self.face)


def _wide_face(data: Mapping[str, Plain]) -> tuple[partial[str], str | None]:
    """How to show text, and the @font-face of characters that only an installed face has; None where there are none."""
    codes = data["codes"]
    assert isinstance(codes, list)
    missing = [chr(int(str(code)[3:-1], 16)) for code in codes]
    wide = fonts.wide_coverage(missing) if missing else frozenset()
    path = fonts.wide_face([chr(code) for code in sorted(wide)]) if wide else None
    if path is None:
        return partial(fonts.visible), None
    subset = fonts.wide_subset(path, [chr(code) for code in sorted(wide)])
    rule = f'@font-face {{ font-family: "Qms Wide"; src: url("{data_address("font/ttf", subset)}"); }}'
    return partial(fonts.visible, wide=wide), rule


def _pictures(sheet: Sheet) -> dict[str, Plain]:
    """QR code and logo as addresses of data, for `src` of an image."""
    logo = data_address("image/png", sheet.logo) if sheet.logo else ""
    return {"qr": data_address("image/png", mark.qr_png(sheet.payload)), "logo": logo}


@lru_cache(maxsize=64)
def _compiled(source: str) -> Template:
    return environment().from_string(source)


@lru_cache(maxsize=64)
def _checked(source: str) -> Template:
    check_template(source, source="template.html")
    return _compiled(source)


def _by_template(sheet: Sheet, source: str, assets: Mapping[str, bytes], engine: _Engine) -> Document:
    """The page by a company's own template: long texts whole, since only it knows its cells."""
    template = _checked(source)
    shown, face = _wide_face(context(sheet, annex_lines=None))
    data = context(sheet, shown=shown, annex_lines=None)
    try:
        html = template.render({**data, **_pictures(sheet)})
    except TemplateError as error:
        name, near = missing_name(error, (source,))
        raise QmsError(
            "template.html: there is no {name}",
            name=name or str(error),
            hint=message("did you mean {nearest}?", nearest=near) if near else None,
        ) from None
    return engine.draw(html, (engine.css(base_css()),), assets, face=face)


def _form_pages(drawn: Document) -> int:
    """How many pages the form itself takes, annexes not counted."""
    for position, page in enumerate(drawn.pages):
        if "annex-1" in page.anchors:
            return position
    return len(drawn.pages)


def _written(drawn: Document, frame: _Frame) -> bytes:
    from weasyprint import Attachment

    drawn.metadata.title = frame.title
    drawn.metadata.authors = [frame.author] if frame.author else []
    drawn.metadata.description = frame.subject or None
    drawn.metadata.created = _w3c(frame.created)
    drawn.metadata.modified = _w3c(frame.modified)
    attachments = [
        Attachment(
            file_obj=io.BytesIO(item.data),
            name=item.name,
            description=item.description,
            created=frame.created.astimezone(UTC),
            modified=frame.modified.astimezone(UTC),
            relationship="Source",
        )
        for item in frame.attachments
    ]
    with _refusals(drawn.url_fetcher):
        written: bytes = drawn.write_pdf(finisher=_plain_metadata, pdf_variant=VARIANT, attachments=attachments)
    return written


def _w3c(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain_metadata(_document: Document, file: pydyf.PDF) -> None:
    """Validators want the metadata stream readable without unpacking."""
    number = int(file.catalog["Metadata"].split()[0])
    file.objects[number].compress = False


def _refuse_large_pictures(assets: Mapping[str, bytes]) -> None:
    for name, data in assets.items():
        if _points(data) > MOST_PIXELS:
            raise QmsError("{name}: a picture of more than {limit} points", name=name, limit=MOST_PIXELS)


def _points(data: bytes) -> int:
    """Width times height of a picture; 0 for what is none (a style sheet, an SVG). Only its head is read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                return picture.width * picture.height
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return MOST_PIXELS + 1
    except (UnidentifiedImageError, OSError, ValueError):
        return 0
