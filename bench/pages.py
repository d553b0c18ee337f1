"""CPU time of one PDF page, warm, against WeasyPrint as it is normally used with the Noto CJK collection.

Each side is a process of its own, because fontconfig is set up once in a process. Ours draws the page as it is issued:
fitted to one sheet, PDF/A-3u, the events attached. The other side draws the same HTML by `HTML(string).write_pdf()`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache

from bench.rounds import Result, Settings, Work, measure
from bench.word import sheet
from qmsdocs.base.language import Language
from qmsdocs.render import layout as pages
from qmsdocs.render.context import context
from qmsdocs.render.fit import fits
from qmsdocs.render.html import base_css, form_css, html_template
from qmsdocs.render.pdf import pdf
from qmsdocs.render.sandbox import environment
from qmsdocs.render.sheet import Sheet

ROUNDS, DOCUMENTS = 9, 4
PEER_FACES = {"Qms Serif": "Noto Serif CJK SC", "Qms Song": "Noto Serif CJK SC", "Qms Hei": "Noto Sans CJK SC"}
NAME = "PDF a record, warm"


def results(settings: Settings) -> Iterator[Result]:  # noqa: ARG001
    """One line, which says so where the collection is not installed."""
    if not is_installed():
        yield Result(NAME, 0, None, None, "higher", "not measured: the Noto CJK collection is not installed")
        return
    workers = [_begun(side) for side in ("ours", "peer")]
    try:
        found = measure(_of(workers[1]), _of(workers[0]), rounds=ROUNDS)
    finally:
        for worker in workers:
            worker.kill()
    detail = f"{found.base * 1000:.0f} ms against {found.subject * 1000:.0f} ms a document; {found.noise}"
    yield Result(NAME, round(found.ratio, 2), 1.7, 100, "higher", detail)


def _begun(side: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "bench.pages", side]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def is_installed() -> bool:
    """Whether the system's fonts hold the collection."""
    listed = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False).stdout
    return "Noto Serif CJK SC" in listed and "Noto Sans CJK SC" in listed


def _of(worker: subprocess.Popen[str]) -> Work:
    def once() -> float:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write("draw\n")
        return float(worker.stdout.readline())

    return once


def ours() -> bytes:
    """The page as it is issued."""
    return pdf(_sheet(), template=None, events=b'{"events":[],"format":1}', assets={})


def peer() -> bytes:
    """The same page by WeasyPrint alone, with the system's fonts."""
    from weasyprint import HTML

    return bytes(HTML(string=_peer_page()).write_pdf())


@cache
def _sheet() -> Sheet:
    return sheet()


@cache
def _peer_page() -> str:
    said = _sheet()
    layout = pages.layout(said.form, Language.ZH)
    data = context(said)
    fit = next(fits(layout, data))
    fitted = {
        "room": {field: f"{height:.2f}" for field, height in fit.room.items()},
        "several": not fit.is_one_page,
        "tall": {f"p{position}": position in fit.tall for position in range(len(layout.parts))},
        "qr": "",
        "logo": "",
    }
    css = base_css() + form_css(fit.level)
    for name, installed in PEER_FACES.items():
        css = css.replace(f'"{name}"', f'"{installed}"')
    page = environment().from_string(html_template(layout)).render({**data, **fitted})
    return f"<style>{css}</style>{page}"


def serve(side: str) -> None:
    """Draws whenever a line comes in, and answers with the CPU seconds of one document."""
    work = {"ours": ours, "peer": peer}[side]
    for _ in sys.stdin:
        begun = time.process_time()
        for _ in range(DOCUMENTS):
            work()
        sys.stdout.write(f"{(time.process_time() - begun) / DOCUMENTS}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
