"""A company's own template is drawn with limits of time and memory."""

from __future__ import annotations

import pytest
from tests.render.sheets import filled

from qmsdocs.base.errors import QmsError
from qmsdocs.render import pdf
from qmsdocs.render.limited import limited

EVENTS = b'{"events":[],"format":1}'


def drawn(template: str, *, seconds: int) -> bytes:
    return limited(
        pdf.pdf,
        source="template.html",
        seconds=seconds,
        sheet=filled("QR-04-01"),
        template=template,
        events=EVENTS,
        assets={},
    )


def test_an_ordinary_template_gives_the_page_it_gives_without_limits() -> None:
    template = "<html><body><h1>{{ title }}</h1>{{ number }}</body></html>"
    here = pdf.pdf(filled("QR-04-01"), template=template, events=EVENTS, assets={})
    assert drawn(template, seconds=20) == here


def test_a_name_the_page_does_not_have_is_said_as_without_limits() -> None:
    with pytest.raises(QmsError, match=r"there is no titel"):
        drawn("<html><body>{{ titel }}</body></html>", seconds=20)


@pytest.mark.parametrize(
    "body",
    (
        "{% for a in labels %}{% for b in labels %}{% for c in labels %}{% for d in labels %}x{% endfor %}"
        "{% endfor %}{% endfor %}{% endfor %}",
        "<table>" + '<tr><td colspan="1000000">x</td></tr>' * 500 + "</table>",
    ),
)
def test_what_never_ends_is_ended(body: str) -> None:
    with pytest.raises(QmsError, match=r"template.html: the page takes more than 3 s"):
        drawn(f"<html><body>{body}</body></html>", seconds=3)
