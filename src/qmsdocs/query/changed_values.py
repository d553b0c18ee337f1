"""Two readings of TOML compared key by key, as people know the things that have the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qmsdocs.base.language import Language, Text
from qmsdocs.render.redline import ChangedValue

Tree: TypeAlias = Mapping[str, object]
_NAMED = ("title", "name", "text", "says")
_ORDER = Text("{title}（顺序）", "{title} (order)")
_TITLES = {  # of the keys that stand alone: of a document, of a form, of `qms.toml`
    "number": Text("编号", "Number"),
    "title": Text("名称", "Title"),
    "kind": Text("文件种类", "Kind"),
    "owner": Text("归口岗位", "Owner (role)"),
    "parent": Text("上级文件", "Parent"),
    "clauses": Text("对应条款", "Clauses"),
    "references": Text("相关文件", "References"),
    "forms": Text("记录表单", "Forms"),
    "chapters": Text("章节", "Chapters"),
    "distribution": Text("发放部门", "Distribution"),
    "readers": Text("须阅岗位", "Readers"),
    "confidentiality": Text("密级", "Confidentiality"),
    "review_every": Text("评审周期", "Review every"),
    "parameter": Text("参数", "Parameters"),
    "procedure": Text("所属文件", "Procedure"),
    "retention": Text("保存类别", "Retention class"),
    "purpose": Text("用途", "Purpose"),
    "series": Text("编号规则", "Number series"),
    "field": Text("字段", "Field"),
    "state": Text("状态", "State"),
    "step": Text("步骤", "Step"),
    "clock": Text("时限", "Clock"),
    "check": Text("检查", "Check"),
    "raise": Text("引出的记录", "Record called for"),
    "register": Text("台账", "Register"),
    "organisation": Text("组织名称", "Organisation"),
    "site": Text("分公司、项目", "Site"),
    "role": Text("岗位", "Role"),
    "person": Text("人员", "Person"),
    "class": Text("保存类别", "Retention class"),
    "calendar": Text("工作日历", "Working calendar"),
    "approval": Text("审批权限", "Approval"),
}


def changed_values(old: Tree, new: Tree, *, language: Language, is_ordered: bool = False) -> Iterator[ChangedValue]:
    """Every value that differs, in the order of the keys; a table that only one side has is one value.

    With `is_ordered` the order of the tables that both sides have counts too, as it does in a form.
    """
    return _Comparison(language, is_ordered).changed(old, new, (), "")


def printed(value: object, language: Language, *, is_whole: bool = False) -> str:
    """A value of TOML as a reader sees it: text in the language, lists in a row, a table by its title or `is_whole`."""
    if isinstance(value, Mapping):
        if _is_text(value):
            return str(value.get(language.value) or next(iter(value.values())))
        title = _name_of(value)
        if title is not None and not is_whole:
            return printed(title, language)
        said = (f"{key} = {printed(item, language, is_whole=True)}" for key, item in value.items())
        return ("；" if language is Language.ZH else "; ").join(said)
    if isinstance(value, list | tuple):
        return language.comma.join(printed(item, language, is_whole=True) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _name_of(table: Tree) -> object:
    """What a table calls itself, None where it does not; a field may have the name `name` and is a table itself."""
    return next((table[name] for name in _NAMED if name in table and _table(table[name]) is None), None)


def _is_text(value: Mapping[str, object]) -> bool:
    return bool(value) and value.keys() <= {"zh", "en"}


@dataclass(frozen=True, slots=True)
class _Comparison:
    language: Language
    is_ordered: bool

    def changed(self, old: Tree, new: Tree, path: tuple[str, ...], title: str) -> Iterator[ChangedValue]:
        """What differs below `path`, whose table people know by `title`."""
        for key in dict.fromkeys((*old, *new)):
            before, after = _table(old.get(key)), _table(new.get(key))
            if before is not None and after is not None:
                yield from self.changed(before, after, (*path, key), self._title(after, key, title))
                continue
            if old.get(key) != new.get(key):
                said = self._told(old.get(key), new.get(key))
                yield ChangedValue(".".join((*path, key)), title or self._word(key), *said)
        if self.is_ordered and path:
            yield from self._moved(old, new, path, title)

    def _told(self, old: object, new: object) -> tuple[str, str]:
        """Both values so that they are seen to differ: short, in the other language, or just as they are written."""
        for language in (self.language, self.language.other):
            first, last = ("" if value is None else printed(value, language) for value in (old, new))
            if first != last:
                return first, last
        first, last = (json.dumps(value, ensure_ascii=False, default=str) for value in (old, new))
        return first if old is not None else "", last if new is not None else ""

    def _title(self, table: Tree, key: str, above: str) -> str:
        """How people know a table: `字段 联系电话`."""
        if _name_of(table) is None:
            return above or self._word(key)
        return " ".join(part for part in (above, printed(table, self.language)) if part)

    def _word(self, key: str) -> str:
        return _TITLES[key].of(self.language) if key in _TITLES else key

    def _moved(self, old: Tree, new: Tree, path: tuple[str, ...], title: str) -> Iterator[ChangedValue]:
        orders = [[key for key in tree if _table(old.get(key)) and _table(new.get(key))] for tree in (old, new)]
        if orders[0] != orders[1]:
            titles = [
                self.language.comma.join(printed(tree[key], self.language) for key in keys)
                for tree, keys in zip((old, new), orders, strict=True)
            ]
            yield ChangedValue(".".join(path), _ORDER.of(self.language).format(title=title), *titles)


def _table(value: object) -> Tree | None:
    return value if isinstance(value, Mapping) and not _is_text(value) else None
