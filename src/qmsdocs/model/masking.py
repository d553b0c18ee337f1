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

from qmsdocs.base.canonical import Json, dumps
from qmsdocs.model.form import Field, FieldType, Form

MASK = "＊＊＊"
_SEPARATORS = re.compile(r"[、，,;；/|\n\t()（）\[\]【】<>《》:：]+")
_NUMBER = re.compile(r"\d[\d +.()（）—–-]*\d")
_TITLED = re.compile(r"(?i)^(?:mrs?|ms|miss|dr)\b[. ]*|(?:先生|女士|小姐|太太|夫人|老师|师傅|室)$")
_COMMON = frozenset(
    {
        "业主",
        "客户",
        "用户",
        "住户",
        "租户",
        "电话",
        "手机",
        "联系",
        "联系人",
        "联系电话",
        "姓名",
        "地址",
        "本人",
        "家属",
    }
)
_WRITTEN = frozenset(
    {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PLACE, FieldType.CUSTOMER, FieldType.PERSON, FieldType.SIGNATURE}
)
_SOUGHT = _WRITTEN - {FieldType.PERSON} | {FieldType.DATE}  # staff stand where they act
_COUNTED = frozenset({FieldType.INTEGER, FieldType.DECIMAL})  # a telephone number may be one; an age is not sought
_LEAST_WIDE, _LEAST_NARROW = 2, 3  # characters; "12" would be found everywhere
_BEGINNINGS = (2, 3, 6)  # lengths by which texts are looked up; the shortest sought has two characters
_GAPPED, _GAP = 5, 4  # a text of so many signs is found although others stand between them
_LONG, _WIDE_GAP = 7, 8  # a number of so many digits is found within others too: +86, an extension
_MOBILE = 11  # digits of a telephone number behind the code of its country
_BLINDING = ("nonce", "submission")  # with them a short value could be guessed from the hash of the event


# ── texts that must not occur anywhere


def personal_texts(form: Form, values: Mapping[str, Json]) -> frozenset[str]:
    """The texts of personal fields that must not occur anywhere; persons of the house stand where they act."""
    found: set[str] = set()
    for name, item in form.field.items():
        for cell, value in _cells(item, values.get(name)):
            if cell.personal and cell.type in _COUNTED and isinstance(value, int | str):
                found |= {*_numbers(re.findall(r"\d+", str(value)))}
            elif cell.personal and cell.type in _SOUGHT and isinstance(value, str):
                found |= {value} if cell.type is FieldType.DATE else {value, *_parts(value, cell.type)}
    return frozenset(text for text in found if _is_sought(_squeezed(text)) and text not in _COMMON)


def _parts(value: str, kind: FieldType) -> Iterator[str]:
    """What somebody may repeat of a text: each name without its title, each long number without the rest."""
    for part in map(str.strip, _SEPARATORS.split(value)):
        words = part.split() if kind not in (FieldType.LONG_TEXT, FieldType.PLACE) else ()
        yield part
        yield from (_TITLED.sub("", text).strip() for text in (part, *words) if text == part or not text.isascii())
    for number in _NUMBER.findall(unicodedata.normalize("NFKC", value)):
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


def _is_sought(squeezed: str) -> bool:
    return len(squeezed) >= (_LEAST_NARROW if squeezed.isascii() else _LEAST_WIDE)


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


@dataclass(frozen=True)
class Sweep:
    """Texts that are looked for, however they are spaced, in small, capital or full-width signs."""

    texts: frozenset[str]

    @cached_property
    def _by_beginning(self) -> Mapping[str, set[str]]:
        """What is sought, by how it begins: of many thousands only few are near any one text."""
        found: dict[str, set[str]] = {}
        for sought in map(_squeezed, self.texts):
            length = max((length for length in _BEGINNINGS if length <= len(sought)), default=len(sought))
            found.setdefault(sought[:length], set()).add(sought)
        return found

    def _near(self, squeezed: str) -> Iterator[str]:
        for length in _BEGINNINGS:
            begun = {squeezed[place : place + length] for place in range(len(squeezed) - length + 1)}
            for beginning in begun & self._by_beginning.keys():
                yield from self._by_beginning[beginning]

    def over(self, text: str) -> str:
        """`text` with every occurrence masked."""
        squeezed = _squeezed(text)
        hit = [sought for sought in self._near(squeezed) if sought in squeezed]
        spans = sorted(span for sought in hit for span in _spans(text, sought))
        for start, end in _merged(spans):
            text = text[:start] + MASK + text[end:]
        return text

    def finds(self, text: str) -> bool:
        """Whether one of the texts occurs."""
        return self.over(text) != text


def scrubbed(text: str, texts: Iterable[str]) -> str:
    """`text` with every occurrence of `texts` masked."""
    return Sweep(frozenset(texts)).over(text)


