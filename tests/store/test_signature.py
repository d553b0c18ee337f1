"""Signatures that stock ssh-keygen makes and accepts, and everything that is none."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from checks import COMPLAINTS, files
from desk import Desk, complaint, step

from qmsdocs.base.errors import QmsError
from qmsdocs.store import ledger
from qmsdocs.store.signature import (
    PublicKey,
    Signer,
    SigningKey,
    load_key,
    load_public,
    namespace_of,
    new_key,
    verify,
)

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def keygen(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *arguments], input=stdin, capture_output=True, check=False)


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return new_key()


def accepted(folder: Path, key: PublicKey, data: bytes, signature: bytes, namespace: str) -> bool:
    """Whether stock ssh-keygen takes the signature."""
    (folder / "signers").write_text(f'zhang.wei namespaces="{namespace}" {key.line}\n', "utf-8")
    (folder / "event.sig").write_bytes(signature)
    arguments = ("-Y", "verify", "-f", str(folder / "signers"), "-I", "zhang.wei", "-n", namespace)
    return keygen(*arguments, "-s", str(folder / "event.sig"), stdin=data).returncode == 0


def test_ssh_keygen_accepts_a_signed_event_from_its_ledger(desk: Desk, tmp_path: Path, key: SigningKey) -> None:
    first = desk.issue()
    draft = replace(step(first.record, "approve", "approved", after=first.stored.sha256), meaning="approve")
    posted = desk.post(draft, signer=Signer("zhang.wei", key))[0]
    held = files(desk.root, COMPLAINTS)
    data, signature = held[posted.stored.path], held[posted.stored.path + ".sig"]
    assert accepted(tmp_path, key.public, data, signature, "qms-approve@v1")
    assert not accepted(tmp_path, key.public, data, signature, "qms-review@v1")
    assert not accepted(tmp_path, key.public, data + b" ", signature, "qms-approve@v1")
    assert not accepted(tmp_path, new_key().public, data, signature, "qms-approve@v1")
    assert posted.stored.signature == signature
    read = ledger.events_of(desk.store.objects, posted.record)
    assert [stored.signature for stored in read] == [None, signature]
    assert posted.stored.body["signer"] == {
        "person": "zhang.wei", "key": key.public.fingerprint, "meaning": "approve",
    }  # fmt: skip
    assert verify(data, signature, namespace="qms-approve@v1") == key.public


def test_an_act_that_is_signed_needs_a_key(desk: Desk) -> None:
    with pytest.raises(QmsError, match="approve is signed; there is no key"):
        desk.post(complaint(), replace(complaint(), act="approve", meaning="approve"))


@pytest.mark.parametrize("passphrase", ["", "正确 horse"])
def test_keys_of_ssh_keygen_sign_here_and_ours_sign_there(tmp_path: Path, passphrase: str) -> None:
    path = tmp_path / "id"
    assert keygen("-q", "-t", "ed25519", "-N", passphrase, "-C", "x", "-f", str(path)).returncode == 0
    key = load_key(path.read_bytes(), passphrase, source="id")
    public = path.with_suffix(".pub").read_text("utf-8")
    assert load_public(public) == key.public
    assert key.public.fingerprint == keygen("-l", "-f", str(path)).stdout.decode().split()[1]
    assert accepted(tmp_path, key.public, b"data", key.sign(b"data", namespace="qms-x@v1"), "qms-x@v1")
    ours = tmp_path / "ours"
    ours.write_bytes(key.protected(passphrase))
    ours.chmod(0o600)
    assert keygen("-y", "-P", passphrase, "-f", str(ours)).stdout.decode().split()[:2] == key.public.line.split()


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_signatures_of_ssh_keygen_are_accepted_here(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "id"
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(path))
    (tmp_path / "data").write_bytes(b"data")
    sign = ("-Y", "sign", "-f", str(path), "-n", "qms-x@v1", "-O", f"hashalg={algorithm}", str(tmp_path / "data"))
    assert keygen(*sign).returncode == 0
    signature = (tmp_path / "data.sig").read_bytes()
    key = load_public(path.with_suffix(".pub").read_text("utf-8"))
    assert verify(b"data", signature, namespace="qms-x@v1") == key
    assert verify(b"data", signature.replace(b"\n", b"\r\n"), namespace="qms-x@v1") == key
    assert verify(b"data", signature, namespace="qms-y@v1") is None
    assert verify(b"datb", signature, namespace="qms-x@v1") is None


def test_what_ssh_keygen_leaves_empty_stays_empty(key: SigningKey) -> None:
    signature = key.sign(b"data", namespace="qms-x@v1")
    blob = base64.b64decode("".join(signature.decode().splitlines()[1:-1]))
    at = blob.index(b"qms-x@v1") + len("qms-x@v1")
    assert blob[at : at + 4] == bytes(4)
    filled = base64.b64encode(blob[:at] + b"\0\0\0\x01x" + blob[at + 4 :])
    armoured = b"-----BEGIN SSH SIGNATURE-----\n" + filled + b"\n-----END SSH SIGNATURE-----\n"
    assert verify(b"data", armoured, namespace="qms-x@v1") is None


def test_no_bit_of_a_signature_can_be_changed(key: SigningKey) -> None:
    signature = key.sign(b"data", namespace="qms-x@v1")
    blob = base64.b64decode("".join(signature.decode().splitlines()[1:-1]))
    for position in range(len(blob)):
        changed = blob[:position] + bytes([blob[position] ^ 1]) + blob[position + 1 :]
        armoured = b"-----BEGIN SSH SIGNATURE-----\n" + base64.b64encode(changed) + b"\n-----END SSH SIGNATURE-----\n"
        assert verify(b"data", armoured, namespace="qms-x@v1") != key.public


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\n!!!!\n-----END SSH SIGNATURE-----\n",
        b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n",
        b"\xff" * 100,
    ],
)
def test_what_is_no_signature_is_none(signature: bytes) -> None:
    assert verify(b"data", signature, namespace="qms-x@v1") is None


def test_wrong_keys_are_refused_in_one_line(tmp_path: Path) -> None:
    locked = new_key().protected("right")
    for data, passphrase in ((locked, "wrong"), (locked, ""), (b"no key", ""), (new_key().protected(""), "needless")):
        with pytest.raises(QmsError, match="id: the key cannot be opened"):
            load_key(data, passphrase, source="id")
    path = tmp_path / "rsa"
    keygen("-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(path))
    with pytest.raises(QmsError, match="not an Ed25519 key"):
        load_key(path.read_bytes(), "", source="rsa")
    for line in ("", "ssh-ed25519", "ssh-ed25519 !!!", path.with_suffix(".pub").read_text("utf-8"), "ssh-rsa AAAA"):
        with pytest.raises(QmsError, match="is no Ed25519 public key"):
            load_public(line)
    for meaning in ("", "A", "x y", "x\n", "批准"):
        with pytest.raises(QmsError):
            namespace_of(meaning)
