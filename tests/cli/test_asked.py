"""`record fill` as people use it: at a terminal, question by question; with wrong answers, going back, leaving, going on."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from program import Program, program, refused

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo terminal")
PATIENCE = 30.0


class Terminal:
    """A person at a terminal of 100 columns."""

    def __init__(self, desk: Program, *words: str) -> None:
        self.master, other = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        self.process = subprocess.Popen(
            [*program(), *words],
            cwd=desk.root,
            env=environment,
            stdin=other,
            stdout=other,
            stderr=other,
            preexec_fn=take_terminal,
        )
        os.close(other)
        self.seen = ""
        self.read = 0

    def until(self, *words: str) -> str:
        """What was printed up to the last of `words`, each sought behind the one before."""
        begin = self.read
        for word in words:
            while (found := self.seen.find(word, self.read)) < 0:
                self._more(word)
            self.read = found + len(word)
        return self.seen[begin : self.read]

    def _more(self, word: str = "") -> bool:
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        assert ready, f"{word!r} was never printed\n{self.seen}"
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        assert data or not word, f"{word!r} was never printed\n{self.seen}"
        self.seen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def either(self, *words: str) -> str:
        """The one of `words` that is printed first."""
        while not (
            found := [(self.seen.find(word, self.read), word) for word in words if word in self.seen[self.read :]]
        ):
            self._more(" or ".join(words))
        place, word = min(found)
        self.read = place + len(word)
        return word

    def interrupt(self) -> None:
        """Presses Ctrl-C, as a person does who has seen the question."""
        time.sleep(0.3)
        os.write(self.master, b"\x03")

    def type(self, text: str, *, end: str = "\n") -> None:
        """Types a line."""
        os.write(self.master, (text + end).encode())

    def ask(self, question: str, answer: str) -> str:
        """Waits for the prompt of a question and answers it."""
        said = self.until(question, "> ")
        self.type(answer)
        return said

    def close(self) -> int:
        """The exit code, once all is read."""
        while self._more():
            pass
        os.close(self.master)
        return self.process.wait(PATIENCE)


def take_terminal() -> None:
    """In the child: the terminal is its own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def values(desk: Program, name: str = "asked.toml") -> dict[str, object]:
    """The values of a draft that are not empty."""
    held = tomllib.loads((desk.root / name).read_text("utf-8"))["values"]
    return {field: value for field, value in held.items() if str(value).strip()}


def test_a_call_from_the_first_question_to_the_number(live: Program) -> None:
    person = Terminal(live, "record", "fill", "QR-14-03", "-o", "asked.toml", "--issue")
    person.until("Customer information sheet")
    assert "Intake" in person.ask("Accepted at", "yesterday")
    person.until("✗", "date and time")
    person.ask("Accepted at", "2026年11月19日 20时35分")
    person.ask("Accepted by", "王芳")
    person.ask("Kind", "9")
    person.until("✗", "is no choice")
    person.ask("Kind", "?")
    person.ask("Kind", "4")
    person.ask("Source", "phone")
    person.ask("File number", "")
    person.ask("Address", "栖枫园5幢 𠮷")
    person.ask("Unit", "back")
    assert "栖枫园5幢 𠮷" in person.ask("Address", "栖枫园6幢 𠮷")
    person.ask("Unit", "=1+1")
    person.ask("Topic", "")
    person.until("✗")
    person.ask("Topic", "x" * 61)
    person.until("✗", "longer than 60")
    person.ask("Topic", "电梯停运 & <b>")
    person.ask("What the customer says", "y")
    person.ask("Statement", "两台电梯都停了。")
    person.ask("What the customer says", "maybe")
    person.until("✗")
    person.ask("What the customer says", "y")
    person.ask("Statement", "今晚要修好：{{ 7*7 }}")
    person.ask("What the customer says", "n")
    person.ask("Added sheets", "")
    while person.either("> ", "is saved") == "> ":  # the rest may stay empty
        person.type("")
    assert person.close() == 0, person.seen
    number = re.findall(r"(XX-HZ-\d{4}-0001) issued", person.seen)
    assert number, person.seen
    record = live.record(number[0])
    assert record["values"]["accepted_at"] == "2026-11-19T20:35:00+08:00"
    assert record["values"]["accepted_by"] == "wang.fang"
    assert record["values"]["kind"] == "help"
    assert record["values"]["estate"] == "栖枫园6幢 𠮷"
    assert record["values"]["room"] == "=1+1"
    assert record["values"]["topic"] == "电梯停运 & <b>"
    assert [row["statement"] for row in record["values"]["statements"]] == ["两台电梯都停了。", "今晚要修好：{{ 7*7 }}"]


