"""What stock `ssh-keygen` says of a signature: a second opinion by another program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from qmsdocs.base.errors import Message, QmsError, message
from qmsdocs.store.signature import PublicKey

_PRINCIPAL = "signer"


def verdict(folder: Path, data: bytes, signature: bytes, public: PublicKey, *, namespace: str) -> Message:
    """That it holds, or that the program is not installed. Raises QmsError when it refuses the signature."""
    program = shutil.which("ssh-keygen")
    if program is None:
        return message("not installed")
    signers, signed = folder / "allowed_signers", folder / "signature"
    signers.write_text(f"{_PRINCIPAL} {public.line}\n", "utf-8")
    signed.write_bytes(signature)
    words = ["-Y", "verify", "-f", str(signers), "-I", _PRINCIPAL, "-n", namespace, "-s", str(signed)]
    done = subprocess.run([program, *words], input=data, capture_output=True, check=False, timeout=60)
    if done.returncode:
        raise QmsError(
            "ssh-keygen refuses the signature: {reason}", reason=done.stderr.decode("utf-8", "replace").strip()
        )
    return message("it holds")
