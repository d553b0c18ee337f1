"""A draft to fill in any editor: every blank with its title, help and choices, and the values already there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qmsdocs.base.language import Language, Text
from qmsdocs.fill.toml_value import inline, key, written
from qmsdocs.model.form import VALUELESS, Field, FieldType, Form

_SHORT = 30  # the other language stands in brackets up to so many characters
_REQUIRED = Text("必填", "required")
_OPTIONAL = Text("可不填", "optional")
_FOR_STEPS = Text("步骤“{steps}”之前填", "needed for the step {steps}")
_EXAMPLE = Text("例：", "e.g. ")
_LISTED = Text("可选多项，写成 {example}", "several may be chosen: {example}")
_CHOOSE = Text("选一项：", "one of: ")
_PEOPLE = Text("人员：", "people: ")
_BELOW = Text("填在本文件末尾 {place} 处", "to be filled at the end of this file, {place}")
_DEPENDS = Text("视其他回答而定", "depends on other answers")
_AGAIN = Text("一行写一段；要加一行，把这一段整段再抄一遍", "one block a row; copy the whole block for one more row")
_ROWS = Text("固定的行，逐行填写", "fixed rows, each filled by itself")
_FILES = Text("文件名，文件放在本文件旁边", "file names, the files lying beside this one")
_LIMITS = (
    (Text("至少 {min}", "at least {min}"), Text("至多 {max}", "at most {max}")),
    (Text("至少 {min} 字", "at least {min} characters"), Text("至多 {max} 字", "at most {max} characters")),
    (Text("至少 {min} 行", "at least {min} rows"), Text("至多 {max} 行", "at most {max} rows")),
    (Text("至少 {min} 项", "at least {min}"), Text("至多 {max} 项", "at most {max}")),
)
_PATTERN = Text("写法：{pattern}", "written like {pattern}")
_EXAMPLES = {
    FieldType.DATE: Text("2026-11-21", "2026-11-21"),
    FieldType.DATETIME: Text("2026-11-21 14:05", "2026-11-21 14:05"),
    FieldType.INTEGER: Text("12", "12"),
    FieldType.DECIMAL: Text("12.5", "12.5"),
    FieldType.DURATION: Text("24小时、3个工作日", "24 hours, 3 working days"),
    FieldType.BOOLEAN: Text("是 或 否", "yes or no"),
}
_HEADLINE = Text("{number} {title}　版次 {revision}", "{number} {title}, revision {revision}")
_HOW = (
    Text(
        "在引号之间填写，存为 UTF-8。标“必填”的登记时要有；行首有 # 的可以不填，要填就删去行首的 # 。",
        "Write between the quotes; save as UTF-8. Required blanks are needed at issue; delete a # to fill that line.",
    ),
    Text(
        "选项写代号或文字都可以：phone 或 电话。",
        "A choice may be given by its key or its words.",
    ),
    Text(
        "内容里有英文引号 \" 或反斜杠 \\ 时，两边的 \" 改成 ' 。写在 ''' 与 ''' 之间的可以分行。",
        "Where the text holds \" or \\, use ' on both sides. Between ''' and ''' it may run over several lines.",
    ),
    Text("填好后： qmsdocs record issue 本文件", "When done: qmsdocs record issue THIS-FILE"),
)
_SUBMISSION = Text(
    "防止同一份重复登记。不要改；再填一份时另做一个文件。",
    "Keeps this draft from being issued twice. Leave it; make a new file for another record.",
)
_MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What a draft is written from. `values` are those already given, raw or canonical, by field."""

    form: Form
    revision: str
    submission: str
    language: Language
    people: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    raised_from: Mapping[str, str] | None = None

    def text(self) -> str:
        """The draft as TOML: simple blanks in page order, tables behind them; it reads back with the same values."""
        simple: list[Sequence[str]] = []
        tables: list[Sequence[str]] = []
        for name, definition in self.form.field.items():
            if definition.type in VALUELESS:
                simple.append(self._section(definition))
            elif name in self.form.entered:
                if definition.type is FieldType.TABLE:
                    simple.append(self._pointer(name, definition))
                    tables.append(self._table(name, definition))
                else:
                    simple.append(self._simple(name, definition))
        others = [name for name in self.values if name not in self.form.entered]  # kept for the issue to refuse by name
        first = ["[values]", *(f"{key(name)} = {inline(self.values[name])}" for name in others)]
        return "\n\n".join("\n".join(block) for block in (self._head(), first, *simple, *tables)) + "\n"

    def _head(self) -> Sequence[str]:
        title = self._both(self.form.title)
        said = _HEADLINE.of(self.language).format(number=self.form.number, title=title, revision=self.revision)
        return (
            f"# {_line(said)}",
            *(f"# {text.of(self.language)}" for text in _HOW),
            "",
            f"form       = {inline(self.form.number)}",
            f"revision   = {inline(self.revision)}",
            f"submission = {inline(self.submission)}   # {_SUBMISSION.of(self.language)}",
            *((f"raised_from = {inline(dict(self.raised_from))}",) if self.raised_from else ()),
        )

    def _section(self, definition: Field) -> Sequence[str]:
        return (f"# ── {_line(definition.title.of(self.language))}",)

    def _both(self, text: Text) -> str:
        """`text` in this language, the other one in brackets where it is short and says something else."""
        own = text.of(self.language)
        other = text.of(self.language.other)
        return f"{own} ({other})" if other != own and len(other) <= _SHORT else own

    def _title(self, definition: Field, *notes: str) -> str:
        return "# " + _line(" · ".join((self._both(definition.title), *(note for note in notes if note))))

    def _need(self, definition: Field) -> str:
        if definition.required is True:
            need = _REQUIRED.of(self.language)
        elif steps := [name for name in definition.required_steps if name in self.form.step]:
            titles = self.language.comma.join(self.form.step[name].title.of(self.language) for name in steps)
            need = _FOR_STEPS.of(self.language).format(steps=titles)
        else:
            need = _OPTIONAL.of(self.language)
        return f"{need} · {_DEPENDS.of(self.language)}" if definition.when is not None else need

    def _limits(self, definition: Field) -> str:
        kind = definition.type
        place = 2 if kind is FieldType.TABLE else 3 if kind in (FieldType.CHOICES, FieldType.ATTACHMENT) else 1
        place = 0 if kind in (FieldType.INTEGER, FieldType.DECIMAL) else place
        least, most = _LIMITS[place]
        parts = [least.of(self.language).format(min=definition.min)] if definition.min is not None else []
        parts += [most.of(self.language).format(max=definition.max)] if definition.max is not None else []
        return ("，" if self.language is Language.ZH else ", ").join(parts)

    def _hints(self, definition: Field) -> Iterator[str]:
        """Comment lines: help, choices, how it is written."""
        if definition.help is not None:
            yield from (f"# {line.strip()}" for line in definition.help.of(self.language).split("\n") if line.strip())
        options = self.form.choices_of(definition)
        if options:
            words = " · ".join(f"{name} = {_line(option.text.of(self.language))}" for name, option in options.items())
            is_single = definition.type is not FieldType.CHOICES
            yield f"# {_CHOOSE.of(self.language)}{words}" if is_single else f"# {words}"
        if definition.type is FieldType.CHOICES:
            yield "# " + _LISTED.of(self.language).format(example=inline([*options][:2]))
        if definition.type is FieldType.PERSON and 0 < len(self.people) <= _MOST_PEOPLE:
            named = " · ".join(f"{person} = {_line(name)}" for person, name in self.people.items())
            yield f"# {_PEOPLE.of(self.language)}{named}"
        if definition.type is FieldType.ATTACHMENT:
            yield f"# {_FILES.of(self.language)}"
        if definition.type in _EXAMPLES:
            yield f"# {_EXAMPLE.of(self.language)}{_EXAMPLES[definition.type].of(self.language)}"
        if definition.pattern is not None:
            yield f"# {_line(_PATTERN.of(self.language).format(pattern=definition.pattern))}"

    def _simple(self, name: str, definition: Field) -> Sequence[str]:
        given = self.values.get(name, definition.default)
        lines = [self._title(definition, self._need(definition), self._limits(definition)), *self._hints(definition)]
        if given not in (None, "", [], {}):
            return (*lines, f"{name} = {written(given)}")
        blank = f"{name} = {_blank(definition)}"
        return (*lines, *(blank.split("\n") if definition.required is True else _commented(blank)))

    def _pointer(self, name: str, definition: Field) -> Sequence[str]:
        place = f"[values.{name}.…]" if definition.rows else f"[[values.{name}]]"
        return (self._title(definition, _BELOW.of(self.language).format(place=place)),)

    def _table(self, name: str, definition: Field) -> Sequence[str]:
        how = (_ROWS if definition.rows else _AGAIN).of(self.language)
        title = self._title(definition, self._need(definition), self._limits(definition))
        lines = [title, *self._hints(definition), f"# {how}"]
        for column, item in definition.column.items():
            if not item.is_derived:
                said = (self._column(column, item), *self._hints(item))
                lines += [f"#   {line.removeprefix('# ')}" for line in said]
        given = self.values.get(name)
        if definition.rows:
            return (*lines, *self._fixed(name, definition, given if isinstance(given, Mapping) else {}))
        return (*lines, *self._free(name, definition, given if isinstance(given, list | tuple) else []))

    def _column(self, column: str, item: Field) -> str:
        need = _REQUIRED.of(self.language) if item.required is True else self._need(item) if item.required_steps else ""
        return self._title(item, need, self._limits(item)).replace("# ", f"# {column}: ", 1)

    def _cells(self, definition: Field, given: object) -> list[str]:
        row = given if isinstance(given, Mapping) else {}
        columns = [(column, item) for column, item in definition.column.items() if not item.is_derived]
        wide = max((len(column) for column, _ in columns), default=0)
        return [f"{column:<{wide}} = {_cell(row.get(column), item)}" for column, item in columns]

    def _free(self, name: str, definition: Field, given: Sequence[object]) -> Iterator[str]:
        for row in given:
            yield from ("", f"[[values.{name}]]", *self._cells(definition, row))
        if not given:
            block = (f"[[values.{name}]]", *self._cells(definition, {}))
            yield from ("", *block) if definition.required is True else ("", *(f"# {line}" for line in block))

    def _fixed(self, name: str, definition: Field, given: Mapping[str, object]) -> Iterator[str]:
        """Fixed rows stand ready unless a later step needs them: an empty one is no answer."""
        is_later = bool(definition.required_steps) and not given
        for row, item in definition.rows.items():
            head = f"[values.{name}.{key(row)}]   # {_line(item.text.of(self.language))}"
            block = (head, *self._cells(definition, given.get(row)))
            yield from ("", *(f"# {line}" for line in block)) if is_later else ("", *block)


def _cell(value: object, item: Field) -> str:
    return inline(value) if value not in (None, "", [], {}) else "[]" if item.type is FieldType.CHOICES else '""'


def _blank(definition: Field) -> str:
    match definition.type:
        case FieldType.LONG_TEXT:
            return "'''\n\n'''"
        case FieldType.CHOICES | FieldType.ATTACHMENT:
            return "[]"
        case _:
            return '""'


def _commented(text: str) -> Iterator[str]:
    """`text` as a comment; a blank of several lines shrinks to one."""
    yield "# " + text.replace("'''\n\n'''", "''''''")


def _line(text: str) -> str:
    """`text` on one line, fit for a comment."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
