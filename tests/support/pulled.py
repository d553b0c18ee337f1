"""A company with a chain of signed records, the packages it gives away, and a reader that misses no byte of them."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from program import Program, tool

NAME, PHONE, ROOM = "欧阳昇昇", "13911112222", "乙栋1207"
SPOKEN = (NAME, "欧阳 昇昇", PHONE, "139-1111-2222", "１３９１１１１２２２２", ROOM)  # as people write them elsewhere
HOSTILE = "<script>alert(1)</script> =1+1 {{ 7*7 }} ]]> \u202egnp.exe </w:t> %0D ../../x"
FILE = f"{NAME}的\ufeff照\u2028片%0D.png"
PHOTO = b"\x89PNG\r\n\x1a\n not really a picture of 139"
CHAIN = ("TS-HZ-2026-0001", "LX-HZ-2026-0001")


@dataclass(frozen=True)
class GivenAway:
    """A company, a masked package of it with what was said of it, and a full one."""

    house: Program
    masked: Path
    said: dict[str, object]
    full: Path


def company(program: Program) -> Program:
    """The company with a complaint about a person, a liaison sheet it called for, and records beside them."""
    for person in ("li.ming", "chen.jing"):
        done(program, "key", "new", person)
    [first, second] = CHAIN
    judged = {"nature": "grievance", "same_province": True, "lawsuit": "none", "media": "none", "people_together": 1}
    said = f"{NAME}（电话 139-1111-2222，住乙栋1207）来电。欧阳 昇昇很着急。{HOSTILE}"
    own = {"customer": NAME, "phone": PHONE, "room": ROOM, "needs_others": False, "what_happened": said}
    assert program.issue("QR-14-04", **judged, **own) == first
    photo = program.root / FILE
    photo.write_bytes(PHOTO)
    done(program, "record", "attach", first, photo, "--field", "evidence")
    done(program, "record", "advance", first, "classify", "--as", "wang.fang")
    done(program, "record", "raise", first, "liaison", *_set(LIAISON), "--no-pages")
    done(program, "record", "amend", first, "--set", f"room={ROOM}A", "-m", f"{NAME}更正房号")
    done(program, "record", "advance", first, "settle", "--set", f"answer=已向{NAME}说明", "--as", "wang.fang")
    visited = ("--set", "visited_by=zhang.wei", "--set", "satisfied=satisfied", "--as", "zhang.wei")
    done(program, "record", "advance", first, "visit", *visited)
    done(program, "record", "advance", first, "close", "--set", f"effect={NAME}无反复", "--as", "chen.jing")
    for place in range(3):
        program.issue("QR-04-01", subject=f"第{place + 1}件", content=HOSTILE)
    assert program.record(second)["values"]["content"]
    return program


LIAISON = {
    "urgency": "urgent", "sent_at": "2026-11-20 09:00", "deadline": "2026-11-20", "sent_by": "zhang.wei",
    "from_department": "客户服务部", "to_department": "工程部", "subject": f"请联系{NAME} １３９１１１１２２２２",
}  # fmt: skip


def _set(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def done(program: Program, *words: object) -> str:
    """What a command that must succeed printed."""
    found = program(*words)
    assert found.code == 0, (words, found.err)
    return found.out


def pull(program: Program, path: Path, *words: object) -> dict[str, object]:
    """What `export pull --json` says of the package it wrote."""
    found = program("export", "pull", *words, "--for", "认证机构", "-o", path, "--json")
    assert found.code == 0, found.err
    return dict(found.json)


def unpacked(path: Path, folder: Path) -> Path:
    """The bag, unpacked by a stranger's tool."""
    subprocess.run([tool("unzip"), "-q", str(path), "-d", str(folder)], check=True)
    [bag] = folder.iterdir()
    return bag


def verified(bag: Path) -> tuple[int, str]:
    """What verify.sh says of a bag."""
    script = bag / "data" / "proof" / "verify.sh"
    ran = subprocess.run(
        ["sh", str(script)], cwd="/", capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    return ran.returncode, ran.stdout + ran.stderr


def every_byte(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """`data`, and all that is packed in it: members and their names, streams and texts of PDFs, files within them."""
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            for inner in package.namelist():
                yield f"{name}!", inner.encode()
                yield from every_byte(f"{name}!{inner}", package.read(inner))
    elif data.startswith(b"%PDF-"):
        with pikepdf.open(io.BytesIO(data)) as pdf:
            yield from ((name, item.read_bytes()) for item in pdf.objects if isinstance(item, pikepdf.Stream))
            yield name, str(pdf.docinfo).encode()
        ran = subprocess.run([tool("pdftotext"), "-raw", "-", "-"], input=data, capture_output=True, check=True)
        yield f"{name} as text", b"".join(ran.stdout.split())


def rebagged(bag: Path) -> None:
    """Nothing; the manifests fit what lies in the bag now, as a forger who knows BagIt would make them."""
    files = sorted(path.relative_to(bag).as_posix() for path in bag.rglob("*") if path.is_file())
    payload = [path for path in files if path.startswith("data/")]
    _listed(bag, "manifest-sha256.txt", payload)
    _listed(bag, "tagmanifest-sha256.txt", [p for p in files if p not in payload and p != "tagmanifest-sha256.txt"])


def _listed(bag: Path, name: str, paths: list[str]) -> None:
    lines = (f"{hashlib.sha256((bag / path).read_bytes()).hexdigest()}  {path}\n" for path in paths)
    (bag / name).write_text("".join(sorted(lines, key=lambda line: line[66:].encode())), "utf-8")
