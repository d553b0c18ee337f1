"""Files are written wholly or not at all, read strictly, and named so that every system takes the name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmsdocs.base.errors import QmsError
from qmsdocs.base.files import (
    MAXIMUM_NAME,
    read_bytes,
    read_text,
    read_whole,
    refuse_unfit,
    safe_name,
    write_atomically,
)

RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10))}


def test_a_file_is_written_with_its_folders_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.toml"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["b.toml"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_where_the_disk_refuses_the_old_content_stays(tmp_path: Path) -> None:
    path = tmp_path / "held"
    path.mkdir()
    (path / "inside").write_bytes(b"x")
    with pytest.raises(QmsError, match="cannot be written"):
        write_atomically(path, b"new")  # a folder that is not empty cannot be replaced
    assert [found.name for found in tmp_path.iterdir()] == ["held"]


def test_a_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(QmsError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "inside", b"")


def test_text_is_strict_utf_8_with_plain_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeff一\r\n二\r三\n".encode())
    assert read_text(path) == "一\n二\n三\n"
    path.write_bytes(b"ab\xb0\xa1")
    with pytest.raises(QmsError, match="not UTF-8 at byte 2"):
        read_text(path)
    with pytest.raises(QmsError, match="cannot be read"):
        read_text(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("TS-HZ-2026-0001", "TS-HZ-2026-0001"),
        ("GT/QR·10-01", "GT-QR·10-01"),
        ("XX〔2003〕261号", "XX〔2003〕261号"),
        ("  a. ", "a"),
        ("con", "_con"),
        ("CON.txt", "_CON.txt"),
        ("console", "console"),
        ("..", "-"),
        ("", "-"),
        ("a\u202eb\x00c", "a-b-c"),
        ("e\u0301", "é"),
        ("a" * 199 + ". b", "a" * 199),
    ],
)
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text(max_size=300))
def test_every_text_becomes_a_name_every_system_takes(text: str) -> None:
    encodable = text.encode("utf-8", "ignore").decode("utf-8")
    name = safe_name(encodable)
    assert name and name == Path(name).name
    assert len(name.encode()) <= MAXIMUM_NAME + 1
    assert not set(name) & set('<>:"/\\|?*') and all(ord(character) >= 32 for character in name)
    assert name[-1] not in " ." and name[0] not in " "
    assert name.split(".")[0].lower() not in RESERVED
    assert safe_name(name) == name


def test_what_a_killed_process_left_goes_and_what_another_writes_stays(tmp_path: Path) -> None:
    script = "import sys, time; from pathlib import Path; from qmsdocs.base.files import replacing\n"
    script += "with replacing(Path(sys.argv[1])) as stream:\n"
    script += "    stream.write(b'half'); stream.flush(); print('there', flush=True); time.sleep(60)\n"
    for name in ("killed", "alive"):
        words = [sys.executable, "-c", script, str(tmp_path / name)]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"there\n"
            if name == "alive":
                write_atomically(tmp_path / "other", b"x")
                assert len([*tmp_path.iterdir()]) == 2
            process.kill()
            process.wait()
        assert len([path for path in tmp_path.iterdir() if path.name.startswith(".writing-")]) == 1
    (tmp_path / ".writing-now-a1_b2_c3.qmsdocs").symlink_to(tmp_path / "other")
    for name in (own := (".writing-now-notes.txt", ".writing-now-qmsdocs1", ".writing-now-a1_b2_c3.qmsdocs.bak")):
        (tmp_path / name).write_bytes(b"a user's")
    write_atomically(tmp_path / "other", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"other", ".writing-now-a1_b2_c3.qmsdocs", *own}


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(QmsError, match="not a file"):
            read_bytes(path)
    with pytest.raises(QmsError, match="folder"):
        read_bytes(tmp_path)


def test_more_than_is_wanted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_whole(tmp_path / "file", most=5) == b"12345"
    with pytest.raises(QmsError, match="larger than"):
        read_whole(tmp_path / "file", most=4)


@pytest.mark.parametrize("name", ["-", "", " ", "..", "nul", "COM1.zip", "a?b", "a\tb", "x."])
def test_a_new_file_has_a_name_every_system_takes(tmp_path: Path, name: str) -> None:
    with pytest.raises(QmsError, match="such a file name"):
        refuse_unfit(Path(name))
    refuse_unfit(tmp_path / "包 1.zip")
