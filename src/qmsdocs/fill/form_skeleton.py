"""The commented beginning of a new form, in the notation of docs/forms-notation.md."""

from __future__ import annotations

from collections.abc import Mapping

from qmsdocs.base.errors import QmsError
from qmsdocs.fill.toml_value import inline
from qmsdocs.model.form import IDENTIFIER

_FORM = """\
# {number} {title}
# 怎样读这个文件 / how to read this file: docs/forms-notation.md
#   [field.x]  表单上的一格，按页面顺序 / a blank, in the order of the page
#   [state]    记录所处的状态，第一个是起点 / where a record can stand, the first is the start
#   [step.x]   推进记录的一步 / an act that moves the record on
#   required   true = 登记时必填 / when issued，"finish" = 该步之前必填 / for that step

number          = {number_toml}
title           = {title_toml}
owner           = "quality_manager"
procedure       = {procedure_toml}
retention       = {retention_toml}
series          = {{ id = {series_toml}, number = "{code}-{{site}}-{{year}}-{{serial:4}}" }}
confidentiality = "internal"

[field.basics]
type  = "section"
title = {{ zh = "一、基本情况", en = "1 Basics" }}

[field.happened_on]
type     = "date"
title    = {{ zh = "日期", en = "Date" }}
means    = "opened_at"
required = true

[field.reported_by]
type     = "person"
title    = {{ zh = "填写人", en = "Written by" }}
means    = "owner"
required = true

[field.kind]
type  = "choice"
title = {{ zh = "类别", en = "Kind" }}
choices.first  = {{ zh = "甲类", en = "First" }}
choices.second = {{ zh = "乙类", en = "Second" }}

[field.what]
type     = "long_text"
title    = {{ zh = "情况", en = "What happened" }}
means    = "subject"
required = true

[field.result]
type     = "long_text"
title    = {{ zh = "结果", en = "Result" }}
required = "finish"

[state]
open     = {{ title = {{ zh = "处理中", en = "Open" }} }}
finished = {{ title = {{ zh = "已完成", en = "Finished" }}, means = "closed" }}

[step.finish]
title = {{ zh = "完成", en = "Finish" }}
from  = "open"
to    = "finished"
by    = "quality_manager"

[register]
name    = {register_toml}
title   = {register_title}
columns = ["number", "happened_on", "kind", "what", "reported_by", "state", "closed_on"]
order   = ["number"]
"""
_EXAMPLE = """\
form = {number_toml}

[values]
happened_on = 2026-11-02
reported_by = "王芳"
kind        = "first"
what        = "此处写一个例子。"
"""


def form_skeleton(number: str, *, title: str, series: str, procedure: str, retention: str) -> Mapping[str, str]:
    """The files of a new form by name. Raises QmsError for a series id that cannot name a folder."""
    if not IDENTIFIER.fullmatch(series):
        raise QmsError("--series {series}: an id is small letters, digits and -, at most 31", series=series)
    words = {
        "number": " ".join(number.split()),
        "title": " ".join(title.split()),
        "number_toml": inline(number),
        "title_toml": inline(title),
        "procedure_toml": inline(procedure),
        "retention_toml": inline(retention),
        "series_toml": inline(series),
        "code": series.upper(),
        "register_toml": inline(series.replace("-", "_") + "_register"),
        "register_title": inline(f"{title}台账"),
    }
    return {"form.toml": _FORM.format(**words), "example.toml": _EXAMPLE.format(**words)}
