"""A package over a range of which records were destroyed: they are named, with the certificate that says so."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from destruction import ORDER, PHRASE, begun, done, due, ended
from program import Make
from pulled import pull, unpacked, verified


@pytest.mark.slow
def test_destroyed_records_are_listed_with_their_certificate(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "phrase").write_text(PHRASE + "\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    house = begun(make, tmp_path / "acme")
    gone, kept = ended(house, "VANISHED"), house.issue("QR-04-01")
    later = due(house)
    done(later, "retention", "dispose", gone, *ORDER, "-m", "保存期满")
    only = later("export", "pull", gone, "-o", tmp_path / "none.zip")
    assert only.code == 1 and gone in only.err and "DSP-HZ-" in only.err
    said = pull(later, tmp_path / "p.zip", "--form", "QR-04-01", "--period", "2026")
    assert said["destroyed"] == [gone] and [item["number"] for item in said["records"]] == [kept]  # type: ignore[attr-defined]
    bag = unpacked(tmp_path / "p.zip", tmp_path / "un")
    code, told = verified(bag)
    assert code == 0, told
    rows = list(openpyxl.load_workbook(bag / "data" / "00 索引.xlsx")["Destroyed records of this range"].values)
    assert rows[1][0] == gone and str(rows[1][2]).startswith("DSP-HZ-")
    [certificate] = bag.glob("data/proof/events/qms/journal/hz/disposal/00/00/000001/0001-issue.json")
    assert gone in certificate.read_text("utf-8")
