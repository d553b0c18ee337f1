"""The styles of a Word file: what a paragraph or a run takes from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from qmsdocs.fill.word_package import child, is_on, number, value, w

_HEADING = re.compile(r"(?:heading|标题|標題|überschrift|titre)\s*([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(
    r"(?:toc|目录|目錄|contents)\s*\d?|toc heading|toa heading|table of figures|contents heading", re.IGNORECASE
)
_BODY = 9  # the outline level that means running text


@dataclass(frozen=True, slots=True)
class Style:
    """One style as it is written."""

    name: str
    aliases: tuple[str, ...]
    based_on: str
    paragraph: etree._Element | None
    run: etree._Element | None


@dataclass(frozen=True, slots=True)
class Styles:
    """All styles by id, and the default one of paragraphs."""

    by_id: Mapping[str, Style]
    default: str

    def chain(self, style: str) -> Iterator[Style]:
        """A style and those it is based on, nearest first; a circle ends it."""
        seen: set[str] = set()
        while style in self.by_id and style not in seen:
            seen.add(style)
            yield self.by_id[style]
            style = self.by_id[style].based_on

    def name(self, style: str) -> str:
        """The name people see."""
        return self.by_id[style].name if style in self.by_id else style

    def outline(self, style: str) -> int | None:
        """The level of headings in this style, from 1, by its name or its outline level."""
        for one in self.chain(style):
            for name in (one.name, *one.aliases):
                if found := _HEADING.fullmatch(name):
                    return int(found[1])
            level = child(one.paragraph, "outlineLvl")
            if level is not None:
                return number(level) + 1 if 0 <= number(level) < _BODY else None
        return None

    def numbering(self, style: str) -> etree._Element | None:
        """The `numPr` that paragraphs in this style have."""
        return self._of_paragraph(style, "numPr")

    def switch(self, style: str, name: str) -> bool:
        """Whether a switch of the run properties (`b`, `vanish`) is on."""
        return is_on(self._of_run(style, name))

    def size(self, style: str) -> int:
        """The size of the text in half points, 0 where nothing says it."""
        return number(self._of_run(style, "sz"))

    def is_centred(self, style: str) -> bool:
        """Whether paragraphs in this style stand in the middle."""
        return value(self._of_paragraph(style, "jc")) == "center"

    def is_contents(self, style: str) -> bool:
        """Whether it is a style of the table of contents."""
        return bool(_CONTENTS.fullmatch(self.name(style)))

    def _of_paragraph(self, style: str, name: str) -> etree._Element | None:
        said = (child(one.paragraph, name) for one in self.chain(style))
        return next((found for found in said if found is not None), None)

    def _of_run(self, style: str, name: str) -> etree._Element | None:
        said = (child(one.run, name) for one in self.chain(style))
        return next((found for found in said if found is not None), None)


def read_styles(root: etree._Element | None) -> Styles:
    """The styles written in styles.xml."""
    found: dict[str, Style] = {}
    default = ""
    for style in root.iterfind(w("style")) if root is not None else ():
        name = value(style, "styleId")
        aliases = tuple(part.strip() for part in value(style.find(w("aliases"))).split(","))
        based_on = value(style.find(w("basedOn")))
        found[name] = Style(
            value(style.find(w("name"))).strip(), aliases, based_on, style.find(w("pPr")), style.find(w("rPr"))
        )
        if value(style, "type") == "paragraph" and value(style, "default") in ("1", "true"):
            default = name
    return Styles(found, default)
