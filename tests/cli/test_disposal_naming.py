"""What is destroyed cannot be masked elsewhere any more: the records that still name the person are told beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from destruction import ORDER, begun, due, ended
from program import Make, Program
from pulled import pull, unpacked, verified

GONE, STAYS = ("欧阳昇昇", "13911112222"), ("林玥", "13922223333")
NOTE = "is not recognised elsewhere"


@pytest.fixture
def company(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The company, its people with keys, its own schedule approved."""
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    return begun(make, tmp_path / "acme")


def test_records_that_name_somebody_of_those_destroyed_are_told_before_and_in_the_answer(
    company: Program, tmp_path: Path
) -> None:
    first, second = (ended(company, "甲", "QR-14-04", customer=name, phone=phone) for name, phone in (GONE, STAYS))
    other = company.issue("QR-14-04", customer=STAYS[0], phone=STAYS[1])
    named, known, _ = (
        company.issue("QR-04-01", subject=f"联系{' '.join(text)}") for text in (GONE, STAYS, ("谁",))
    )  # fmt: skip
    before = pull(company, tmp_path / "a.zip", named)
    assert before["masked"] == 1
    assert NOTE not in (unpacked(tmp_path / "a.zip", tmp_path / "a") / "请先阅读 README.html").read_text("utf-8")

    later = due(company)
    planned = later("retention", "dispose", first, second, *ORDER, "-n")
    assert planned.code == 0 and planned.err.count("LX-HZ-") == 1 and named in planned.err, planned.err
    asked = later("retention", "erase", second, *ORDER, "-n", "-m", "her wish", "--requested-by", "a letter",
                  "--law-checked", "none")  # fmt: skip
    assert asked.code == 0 and known in asked.err and other in asked.err and named not in asked.err, asked.err
    said = later("retention", "dispose", first, *ORDER, "--json")
    assert said.code == 0 and said.json["naming"] == [named], said.err

    after = pull(later, tmp_path / "b.zip", named)
    bag = unpacked(tmp_path / "b.zip", tmp_path / "b")
    assert after["masked"] == 0 and verified(bag)[0] == 0
    assert NOTE in (bag / "请先阅读 README.html").read_text("utf-8")
