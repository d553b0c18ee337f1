"""The labels that header tables, covers and page headers use, and how values behind them read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from qmsdocs.fill.word_numbering import chinese_value

NAMES = ("prepared_by", "reviewed_by", "countersigned_by", "approved_by")
DATES = ("effective_on", "released_on")
# Each fact with the labels it goes by, lower case and without spaces; Traditional signs are read as Simplified ones.
_LABELS: Mapping[str, tuple[str, ...]] = {
    "number": (
        *("文件编号", "文件编码", "文件代号", "文件号", "文件号码", "编号", "编码", "制度编号", "程序编号"),
        *("documentno", "documentno.", "docno", "docno.", "doc.no.", "documentnumber"),
    ),
    "title": (
        *("文件名称", "文件标题", "标题", "名称", "主题", "题目", "制度名称", "程序名称", "流程名称"),
        *("documenttitle", "title"),
    ),
    "revision": (
        *("版次/修订次", "版本/修订次", "版本/修改", "版本/修订", "版本/状态", "版本/版次", "版次/修改次"),
        *("版号/修改码", "版本号/修订号", "版本/修订状态", "版次/修改状态", "版本/修改状态", "edition/revision"),
    ),
    "edition": ("版次", "版本", "版本号", "版号", "版别", "现行版本", "version", "edition"),
    "amendment": (
        *("修订次", "修订次数", "修订状态", "修改状态", "修改次数", "修订号", "修改码", "修订版次", "修订码"),
        *("修订", "revision", "rev", "rev."),
    ),
    "effective_on": ("生效日期", "实施日期", "施行日期", "执行日期", "生效日", "实施日", "effectivedate", "effective"),
    "released_on": (
        *("发布日期", "签发日期", "颁布日期", "发行日期", "制定日期", "编制日期", "制订日期", "发布日"),
        *("issuedate", "issued"),
    ),
    "prepared_by": (
        *("编制", "编制人", "编写", "编写人", "拟制", "拟制人", "拟定", "拟稿", "制定", "制定人", "制订", "制订人"),
        *("起草", "起草人", "作成", "编制/日期", "拟制/日期", "preparedby", "prepared"),
    ),
    "reviewed_by": (
        *("审核", "审核人", "审查", "审查人", "校对", "校核", "审核/日期", "reviewedby", "reviewed", "checkedby"),
    ),
    "countersigned_by": ("会签", "会签人", "会审", "会签部门", "countersignedby"),
    "approved_by": (
        *("批准", "批准人", "核准", "核准人", "审批", "审批人", "签发", "签发人", "核定", "批准/日期", "核准/日期"),
        *("approvedby", "approved"),
    ),
    "organisation": ("公司名称", "单位名称", "公司", "company"),
    "department": (
        *("归口部门", "编制部门", "主责部门", "制定部门", "制订部门", "责任部门", "主管部门", "归口管理部门"),
        *("department", "owner"),
    ),
    "page": ("页码", "页次", "页数", "总页数", "page", "pages"),
    "confidentiality": ("密级", "保密级别", "机密等级", "文件密级", "confidentiality"),
    "copy": (
        *("分发号", "发放编号", "发放号", "受控号", "受控编号", "受控状态", "文件状态", "持有部门", "持有人"),
        *("copyno", "copyno."),
    ),
    "column": ("姓名", "签字", "签名", "日期", "签字/日期", "签名/日期", "部门", "职务", "name", "signature", "date"),
}
_KEYS: Mapping[str, str] = {label: key for key, labels in _LABELS.items() for label in labels}
_SIMPLER = str.maketrans(
    "編號稱審製準訂發實執簽會頁碼題標狀態級門擬寫別歸單責數類術語圍職務範適錄關聯記為與處產質業檔機訴義總則",
    "编号称审制准订发实执签会页码题标状态级门拟写别归单责数类术语围职务范适录关联记为与处产质业档机诉义总则",
)
_LONGEST_LABEL = max(map(len, _KEYS))
_DATE = re.compile(
    r"(?<!\d)([12]\d{3})\s*[-./年]\s*(1[0-2]|0?[1-9])\s*[-./月]\s*(3[01]|[12]\d|0?[1-9])(?:\s*日)?(?!\d)"
)
_CHINESE_DATE = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
# Labels stand at the beginning of a line, or behind a space or a comma.
_LABELLED = re.compile(
    r"(?:^|(?<=[\s,，;；|（(【]))("
    + "|".join(r"\s*".join(map(re.escape, label)) for label in sorted(_KEYS, key=len, reverse=True) if len(label) > 1)
    + r")\s*[:：]",
    re.IGNORECASE,
)


def simpler(text: str) -> str:
    """`text` with the Traditional signs of labels and section names read as Simplified; as long as before."""
    return text.translate(_SIMPLER)


def key_of(text: str) -> str | None:
    """The fact that a label names: 文 件 编 号: is the number."""
    short = "".join(simpler(text).split()).rstrip(":：").replace("／", "/").replace("（", "(").lower()
    return _KEYS.get(re.sub(r"\(.*\)$", "", short)) if len(short) <= _LONGEST_LABEL + 12 else None


def pairs(line: str) -> Iterator[tuple[str, str]]:
    """Every `label: value` of a line as (fact, value); nothing where the line begins otherwise."""
    found = list(_LABELLED.finditer(simpler(line)))
    if not found or line[: found[0].start()].strip(" \t　（(【"):
        return
    ends = [match.start() for match in found[1:]] + [len(line)]
    for match, end in zip(found, ends, strict=True):
        key = key_of(match[1])
        if key is not None:
            yield key, line[match.end() : end].strip(" \t,，;；|　_）)】")


def date_in(text: str) -> date | None:
    """The first date written in `text`: 2012年6月1日, 2012.6.1, 二〇一二年六月一日."""
    if found := _DATE.search(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _CHINESE_DATE.search(text):
        year = int("".join(str(max("〇一二三四五六七八九".find(sign), 0)) for sign in found[1]))
        month, day = (chinese_value(part) or 0 for part in found.groups()[1:])
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def without_date(text: str) -> str:
    """`text` without the dates in it."""
    return _CHINESE_DATE.sub("", _DATE.sub("", text)).strip(" \t/　,，()（）")
