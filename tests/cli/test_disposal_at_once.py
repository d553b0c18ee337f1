"""Two disposals at the same moment, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from destruction import ORDER, begun, due, ended
from program import Make, refused

AT_MOMENT = Path(__file__).resolve().parents[1] / "support" / "at_moment.py"


def test_two_disposals_at_once_are_both_carried_out(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "phrase").write_text("correct horse battery\n", "utf-8")
    monkeypatch.setenv("QMSDOCS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("QMSDOCS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    company = begun(make, tmp_path / "acme")
    numbers = [ended(company, text) for text in ("甲甲甲", "乙乙乙")]
    stays = ended(company, "丙丙丙")
    later = due(company)
    working = [
        subprocess.Popen(
            [sys.executable, AT_MOMENT, later.at.isoformat(), "retention", "dispose", number, *ORDER],
            cwd=company.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for number in numbers
    ]  # fmt: skip
    for process in working:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    for number in numbers:
        refused(later("record", "show", number), "was destroyed")
    assert later("record", "show", stays).code == 0
    assert "0 errors" in later("audit", "--full").out