def test_leaving_and_going_on(live: Program) -> None:
    person = Terminal(live, "record", "fill", "QR-14-04", "-o", "asked.toml")
    person.ask("Received at", "2026-11-18 09:20")
    person.ask("First contact", "张伟")
    person.ask("Channel", "电话")
    person.ask("Kind of customer", "quit")
    assert person.close() == 0
    assert "go on later" in person.seen and "still missing" in person.seen
    assert values(live) == {"received_at": "2026-11-18T09:20:00+08:00", "received_by": "zhang.wei", "channel": "phone"}
    submission = tomllib.loads((live.root / "asked.toml").read_text("utf-8"))["submission"]

    again = Terminal(live, "record", "fill", "-o", "asked.toml")
    again.ask("Kind of customer", "owner")
    again.ask("Customer", "林玥")
    again.ask("Telephone", "back")
    assert "林玥" in again.ask("Customer", "")
    again.ask("Telephone", "skip")
    again.ask("Estate and part", "绿汀苑3幢")
    again.ask("Unit", "0802")
    again.ask("Photographs", "")
    again.ask("Problem", "渗漏")
    again.until("What the customer says", "> ")
    for line in ("第一行", "第二行 ''' \"\"\"", "", "后一段", "."):
        again.type(line)
    again.ask("Delay is our fault", "quit")
    assert again.close() == 0
    assert "Telephone" in again.seen.rpartition("still missing")[2]
    held = values(live)
    assert str(held["what_happened"]).removesuffix("\n") == "第一行\n第二行 ''' \"\"\"\n\n后一段"
    refused(live("record", "issue", "asked.toml"), "phone")

    last = Terminal(live, "record", "fill", "-o", "asked.toml")
    last.ask("Telephone", "13800001234")
    last.ask("", "quit")
    assert last.close() == 0
    found = live("record", "issue", "asked.toml", "--json", "--no-pages")
    assert found.code == 0, found.err
    assert tomllib.loads((live.root / "asked.toml").read_text("utf-8"))["submission"] == submission
    assert live("record", "issue", "asked.toml", "--json", "--no-pages").numbers == found.numbers


def test_interrupted_keeps_the_answers(live: Program) -> None:
    person = Terminal(live, "record", "fill", "QR-14-04", "-o", "asked.toml")
    person.ask("Received at", "2026-11-18 09:20")
    person.ask("First contact", "张伟")
    person.until("Channel", "> ")
    person.interrupt()
    assert person.close() == 130
    assert "Traceback" not in person.seen
    assert values(live)["received_by"] == "zhang.wei"


def test_hung_up_keeps_the_answers(live: Program) -> None:
    person = Terminal(live, "record", "fill", "QR-14-04", "-o", "asked.toml")
    person.ask("Received at", "2026-11-18 09:20")
    person.until("First contact", "> ")
    person.type("\x04", end="")
    assert person.close() == 0
    assert values(live) == {"received_at": "2026-11-18T09:20:00+08:00"}
    killed = Terminal(live, "record", "fill", "-o", "asked.toml")
    killed.ask("First contact", "张伟")
    killed.until("Channel", "> ")
    killed.process.send_signal(signal.SIGKILL)
    killed.close()
    assert values(live)["received_by"] == "zhang.wei"


def test_a_draft_is_never_written_over(live: Program) -> None:
    path = live.root / "asked.toml"
    for data in (b"", b"not toml [", b"\xff\xfe", b'form = "QR-14-03"\n', b'form = "QR-99"\n'):
        path.write_bytes(data)
        found = live("record", "fill", "QR-14-04", "-o", path, stdin="2026-11-18 09:20\n")
        refused(found)
        assert path.read_bytes() == data
    folder = live.root / "folder"
    folder.mkdir()
    refused(live("record", "fill", "QR-14-04", "-o", folder))


