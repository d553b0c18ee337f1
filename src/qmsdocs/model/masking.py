"""Personal data masked: what of a record may leave the house, and the digests by which the rest can be shown later."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TypeAlias

from qmsdocs.base.canonical import Json, dumps
from qmsdocs.model.form import Field, FieldType, Form

MASK = "＊＊＊"
_SEPARATORS = re.compile(r"[、，,;；/|\n\t()（）\[\]【】<>《》:：&＆+＋]+")
_AND = re.compile(r"(?i)[和与及]|\band\b")  # between people; a name may hold one of them, so the whole is sought too
_NUMBER = re.compile(r"\d[\d +.()（）—–-]*\d")
_TITLED = re.compile(r"(?i)^(?:mrs?|ms|miss|dr)\b[. ]*|(?:先生|女士|小姐|太太|夫人|老师|师傅|夫妇|夫妻|一家|全家|室)$")
_COMMON = frozenset(
    (
        *("业主", "客户", "用户", "住户", "租户", "本人", "家属"),
        *("电话", "手机", "联系", "联系人", "联系电话", "姓名", "地址"),
    )
)
_CLOSED = frozenset(
    {FieldType.INTEGER, FieldType.DECIMAL, FieldType.DATE, FieldType.DATETIME, FieldType.DURATION, FieldType.BOOLEAN}
)  # nobody's words can stand in them; a type of field that is new is masked until it is named here
_COUNTED = frozenset({FieldType.INTEGER, FieldType.DECIMAL})  # a telephone number may be one; an age is not sought
_LEAST_WIDE, _LEAST_NARROW = 2, 3  # characters; "12" would be found everywhere
_BEGINNINGS = (2, 3, 6)  # lengths by which texts are looked up; the shortest sought has two characters
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_KIND = re.compile(
    r"\.(?:pdf|ofd|docx?|xlsx?|pptx?|wps|et|dps|od[tsp]|rtf|txt|md|csv|json|xml|html?|eml|msg|jpe?g|png|gif|bmp|tiff?|webp"
    r"|heic|svg|dwg|dxf|mp3|wav|m4a|amr|aac|mp4|mov|avi|mkv|3gp|zip|rar|7z|gz)"
)  # any other ending may say what the file is called
_GAPPED, _GAP = 5, 4  # a text of so many signs is found although others stand between them
_LONG, _WIDE_GAP = 7, 8  # a number of so many digits is found within others too: +86, an extension
_MOBILE = 11  # digits of a telephone number behind the code of its country
_SPOKEN = ("reason", "submission")  # what people say in an act beside its values
_BLINDING = ("nonce", "submission")  # with them a short value could be guessed from the hash of the event


# ── texts that must not occur anywhere


def personal_texts(
    form: Form, values: Mapping[str, Json], is_number: Callable[[str], bool] = lambda _text: False
) -> frozenset[str]:
    """The texts of personal fields that must not occur anywhere; persons of the house stand where they act.

    `is_number` tells the number of a record, which is nobody's.
    """
    found: set[str] = set()
    for name, item in form.field.items():
        for cell, value in _cells(item, values.get(name)):
            if cell.personal and not (cell.type is FieldType.RECORD and is_number(str(value))):
                found |= {*_told(cell, value)}
    return frozenset(text for text in found if _is_sought(text) and text not in _COMMON)


def _told(item: Field, value: Json) -> Iterator[str]:
    """What somebody may say elsewhere of a personal value."""
    if item.type in _COUNTED and isinstance(value, int | str):
        yield from _numbers(re.findall(r"\d+", str(value)))
    elif item.type is FieldType.DATE and isinstance(value, str):
        for year, month, day in re.findall(r"^(\d+)-0?(\d+)-0?(\d+)$", value):
            yield from (value, f"{year}-{month}-{day}", f"{year}年{month}月{day}日")
            yield f"{year}年{month:>02}月{day:>02}日"
    elif _is_free(item) and item.type is not FieldType.PERSON and isinstance(value, str):
        yield from (value, *_parts(value, item.type))


def _is_free(item: Field) -> bool:
    """Whether people's own words can stand in it."""
    return item.type not in _CLOSED and not item.choices and item.like is None


