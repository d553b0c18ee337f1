"""Texts that other systems lose, change or carry out, and those that nobody can write down."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

LONG = "".join(f"第{turn:04d}处漏水；" for turn in range(2500))[:20_000]

TAKEN: Mapping[str, str] = {
    "ampersand": "Tom & Jerry &amp; &#65; &lt;",
    "angle brackets": "a<b>c</b> </w:t></w:r><script>alert(1)</script>",
    "end of cdata": "]]> <!-- --> <?xml?>",
    "expression": "{{ 7*7 }}",
    "raw block": "{% raw %}x{% endraw %} {% for a in b %}",
    "template comment": "{# gone #} {{% x }}",
    "tag cut by a quote": "{{ '}}' }} ${7*7} #{7*7}",
    "formula": "=1+1",
    "link formula": '=HYPERLINK("http://example.org","x")',
    "telephone": "+8613800001234",
    "at": "@SUM(A1)",
    "minus": "-1",
    "full-width formula": "＝１＋１",
    "apostrophe": "'quoted",
    "guarded already": "'=1+1",
    "guarded twice": "''=1+1",
    "quotes": "' \" ` “双” ‘单’ «x» „y“",
    "triple quotes": "a ''' b \"\"\" c",
    "backslashes": "C:\\new\\table \\u0041 \\x41",
    "percent": "100% %s %(name)s {0} {name}",
    "error value": "#N/A",
    "truth": "TRUE",
    "null": "null",
    "exponent": "1E5",
    "long number": "110101199003070019",
    "leading zeros": "000123",
    "decimals": "1.10",
    "date": "2026-11-21",
    "half date": "3/4",
    "comma and semicolon": 'a,b;c\t"d",e',
    "emoji": "漏水😀👍🏽",
    "family": "👨‍👩‍👧",
    "rare characters": "玥 喆 昇 㐂",
    "beyond the plane": "𠮷野家",
    "right to left": "שלום עולם",
    "marks": "a\u200fb\u200ec",
    "override": "abc\u202efed\u202c",
    "isolates": "\u2066x\u2069",
    "zero width": "a\u200bb\u200dc\ufeffd\u2060e",
    "soft hyphen": "ab\u00adcd",
    "separators": "a\u2028b\u2029c",
    "spaces": "  a  b\u00a0c\u3000d  ",
    "tab": "a\tb",
    "lines": "一\n二\n\n三",
    "windows lines": "一\r\n二\r\n三",
    "old mac lines": "一\r二",
    "mixed lines": "一\r\n二\r三\n四",
    "decomposed": "cafe\u0301 が ｶﾞ Å",
    "many marks": "z" + "\u0301\u0302\u0303\u0323" * 5,
    "compatibility": "ﬁ ① ㎡ ㍿ 豈",
    "escape of a sheet": "_x0041_ _x000D_ _x005F_",
    "code point in words": "[U+20BB7] 𠮷",
    "replacement": "\ufffd",
    "private use": "\ue000",
    "one long word": "W" * 300,
    "20,000 characters": LONG,
}

REFUSED: Mapping[str, str] = {
    "NUL": "a\x00b",
    "bell": "a\x07b",
    "vertical tab": "a\x0bb",
    "form feed": "a\x0cb",
    "escape": "a\x1b[31mb",
    "unit separator": "a\x1fb",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "C1": "a\x9bb",
    "half a character": "a\ud83db",
    "the other half": "a\ude00b",
    "no character": "a\ufffeb",
    "no character either": "a\uffffb",
    "no character in Arabic": "a\ufdd0b",
    "no character far out": "a\U0001fffeb",
}


def normal(text: str) -> str:
    """What is stored: the normal form NFC, line ends as LF, nothing else changed."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
