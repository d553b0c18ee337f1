"""Drawings of a Word file: the pictures, text boxes and objects in them; equations as a line of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from qmsdocs.base.errors import message
from qmsdocs.fill.word_gathered import Reading
from qmsdocs.fill.word_package import Part, local, r, value

# Names that Word and WPS give to pictures by themselves.
_AUTOMATIC = re.compile(
    r"(?:图片|圖片|图像|图形|图表|picture|image|graphic|img|对象|object|screenshot|微信图片|截图)[\s_\d-]*"
    r"|.*\.(?:png|jpe?g|gif|bmp|emf|wmf|tiff?)|.*(?:描述已自动生成|automatically generated).*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one drawing holds: names of pictures, contents of text boxes, shapes without words, what it is called."""

    pictures: tuple[str, ...]
    boxes: tuple[etree._Element, ...]
    bare_shapes: int
    description: str


def first_choice(alternatives: etree._Element) -> etree._Element | None:
    """The first of alternatives that are written for newer and older programs."""
    return next((one for one in alternatives if local(one) in ("Choice", "Fallback")), None)


def texts(element: etree._Element, *names: str) -> str:
    """All words below `element`, in order, of the elements called so; what stands twice for old programs only once."""
    return "".join(found.text or "" for found in walked(element) if local(found) in names)


def walked(element: etree._Element, *, leaving: str = "") -> Iterator[etree._Element]:
    """The elements below, in order; of alternatives the first, and nothing of what stands inside those to be left."""
    for child in element:
        yield child
        below = first_choice(child) if local(child) == "AlternateContent" else child
        if below is not None and local(child) != leaving:
            yield from walked(below, leaving=leaving)


def drawn(element: etree._Element, part: Part, reading: Reading, where: str) -> Drawn:
    """What the drawing `element` of `part` holds; what cannot be carried is reported."""
    pictures: list[str] = []
    boxes: list[etree._Element] = []
    bare = 0
    description = ""
    for found in walked(element, leaving="txbxContent"):  # what stands inside a text box belongs to the box
        name = local(found)
        if name in ("blip", "imagedata"):
            relation = str(found.get(r("embed")) or found.get(r("id")) or found.get(r("link")) or "")
            picture = reading.picture(part, relation, where)
            pictures += [picture] if picture else []
        elif name == "txbxContent":
            boxes.append(found)
        elif name in ("wsp", "cxnSp"):
            bare += 0 if any(local(one) == "txbxContent" for one in found.iter()) else 1
        elif name == "docPr":
            said = str(found.get("descr") or found.get("title") or "").strip()
            description = "" if _AUTOMATIC.fullmatch(said) else " ".join(said.split())[:200]
        else:
            _report(found, name, part, reading, where)
    return Drawn(tuple(pictures), tuple(boxes), bare, description)


def _report(found: etree._Element, name: str, part: Part, reading: Reading, where: str) -> None:
    if name == "OLEObject":
        kind = str(found.get("ProgID", "")) or "?"
        reading.lost(where, message("an embedded object ({kind}); put it in as a picture or a table", kind=kind))
    elif name == "control":
        reading.lost(where, message("an embedded object ({kind}); put it in as a picture or a table", kind="ActiveX"))
    elif name == "textpath":
        words = str(found.get("string", ""))
        if words and not reading.is_own:
            reading.lost(where, message("a watermark or word art: {words}", words=words))
    elif name in ("relIds", "chart"):
        link = part.links.get(str(found.get(r("dm")) or found.get(r("id")) or ""))
        words = _diagram(link.name if link is not None else "", reading)
        reading.lost(where, message("a diagram, with the words: {words}", words=words or "–"))
    elif name in ("line", "polyline", "connector", "curve", "arc"):
        reading.lost(where, message("a drawn line"))


def _diagram(name: str, reading: Reading) -> str:
    part = reading.package.parts.get(name)
    if part is None:
        return ""
    said = [(found.text or "").strip() for found in part.root.iter("{*}t", "{*}v")]
    return " · ".join(word for word in said if word)


def equation(element: etree._Element) -> str:
    """An equation on one line: a/b, x^2, x_i, √(…)."""
    inside = {local(child): child for child in element}
    match local(element):
        case "t":
            return element.text or ""
        case "f":
            return f"({_below(inside.get('num'))})/({_below(inside.get('den'))})"
        case "sSup":
            return f"{_below(inside.get('e'))}^({_below(inside.get('sup'))})"
        case "sSub":
            return f"{_below(inside.get('e'))}_({_below(inside.get('sub'))})"
        case "rad":
            return f"{_below(inside.get('deg'))}√({_below(inside.get('e'))})"
        case "d":
            return f"({_below(element)})"
        case "nary":
            sign = next((value_of(one) for one in element.iter("{*}chr")), "∫")
            bounds = f"_({_below(inside.get('sub'))})^({_below(inside.get('sup'))})"
            return f"{sign}{bounds} {_below(inside.get('e'))}"
        case _:
            return _below(element)


def value_of(element: etree._Element) -> str:
    """The attribute `val`, in whatever namespace."""
    return next((str(said) for key, said in element.attrib.items() if str(key).endswith("val")), value(element))


def _below(element: etree._Element | None) -> str:
    return "".join(equation(child) for child in element) if element is not None else ""
