"""Time stamps of an authority (RFC 3161) beside a kept head line, asked for and checked by stock openssl."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from qmsdocs.base.errors import QmsError, cause, message

_PATIENCE = 60.0
_STAMPED = re.compile(r"^Time stamp: (\w{3} +\d{1,2} \d\d:\d\d:\d\d(?:\.\d+)? \d{4}) GMT$", re.MULTILINE)


def request(path: Path) -> bytes:
    """The question to send to an authority for a stamp on the bytes of `path` (what belongs into a .tsq file)."""
    _readable(path)
    return _run(["-query", "-data", str(path.resolve()), "-sha256", "-cert"]).stdout


def fault(path: Path, token: Path, ca: Path) -> str:
    """Why the authority's answer `token` is no stamp on the bytes of `path`, in openssl's words; empty when it is one.

    `ca` holds the certificates that are believed, the authority's own among them. Raises QmsError for a file that
    cannot be read.
    """
    for each in (path, token, ca):
        _readable(each)
    data, stamp, known = (str(each.resolve()) for each in (path, token, ca))
    done = _run(["-verify", "-data", data, "-in", stamp, "-CAfile", known], is_tried=True)
    if done.returncode == 0 and b"Verification: OK" in done.stdout:
        return ""
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if ":error:" in line]
    return (lines[-1].rsplit(":", 4)[1] if lines else "") or "Verification: FAILED"


def stamped_at(token: Path) -> datetime:
    """The moment an answer of an authority states. Raises QmsError where it states none."""
    _readable(token)
    done = _run(["-reply", "-in", str(token.resolve()), "-text"], is_tried=True)
    found = _STAMPED.search(done.stdout.decode("utf-8", "replace"))
    if found is None:
        raise QmsError("{path} is no answer of a time-stamp authority", path=token)
    written = " ".join(re.sub(r"\.\d+", "", found[1]).split())
    return datetime.strptime(written, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def _readable(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        raise QmsError("{path} cannot be read: {reason}", path=path, reason=cause(error)) from error


def _run(arguments: list[str], *, is_tried: bool = False) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("openssl")
    if program is None:
        hint = message("install openssl 1.1 or newer; everything else of the audit works without it")
        raise QmsError("openssl is not installed", hint=hint)
    try:
        done = subprocess.run(
            [program, "ts", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env={"OPENSSL_CONF": os.devnull, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise QmsError("openssl did not answer within {seconds} seconds", seconds=int(_PATIENCE)) from error
    if done.returncode and not is_tried:
        raise QmsError("openssl refused: {reason}", reason=done.stderr.decode("utf-8", "replace").strip()[-200:])
    return done
