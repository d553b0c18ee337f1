"""A head line kept outside, and a time stamp on it: what they show when the repository was changed since."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from control import Company
from program import Make, Program, refused, tool
from tamper import CONTROL, JOURNAL, RECORDS, Hand, begun, copied, git, recorded, told

from qmsdocs.audit.kept_head import compare
from qmsdocs.audit.scope import Scope
from qmsdocs.base.errors import QmsError
from qmsdocs.store.head import record_head_line


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, str]:
    company = told(tmp_path_factory.mktemp("kept") / "acme")
    line = str(record_head_line(company.system.store, "hz", now=company.now))
    company.later(days=1)
    recorded(company, "之后又一件")
    stored = company.root.with_name("stored")
    company.root.rename(stored)
    return company.copy(root=stored), line


@pytest.fixture
def company(whole: tuple[Company, str], tmp_path: Path) -> Company:
    return copied(whole[0], tmp_path / "acme")


def compared(company: Company, text: str) -> list[tuple[str, str]]:
    return [(code, f"{hit.subject}: {hit.message}") for code, hit in compare(Scope(company.system), text)]


def test_what_has_only_grown_is_fine(company: Company, whole: tuple[Company, str]) -> None:
    later = str(record_head_line(company.system.store, "hz", now=company.now))
    text = f"\ufeff# 抄自 2026-11-05 的登记本\n\n{whole[1]}\r\n  {later}\n"
    assert compared(company, text) == []


def test_a_line_of_an_older_program_has_no_repository(company: Company, whole: tuple[Company, str]) -> None:
    assert compared(company, whole[1].rpartition(" ")[0]) == []


def cut_everything(company: Company) -> None:
    """All ledgers set back to a day before the line was kept, and every note of the program's own removed."""
    days = {RECORDS: 3, JOURNAL: 5, CONTROL: 5}
    for branch, keep in days.items():
        hand = Hand(company.root, branch)
        hand.reset(hand.commits()[keep - 1])
    (company.root / ".qms/written.json").unlink()


def cut_records(company: Company) -> None:
    """What was written that day went that day: no note inside tells of it."""
    hand = Hand(company.root)
    hand.reset(hand.commits()[-4])


def made_anew(company: Company) -> None:
    """Everything in the journal once more, with other random numbers."""

    def other(_: str, added: dict[str, bytes | None]) -> None:
        for path, data in added.items():
            added[path] = (data or b"").replace(b'"nonce":"', b'"nonce":"0')

    Hand(company.root, JOURNAL).rebuilt(other)


@pytest.mark.parametrize(
    ("deed", "code", "words"),
    [
        (cut_everything, "HIS470", "qms/journal/hz: the journal was cut off: HEADS-HZ-000005, kept on 2026-11-04, is gone"),
        (cut_records, "HIS470", f"{RECORDS}: its newest acts were cut off: on 2026-11-04 HEADS-HZ-000005 noted 7 acts"),
        (made_anew, "HIS470", "qms/journal/hz: the journal was rewritten: HEADS-HZ-000005 is not the one kept on"),
        (lambda c: git(c.root, "update-ref", "-d", f"refs/heads/{RECORDS}"), "HIS470", f"{RECORDS}: it is gone"),
    ],
)  # fmt: skip
def test_what_was_taken_away_shows(
    company: Company, whole: tuple[Company, str], deed: Callable[[Company], object], code: str, words: str
) -> None:
    deed(company)
    found = compared(company, whole[1])
    assert any(kind == code and words in said for kind, said in found), found


def test_an_old_copy_is_behind_and_not_cut_off(whole: tuple[Company, str], tmp_path: Path) -> None:
    """Everything in a clone of two days before is whole; the line is of later."""
    git(tmp_path, "clone", "--quiet", str(whole[0].root), "clone")
    clone = whole[0].copy(root=tmp_path / "clone")
    for branch, keep in {RECORDS: 3, JOURNAL: 5}.items():
        old = Hand(whole[0].root, branch).commits()[keep - 1]
        git(clone.root, "update-ref", f"refs/remotes/origin/{branch}", old)
    [(code, said)] = compared(clone, whole[1])
    assert code == "HIS405" and "this copy is behind: HEADS-HZ-000005" in said


def test_a_line_of_another_repository_is_told(whole: tuple[Company, str], tmp_path: Path) -> None:
    other = begun(tmp_path / "other")
    [(code, said)] = compared(other, whole[1])
    assert code == "HIS470" and "is of another repository" in said
    [(code, said)] = compared(other, whole[1].rpartition(" ")[0].replace(" hz ", " sh "))
    assert code == "HIS470" and "is of another repository" in said


