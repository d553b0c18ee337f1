"""The private keys on this machine: where they lie, and how they are opened with a passphrase asked once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from qmsdocs.base.errors import QmsError, cause, message
from qmsdocs.base.files import safe_name
from qmsdocs.store.signature import Signer, SigningKey, load_key, load_public, new_key
from qmsdocs.system.view import System

PASSPHRASE_FILE = "QMSDOCS_PASSPHRASE_FILE"
KEYS_FOLDER = "QMSDOCS_KEYS"
SHORTEST = 8
TRIES = 3


def folder(repository: str) -> Path:
    """Where the private keys for a repository lie: outside of it, readable for their owner only."""
    named = os.environ.get(KEYS_FOLDER)
    settings = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")  # noqa: PTH111, PTH118
    return (Path(named) if named else Path(settings) / "qmsdocs" / "keys") / repository[:16]


@dataclass
class Keyring:
    """The private keys for one repository."""

    repository: str
    say: Callable[..., str]
    opened: dict[str, Signer] = field(default_factory=dict)

    def make(self, person: str) -> tuple[SigningKey, Path]:
        """A new key of a person, locked by a passphrase, and the file it lies in. Raises QmsError."""
        phrase = self._new_passphrase(person)
        key = new_key()
        home = folder(self.repository)
        name = f"{safe_name(person)}-{safe_name(key.public.fingerprint.removeprefix('SHA256:')[:8])}"
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(key.protected(phrase))
            (home / f"{name}.pub").write_text(f"{key.public.line} {person}\n", "utf-8")
        except OSError as error:
            raise QmsError("{path} cannot be written: {reason}", path=home / name, reason=cause(error)) from None
        return key, home / name

    def signer(self, system: System, person: str) -> Signer:
        """The person with an unlocked key that counts now; the passphrase is asked once a command. Raises QmsError."""
        if person not in self.opened:
            path, fingerprint = self._file(system, person)
            key = self._unlocked(path, person)
            if key.public.fingerprint != fingerprint:
                raise QmsError(
                    "{path} holds another key than the one registered for {person}", path=path, person=person
                )
            self.opened[person] = Signer(person, key)
        return self.opened[person]

    def _file(self, system: System, person: str) -> tuple[Path, str]:
        counting = {k.fingerprint for k in system.definitions.keys if k.person == person and k.may_sign(system.now)}
        home = folder(self.repository)
        for path in sorted(home.glob("*.pub")):
            try:
                public = load_public(path.read_text("utf-8"))
            except (QmsError, OSError, UnicodeDecodeError):
                continue
            if public.fingerprint in counting:
                return path.with_suffix(""), public.fingerprint
        raise QmsError(
            "the key of {person} is not on this machine",
            person=person,
            hint=message("it lies in {folder} where it was made; a new one: qmsdocs key new {person}",
                         folder=home, person=person),
        )  # fmt: skip

    def _unlocked(self, path: Path, person: str) -> SigningKey:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise QmsError("{path} cannot be read: {reason}", path=path, reason=cause(error)) from None
        for attempt in range(1, TRIES + 1):
            phrase, is_asked = self._passphrase(person)
            try:
                return load_key(data, phrase, source=path.name)
            except QmsError as error:
                if not is_asked or attempt == TRIES:
                    raise
                click.echo(self.say(error.message), err=True)
        raise AssertionError("the last attempt returns or raises")

    def _passphrase(self, person: str) -> tuple[str, bool]:
        """The passphrase, and whether somebody was asked for it."""
        named = os.environ.get(PASSPHRASE_FILE)
        if named:
            return _read(Path(named)), False
        if not sys.stdin.isatty():
            raise QmsError(
                "the passphrase of {person} is needed",
                person=person,
                hint=message("run it on a terminal, or name a file in ${variable}", variable=PASSPHRASE_FILE),
            )
        asked = self.say("Passphrase of {person}", person=person)
        return str(click.prompt(asked, hide_input=True, err=True, default="", show_default=False)), True

    def _new_passphrase(self, person: str) -> str:
        phrase, is_asked = self._passphrase(person)
        if len(phrase) < SHORTEST:
            raise QmsError("the passphrase needs at least {count} characters", count=SHORTEST)
        if is_asked:
            again = click.prompt(self.say("The same again"), hide_input=True, err=True, default="", show_default=False)
            if again != phrase:
                raise QmsError("the two passphrases differ")
        return phrase


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = cause(error) if isinstance(error, OSError) else message("it is not UTF-8")
        raise QmsError("${variable}: {path} cannot be read: {reason}",
                       variable=PASSPHRASE_FILE, path=path, reason=reason) from None  # fmt: skip
    return text.split("\n", 1)[0].rstrip("\r")