def _spans(text: str, sought: str) -> Iterator[tuple[int, int]]:
    """Where `sought` (squeezed) stands in `text`, as whole words and short numbers; long numbers within others too."""
    signs = [
        (sign, place)
        for place, written in enumerate(text)
        for sign in unicodedata.normalize("NFKC", written).casefold()
        if sign.isalnum()
    ]
    squeezed = "".join(sign for sign, _ in signs)
    is_long = sought.isdigit() and len(sought) >= _LONG
    gap = _WIDE_GAP if is_long else _GAP if len(sought) >= _GAPPED or not sought.isascii() else 0
    at = squeezed.find(sought)
    while at >= 0:
        places = [place for _, place in signs[at : at + len(sought)]]
        is_close = all(later - earlier <= gap + 1 for earlier, later in pairwise(places))
        if is_close and (is_long or _is_whole(text, places[0], places[-1] + 1)):
            yield places[0], places[-1] + 1
        at = squeezed.find(sought, at + 1)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit goes on where the stretch begins and ends; Chinese is written without blanks."""
    sides = ((text[start - 1 : start], text[start]), (text[end : end + 1], text[end - 1]))
    return not any(_is_narrow(outside) and _is_narrow(inside) for outside, inside in sides)


def _is_narrow(sign: str) -> bool:
    plain = unicodedata.normalize("NFKC", sign)
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


# ── as people see it


def masked(form: Form, values: Mapping[str, Json], sweep: Sweep = Sweep(frozenset())) -> Mapping[str, Json]:
    """The values as they may be shown: personal ones masked, in other texts what `sweep` finds, files without names.

    They are values of `masked_form(form)`.
    """
    return {name: _shown(form.field.get(name), value, sweep) for name, value in values.items()}


def _shown(item: Field | None, value: Json, sweep: Sweep) -> Json:
    if value is None:
        return None
    if item is not None and item.type is FieldType.ATTACHMENT:
        return [_nameless(file) for file in value] if isinstance(value, list) else value
    if item is not None and item.personal:
        return MASK
    if item is not None and item.column:
        return _each(
            value, lambda row: {name: _shown(item.column.get(name), cell, sweep) for name, cell in row.items()}
        )
    if item is None or item.type in _WRITTEN:
        return _each_text(value, sweep.over)
    return value


def _nameless(file: Json) -> Json:
    """An attachment as it may be shown: what kind of file it is, not what it is called or where it is held."""
    if not isinstance(file, dict):
        return file
    held = {"held_at": MASK} if file.get("held_at") else {}
    return {**file, "name": MASK + suffix(str(file.get("name"))), **held}


def suffix(name: str) -> str:
    """The ending of a file name, as far as it says only what kind of file it is."""
    found = PurePosixPath(name).suffix.lower()
    return found if re.fullmatch(r"\.[a-z0-9]{1,5}", found) else ""


def _each(rows: Json, change: Callable[[dict[str, Json]], Json]) -> Json:
    if isinstance(rows, list):
        return [change(row) if isinstance(row, dict) else row for row in rows]
    if isinstance(rows, dict):
        return {key: change(row) if isinstance(row, dict) else row for key, row in rows.items()}
    return rows


def _each_text(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(part, change) for part in value]
    if isinstance(value, dict):
        return {name: _each_text(part, change) for name, part in value.items()}
    return value


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
    digests = _Digests(form, sweep, new_salt)
    found: dict[str, Json] = dict(body)
    for part in ("set", "derived"):
        values = body.get(part)
        if isinstance(values, dict):
            found[part] = {
                name: digests.value(form.field.get(name) if form else None, value, f"/{part}/{name}")
                for name, value in values.items()
            }
    found["reason"] = digests.text(body.get("reason"), "/reason")
    if not digests.salts:
        return None
    for name in _BLINDING:
        if body.get(name) is not None:
            found[name] = digests.digest(body[name], f"/{name}")
    return MaskedEvent(dumps(found), digests.salts)


@dataclass(frozen=True, slots=True)
class _Digests:
    """Values turned into digests, and the salts that were used."""

    form: Form | None
    sweep: Sweep
    new_salt: Callable[[], str]
    salts: dict[str, str] = field(default_factory=dict)

    def value(self, item: Field | None, value: Json, place: str) -> Json:
        if value is None:
            return None
        if item is not None and item.type is FieldType.ATTACHMENT and isinstance(value, list):
            return [self._file(file, f"{place}/{number}") for number, file in enumerate(value)]
        if item is not None and item.personal:
            return self.digest(value, place)
        if item is not None and item.column:
            return self._table(item, value, place)
        return self.text(value, place) if item is None or item.type in _WRITTEN else value

    def _file(self, file: Json, place: str) -> Json:
        if not isinstance(file, dict) or "name" not in file:
            return file
        held = {"held_at": self.digest(file["held_at"], f"{place}/held_at")} if file.get("held_at") else {}
        return {**file, "name": self.digest(file["name"], f"{place}/name", suffix(str(file["name"]))), **held}

    def _table(self, item: Field, rows: Json, place: str) -> Json:
        listed = enumerate(rows) if isinstance(rows, list) else rows.items() if isinstance(rows, dict) else ()
        made = {
            key: {name: self.value(item.column.get(name), cell, f"{place}/{key}/{name}") for name, cell in row.items()}
            if isinstance(row, dict)
            else row
            for key, row in listed
        }
        return list(made.values()) if isinstance(rows, list) else {str(key): row for key, row in made.items()}

    def text(self, value: Json, place: str) -> Json:
        """Text with a digest where the sweep finds something in it; everything else as it is."""
        if isinstance(value, list):
            return [self.text(part, f"{place}/{number}") for number, part in enumerate(value)]
        if isinstance(value, dict):
            return {name: self.text(part, f"{place}/{name}") for name, part in value.items()}
        if not isinstance(value, str) or not self.sweep.finds(value):
            return value
        return self.digest(value, place, self.sweep.over(value))

    def digest(self, value: Json, place: str, shown: str = "") -> Json:
        salt = self.salts[place] = self.new_salt()
        found: dict[str, Json] = {"masked": digest_of(salt, value)}
        return {**found, "shown": shown} if shown else found


def digest_of(salt: str, value: Json) -> str:
    """The digest of a masked value: the sha256 of the salt (given in hexadecimal digits) and the canonical value."""
    return sha256(bytes.fromhex(salt) + dumps(value)).hexdigest()
