"""Time stamps of an authority (RFC 3161) beside a kept head line, asked for and checked by stock openssl."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from qmsdocs.base.errors import QmsError, message
from qmsdocs.base.files import read_whole

_PATIENCE = 60.0
LARGEST = 16 << 20  # bytes of a kept file, an answer, or certificates


def request(path: Path) -> bytes:
    """The question to send to an authority for a stamp on the bytes of `path` (what belongs into a .tsq file)."""
    read_whole(path, most=LARGEST)
    return _run(["-query", "-data", str(path.resolve()), "-sha256", "-cert"]).stdout


def fault(path: Path, token: Path, ca: Path) -> str:
    """Why the authority's answer `token` is no stamp on the bytes of `path`, in openssl's words; empty when it is one.

    `ca` holds the certificates that are believed, the authority's own among them. Raises QmsError for a file that
    cannot be read.
    """
    for each in (path, token, ca):
        read_whole(each, most=LARGEST)
    data, stamp, known = (str(each.resolve()) for each in (path, token, ca))
    done = _run(["-verify", "-data", data, "-in", stamp, "-CAfile", known], is_tried=True)
    if done.returncode == 0 and b"Verification: OK" in done.stdout:
        return ""
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if ":error:" in line]
    return (lines[-1].rsplit(":", 4)[1] if lines else "") or "Verification: FAILED"


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