def test_rubbish_is_asked_again_and_never_stored(live: Program) -> None:
    """Whatever is typed, the dialogue goes on and the draft stays one that can be read."""
    lines = [
        "\x1b[A",
        "\x00",
        "\ufffe",
        "{{ 7*7 }}",
        "'" * 50,
        '"' * 50,
        "\\",
        "x" * 40_000,
        "=1+1",
        "2026-02-30 10:00",
        "-",
        "?",
        "back",
        "clear",
        "skip",
    ]
    path = live.root / "asked.toml"
    found = live("record", "fill", "QR-14-04", "-o", path, stdin="\n".join(lines * 6) + "\n")
    assert found.code == 0, found.err
    assert found.out == ""
    tomllib.loads(path.read_text("utf-8"))
    assert live("record", "fill", "-o", path, stdin="quit\n").code == 0


def test_the_menu_starts_what_it_says(live: Program) -> None:
    live.issue("QR-14-04")
    person = Terminal(live)
    person.until("What is in force", "Number")
    person.type("99")
    person.until("Number")
    person.type("1")
    assert "QR-14-04" in person.until("Leave", "Number: ")
    person.type("4")
    person.until("File: ")
    person.type("none.toml")
    person.until("none.toml", "error: ", "none.toml", "Leave", "Number: ")  # and it goes on
    person.type("")
    assert person.close() == 2  # as the last command ended
    leaving = Terminal(live)
    leaving.until("Leave", "Number")
    leaving.type("0")
    assert leaving.close() == 0
    away = Terminal(live)
    away.until("Number: ")
    away.type("q")
    assert away.close() == 0
    stopped = Terminal(live)
    stopped.until("Number: ")
    stopped.interrupt()
    assert stopped.close() == 130
    assert Path(live.root / "qms.toml").is_file()


@pytest.mark.parametrize(
    ("title", "answers", "command", "said"),
    [
        ("List the controlled documents", (), "document list", "QD-14-02"),
        (
            "Put a document up for review",
            ("QD-99-99", "两处改字"),
            "document submit QD-99-99 -m '两处改字'",
            "QD-99-99",
        ),
        ("Review what waits for me", (), "document review --waiting", ""),
        ("Approve what waits for me", (), "document approve --waiting", ""),
        ("Verify a page", ("9F2C-7A1B",), "verify 9F2C-7A1B", "9F2C-7A1B"),
        ("See which records are due for disposal", (), "retention due", ""),
        (
            "Pack records for an auditor, personal data masked",
            ("TS-HZ-2026-9998 TS-HZ-2026-9999", "p.zip"),
            "export pull TS-HZ-2026-9998 TS-HZ-2026-9999 -o p.zip",
            "TS-HZ-2026-9998",
        ),
        ("Make a backup", ("none/b.zip",), "export backup -o none/b.zip", ""),
    ],
)
def test_the_menu_controls_documents(
    live: Program, title: str, answers: tuple[str, ...], command: str, said: str
) -> None:
    person = Terminal(live)
    shown = person.until(title, "Number: ")
    person.type(re.findall(rf"(\d+)  {title}", shown)[0])
    for answer in answers:
        person.until(": ")
        person.type(answer)
    person.until(f"qmsdocs {command}\x1b[0m\n")
    found = person.until("Leave", "Number: ")
    person.type("q")
    assert person.close() in (0, 1, 2)
    assert said in found and "Usage" not in person.seen


def test_a_bar_is_drawn_for_people_only(live: Program) -> None:
    paths = [live.draft(f"d{turn}.json", "QR-14-04", {"customer": "x"}) for turn in range(3)]
    person = Terminal(live, "record", "issue", *(path.name for path in paths))
    assert person.close() == 2
    assert person.seen.count("error: ") >= 15
    piped = live.process("record", "issue", *paths)
    assert "\r" not in piped.err and "%" not in piped.err