def _parts(value: str, kind: FieldType) -> Iterator[str]:
    """What somebody may repeat of a text: each name without its title, each long number without the rest."""
    is_name = kind not in (FieldType.LONG_TEXT, FieldType.PLACE)
    for part in _SEPARATORS.split(value):
        for text in map(str.strip, (part, *_AND.split(part)) if is_name else (part,)):
            words = text.split() if is_name and not _squeezed(text).isascii() else ()
            yield text
            yield from (_TITLED.sub("", word).strip() for word in (text, *words))
    for number in _NUMBER.findall(unicodedata.normalize("NFKC", value).translate(_DIGITS)):
        yield from _numbers(re.findall(r"\d+", number))


def _numbers(groups: list[str]) -> Iterator[str]:
    """The numbers of seven digits and more that groups of digits make: alone, and from the first one on."""
    found = {group for group in groups if len(group) >= _LONG}
    found |= {"".join(groups[:count]) for count in range(1, len(groups) + 1)}
    for number in found:
        if len(number) >= _LONG:
            yield number
        if number.lstrip("0").startswith("86") and len(number) > _MOBILE:
            yield number.lstrip("0")[2:]


def marked(form: Form, revisions: Iterable[Form]) -> Form:
    """The form, personal wherever one of its revisions is: what was personal once is so in all its records."""
    fields = dict(form.field)
    for revision in revisions:
        for name in revision.field.keys() & fields.keys():
            fields[name] = _joined(fields[name], revision.field[name])
    return form.model_copy(update={"field": fields})


def _joined(item: Field, other: Field) -> Field:
    columns = {
        name: _joined(cell, other.column[name]) if name in other.column else cell for name, cell in item.column.items()
    }
    return item.model_copy(update={"personal": item.personal or other.personal, "column": columns})


def _cells(item: Field, value: Json) -> Iterator[tuple[Field, Json]]:
    """A value with its field; of a table every cell with its column, personal where the whole table is."""
    if not item.column:
        yield item, value
        return
    rows = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for row in rows:
        for name, cell in row.items() if isinstance(row, dict) else ():
            if name in item.column:
                column = item.column[name]
                yield column.model_copy(update={"personal": True}) if item.personal else column, cell


class _Signs(dict[int, str]):
    """What each sign is compared as, worked out once: small, without marks, full-width and Chinese digits as digits.

    Signs are taken apart, never put together, so that one alone says the same as one within a text.
    """

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold().translate(_DIGITS)
        return self.setdefault(code, "".join(filter(str.isalnum, plain)))


_SIGNS = _Signs()


def _squeezed(text: str) -> str:
    return text.translate(_SIGNS)


def _is_sought(text: str) -> bool:
    signs = unicodedata.normalize("NFC", _squeezed(text))  # a Korean syllable is one
    return len(signs) >= (_LEAST_NARROW if signs.isascii() else _LEAST_WIDE)


@dataclass(frozen=True)
class Sweep:
    """Texts that are looked for, however they are spaced, in small, capital or full-width signs, with marks or without.

    `is_number` tells the number of a record: where one is expected it leaves as it is.
    """

    texts: frozenset[str]
    is_number: Callable[[str], bool] = field(default=lambda _text: False, repr=False, compare=False)

    @cached_property
    def _by_beginning(self) -> Mapping[str, Mapping[str, int]]:
        """What is sought and how far apart its signs may stand, by how it begins: only few are near any one text."""
        found: dict[str, dict[str, int]] = {}
        for text in self.texts:
            sought = _squeezed(text)
            length = max((length for length in _BEGINNINGS if length <= len(sought)), default=len(sought))
            known = found.setdefault(sought[:length], {})
            known[sought] = max(_reach(text, sought), known.get(sought, 0))
        return found

    def _near(self, squeezed: str) -> Iterator[tuple[str, int]]:
        for length in _BEGINNINGS:
            begun = {squeezed[place : place + length] for place in range(len(squeezed) - length + 1)}
            for beginning in begun & self._by_beginning.keys():
                yield from self._by_beginning[beginning].items()

    def over(self, text: str) -> str:
        """`text` with every occurrence masked."""
        squeezed = _squeezed(text)
        hit = [(sought, reach) for sought, reach in self._near(squeezed) if sought in squeezed]
        places = _places(text) if hit else []
        spans = sorted(span for sought, reach in hit for span in _spans(text, squeezed, places, sought, reach))
        for start, end in _merged(spans):
            text = text[:start] + MASK + text[end:]
        return text

    def finds(self, text: str) -> bool:
        """Whether one of the texts occurs."""
        return self.over(text) != text


