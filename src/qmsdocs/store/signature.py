"""SSH signatures (SSHSIG) of exact bytes, made and verified in process; stock `ssh-keygen -Y verify` accepts them.

Format: OpenSSH, PROTOCOL.sshsig. Only Ed25519 keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from qmsdocs.base.canonical import Json, dumps
from qmsdocs.base.errors import QmsError, message

_MAGIC = b"SSHSIG"
_ALGORITHM = b"ssh-ed25519"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_LINE = 70
_HASHES = (b"sha512", b"sha256")
_MEANING = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key by which signatures are checked."""

    raw: bytes

    @property
    def line(self) -> str:
        """The key as OpenSSH writes it: `ssh-ed25519 AAAA…`."""
        return f"{_ALGORITHM.decode()} {base64.b64encode(self._blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """The key's name: `SHA256:…` as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self._blob).digest()).decode().rstrip("=")

    @property
    def _blob(self) -> bytes:
        return _string(_ALGORITHM) + _string(self.raw)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An unlocked private key; it lives for one command."""

    _private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The key others verify with."""
        return PublicKey(self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, data: bytes, *, namespace: str) -> bytes:
        """The armoured SSHSIG of `data` for `namespace`; the same key and data always give the same bytes."""
        signature = self._private.sign(_signed(data, namespace.encode(), b"sha512"))
        blob = (
            _MAGIC
            + (1).to_bytes(4, "big")
            + _string(self.public._blob)
            + _string(namespace.encode())
            + _string(b"")
            + _string(b"sha512")
            + _string(_string(_ALGORITHM) + _string(signature))
        )
        text = base64.b64encode(blob).decode()
        lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
        return "\n".join([_BEGIN, *lines, _END, ""]).encode()

    def protected(self, passphrase: str) -> bytes:
        """The private key in OpenSSH's format, locked by `passphrase` (empty: not locked)."""
        lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with an unlocked key."""

    person: str
    key: SigningKey

    def sign(self, body: Mapping[str, Json], *, meaning: str) -> tuple[Mapping[str, Json], bytes, bytes]:
        """An event that names who signs it and what that means, its bytes, and the signature over them."""
        signer: dict[str, Json] = {"person": self.person, "key": self.key.public.fingerprint, "meaning": meaning}
        named = {**body, "signer": signer}
        data = dumps(named)
        return named, data, self.key.sign(data, namespace=namespace_of(meaning))


def new_key() -> SigningKey:
    """A new random key."""
    return SigningKey(Ed25519PrivateKey.generate())


def load_key(data: bytes, passphrase: str, *, source: str) -> SigningKey:
    """The OpenSSH private key in `data`. Raises QmsError when it is none, not Ed25519, or the passphrase is wrong."""
    try:
        key = load_ssh_private_key(data, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise QmsError(
            "{source}: the key cannot be opened", source=source, hint=message("is the passphrase right?")
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise QmsError("{source}: not an Ed25519 key", source=source, hint=message("ssh-keygen -t ed25519"))
    return SigningKey(key)


def load_public(line: str) -> PublicKey:
    """The key of an OpenSSH public key line. Raises QmsError when it is none."""
    parts = line.split()
    try:
        blob = base64.b64decode(parts[1], validate=True) if len(parts) > 1 else b""
    except binascii.Error:
        blob = b""
    key = _public(blob)
    if key is None or parts[0] != _ALGORITHM.decode():
        raise QmsError('"{line}" is no Ed25519 public key', line=line[:60])
    return key


def namespace_of(meaning: str) -> str:
    """The namespace of a signature with this meaning, e.g. `qms-approve@v1`. Raises QmsError."""
    if not _MEANING.fullmatch(meaning):
        raise QmsError('"{meaning}" cannot be the meaning of a signature', meaning=meaning)
    return f"qms-{meaning}@v1"


def verify(data: bytes, signature: bytes, *, namespace: str) -> PublicKey | None:
    """The key that signed exactly `data` for exactly `namespace`, None when nobody did."""
    blob = _unarmoured(signature)
    fields = _fields(blob[10:], 5) if blob[:10] == _MAGIC + (1).to_bytes(4, "big") else None
    if fields is None:
        return None
    key_blob, said_namespace, reserved, hash_name, signature_blob = fields
    key, parts = _public(key_blob), _fields(signature_blob, 2)
    if key is None or parts is None or parts[0] != _ALGORITHM or hash_name not in _HASHES or reserved:
        return None
    if said_namespace != namespace.encode():
        return None
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(parts[1], _signed(data, said_namespace, hash_name))
    except (InvalidSignature, ValueError):
        return None
    return key


def _signed(data: bytes, namespace: bytes, hash_name: bytes) -> bytes:
    digest = hashlib.new(hash_name.decode(), data).digest()
    return _MAGIC + _string(namespace) + _string(b"") + _string(hash_name) + _string(digest)


def _unarmoured(signature: bytes) -> bytes:
    text = signature.decode("ascii", "replace").replace("\r\n", "\n").strip()
    if not text.startswith(_BEGIN) or not text.endswith(_END):
        return b""
    try:
        return base64.b64decode("".join(text[len(_BEGIN) : -len(_END)].split()), validate=True)
    except binascii.Error:
        return b""


def _public(blob: bytes) -> PublicKey | None:
    fields = _fields(blob, 2)
    if fields is None or fields[0] != _ALGORITHM or len(fields[1]) != 32:
        return None
    return PublicKey(fields[1])


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _fields(data: bytes, count: int) -> list[bytes] | None:
    found: list[bytes] = []
    while data:
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            return None
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found if len(found) == count else None