def test_a_line_with_other_counts_was_changed(company: Company, whole: tuple[Company, str]) -> None:
    words = whole[1].split()
    [(code, said)] = compared(company, " ".join([*words[:6], str(int(words[6]) - 1), words[7]]))
    assert code == "HIS470" and "the line was changed" in said


def test_a_line_with_another_time_was_changed(company: Company, whole: tuple[Company, str]) -> None:
    words = whole[1].split()
    [(code, said)] = compared(company, " ".join([*words[:2], "2026-11-04T10:00:01+08:00", *words[3:]]))
    assert code == "HIS470" and "the time in the kept line" in said


def test_a_count_nobody_can_write_is_refused(company: Company, whole: tuple[Company, str]) -> None:
    words = whole[1].split()
    with pytest.raises(QmsError, match="line 1 is none that `qmsdocs head` prints"):
        compared(company, " ".join([*words[:6], "9" * 5000, words[7]]))


@pytest.mark.parametrize("text", ["", "# nothing\n", "qmsdocs hz\n", "qmsdocs hz 2026-11-04T10:00:00+08:00 HEADS-HZ-1 x 1 2\n",
                                  "qmsdocs hz 2026-99-04T10:00:00+08:00 HEADS-HZ-000001 " + "a" * 64 + " 1 2\n"])  # fmt: skip
def test_what_is_no_line_is_refused(company: Company, text: str) -> None:
    with pytest.raises(QmsError, match="qmsdocs head"):
        compared(company, text)


# ── the time stamp

CONFIGURATION = """[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


class Authority:
    """A time-stamping authority of nobody, made for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01\n")
        (folder / "use").write_text("extendedKeyUsage=critical,timeStamping\n")
        made = ("-newkey", "rsa:2048", "-nodes", "-subj")
        self._run("req", "-x509", *made, "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2")
        self._run("req", *made, "/CN=TSA", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                  "-out", "tsa.pem", "-days", "2", "-extfile", "use")  # fmt: skip

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def answer(self, query: Path, token: Path) -> None:
        self._run("ts", "-reply", "-config", "tsa.cnf", "-section", "here", "-queryfile", query,
                  "-signer", "tsa.pem", "-inkey", "tsa.key", "-chain", "ca.pem", "-out", token)  # fmt: skip

    def _run(self, *words: object) -> None:
        command = [tool("openssl"), *map(str, words)]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture(scope="module")
def stamped(make: Make, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Path, Path]:
    """A repository, its head line in a file, and the authority's answer."""
    program = make(tmp_path_factory.mktemp("stamped") / "acme")
    folder = program.root.parent
    line, query, token = folder / "head.txt", folder / "head.tsq", folder / "head.txt.tsr"
    assert program("head", "-o", line, "--query", query).code == 0
    authority.answer(query, token)
    return program, line, token


def test_a_stamped_line_is_checked(stamped: tuple[Program, Path, Path], authority: Authority, tmp_path: Path) -> None:
    program, line, token = stamped
    given = ("--token", token, "--ca", authority.ca, "--json")
    found = program("audit", "--head", line, *given)
    assert not [item for item in found.json["findings"] if item["code"].startswith("HIS")]

    other = tmp_path / "head.txt"
    other.write_text(line.read_text() + "# 后加的一行\n")
    [wrong] = [i for i in program("audit", "--head", other, *given).json["findings"] if i["code"] == "HIS471"]
    assert "imprint" in wrong["message"]


def test_a_stamp_of_an_authority_nobody_named_proves_nothing(
    stamped: tuple[Program, Path, Path], tmp_path: Path
) -> None:
    program, line, token = stamped
    other = Authority(tmp_path / "other")
    found = program("audit", "--head", line, "--token", token, "--ca", other.ca, "--json")
    assert [item["code"] for item in found.json["findings"] if item["code"].startswith("HIS")] == ["HIS471"]


def test_files_that_are_no_stamps_are_refused(
    stamped: tuple[Program, Path, Path], authority: Authority, tmp_path: Path
) -> None:
    program, line, token = stamped
    refused(program("audit", "--head", line, "--token", tmp_path / "none", "--ca", authority.ca), "cannot be read")
    found = program("audit", "--head", line, "--token", line, "--ca", authority.ca, "--json")
    assert [item["code"] for item in found.json["findings"] if item["code"].startswith("HIS")] == ["HIS471"]


def test_without_openssl_one_line_says_so(
    stamped: tuple[Program, Path, Path], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, line, token = stamped
    monkeypatch.setenv("PATH", "/nowhere")
    refused(program("audit", "--head", line, "--token", token, "--ca", authority.ca), "openssl is not installed")