def _places(text: str) -> list[int]:
    """Where in `text` each sign of the squeezed one stands."""
    return [place for place, sign in enumerate(text) for _ in _SIGNS[ord(sign)]]


def _reach(text: str, sought: str) -> int:
    """How far apart neighbouring signs may stand: as far as they do in the text itself, longer ones further."""
    gap = _WIDE_GAP if _is_long(sought) else _GAP if len(sought) >= _GAPPED or not sought.isascii() else 0
    apart = pairwise(_places(unicodedata.normalize("NFKD", text)))
    return max(gap + 1, *(later - earlier for earlier, later in apart), 0)


def _is_long(sought: str) -> bool:
    return sought.isdigit() and len(sought) >= _LONG


def _spans(text: str, squeezed: str, places: list[int], sought: str, reach: int) -> Iterator[tuple[int, int]]:
    """Where `sought` stands in `text`, as whole words and short numbers; long numbers within others too."""
    at = squeezed.find(sought)
    while at >= 0:
        own = places[at : at + len(sought)]
        start, end = own[0], own[-1] + 1
        while end < len(text) and unicodedata.category(unicodedata.normalize("NFKD", text[end])[0]).startswith("M"):
            end += 1  # a mark belongs to the letter before it
        is_whole = not (_is_narrow(text[start - 1 : start]) and _is_narrow(text[start]))
        is_whole &= not (_is_narrow(text[end : end + 1]) and _is_narrow(text[own[-1]]))
        if (is_whole or _is_long(sought)) and all(later - earlier <= reach for earlier, later in pairwise(own)):
            yield start, end
        at = squeezed.find(sought, at + 1)


def _is_narrow(sign: str) -> bool:
    """Whether it goes on with the letter or digit beside it; Chinese is written without blanks."""
    plain = unicodedata.normalize("NFKD", sign)[:1]
    return plain.isascii() and plain.isalnum()


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches from the last to the first, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found[::-1]


# ── where it is masked

_Hide: TypeAlias = "Callable[[Json, str, str], Json]"  # value, its place, what of it may be shown → what stands there


@dataclass(frozen=True, slots=True)
class _Masking:
    """Values with something else in the place of what is personal in them."""

    sweep: Sweep
    hide: _Hide

    def value(self, item: Field | None, value: Json, place: str) -> Json:
        if value is None:
            return None
        if item is not None and item.type is FieldType.ATTACHMENT:
            return self._each(value, place, self._file)
        if item is not None and item.personal:
            return self.hide(value, place, "")
        if item is not None and item.column:
            return self._each(value, place, lambda row, below: self._row(item, row, below))
        if item is not None and item.type in _COUNTED and len(str(value)) >= _LONG and self.sweep.finds(str(value)):
            return self.hide(value, place, "")
        return value if item is not None and self._is_nobodys(item, value) else self.text(value, place)

    def _is_nobodys(self, item: Field, value: Json) -> bool:
        return not _is_free(item) or (item.type is FieldType.RECORD and self.sweep.is_number(str(value)))

    def _each(self, parts: Json, place: str, change: Callable[[Json, str], Json]) -> Json:
        if isinstance(parts, list):
            return [change(part, f"{place}/{number}") for number, part in enumerate(parts)]
        if isinstance(parts, dict):
            return {name: change(part, f"{place}/{name}") for name, part in parts.items()}
        return self.text(parts, place)

    def _row(self, item: Field, row: Json, place: str) -> Json:
        if not isinstance(row, dict):
            return self.text(row, place)
        return {name: self.value(item.column.get(name), cell, f"{place}/{name}") for name, cell in row.items()}

    def _file(self, file: Json, place: str) -> Json:
        """What kind of file it is, not what it is called or where it is held."""
        if not isinstance(file, dict) or "name" not in file:
            return self.text(file, place)
        held = {"held_at": self.hide(file["held_at"], f"{place}/held_at", "")} if file.get("held_at") else {}
        return {**file, "name": self.hide(file["name"], f"{place}/name", MASK + suffix(str(file["name"]))), **held}

    def text(self, value: Json, place: str) -> Json:
        """Text with something else where the sweep finds somebody in it; everything else as it is."""
        if not isinstance(value, str):
            return self._each(value, place, self.text) if isinstance(value, list | dict) else value
        swept = self.sweep.over(value)
        return value if swept == value else self.hide(value, place, swept)


def suffix(name: str) -> str:
    """The ending of a file name where it says only what kind of file it is."""
    found = PurePosixPath(name).suffix.lower()
    return found if _KIND.fullmatch(found) else ""


# ── as people see it


def masked(form: Form, values: Mapping[str, Json], sweep: Sweep = Sweep(frozenset())) -> Mapping[str, Json]:
    """The values as they may be shown: personal ones masked, in other texts what `sweep` finds, files without names.

    They are values of `masked_form(form)`, save that a mask stands in the place of anybody's telephone number too.
    """
    masking = _Masking(sweep, lambda _value, _place, shown: shown or MASK)
    return {name: masking.value(form.field.get(name), value, "") for name, value in values.items()}


def masked_form(form: Form) -> Form:
    """The form whose personal fields hold text, so that a mask can stand in them."""
    return form.model_copy(update={"field": {name: _plain(item) for name, item in form.field.items()}})


def _plain(item: Field) -> Field:
    if item.personal and item.type is not FieldType.ATTACHMENT:
        return item.model_copy(update={"type": FieldType.TEXT, "choices": {}, "like": None, "column": {}, "rows": {}})
    if item.column:
        return item.model_copy(update={"column": {name: _plain(cell) for name, cell in item.column.items()}})
    return item


# ── as proof


@dataclass(frozen=True, slots=True)
class MaskedEvent:
    """An event with digests for what is masked, and the salt of each digest by its place (a JSON pointer)."""

    data: bytes
    salts: Mapping[str, str]


def masked_event(
    form: Form | None, body: Mapping[str, Json], sweep: Sweep, new_salt: Callable[[], str]
) -> MaskedEvent | None:
    """The event as it may be shown, every masked value as `{"masked": digest}`; None where there is nothing to mask.

    The digest is the sha256 of the salt (16 bytes) and the canonical value. Where only a part of a text is masked,
    `shown` beside the digest holds the rest. With a value the event's random number goes too: it keeps the hash of
    the whole event from being tried against guesses.
    """
    salts: dict[str, str] = {}

    def hide(value: Json, place: str, shown: str) -> Json:
        salt = salts[place] = new_salt()
        found: dict[str, Json] = {"masked": digest_of(salt, value)}
        return {**found, "shown": shown} if shown else found

    masking = _Masking(sweep, hide)
    found: dict[str, Json] = dict(body)
    for part in ("set", "derived"):
        values = body.get(part)
        if isinstance(values, dict):
            found[part] = {
                name: masking.value(form.field.get(name) if form else None, value, f"/{part}/{name}")
                for name, value in values.items()
            }
    for name in _SPOKEN:
        found[name] = masking.text(body.get(name), f"/{name}")
    if not salts:
        return None
    for name in _BLINDING:
        if body.get(name) is not None:
            found[name] = hide(body[name], f"/{name}", "")
    return MaskedEvent(dumps(found), salts)


def digest_of(salt: str, value: Json) -> str:
    """The digest of a masked value: the sha256 of the salt (given in hexadecimal digits) and the canonical value."""
    return sha256(bytes.fromhex(salt) + dumps(value)).hexdigest()
