"""Pages that were drawn for a site, kept on this machine so that the next one need not draw them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from qmsdocs import __version__
from qmsdocs.base.canonical import Json, dumps, sha256
from qmsdocs.base.files import write_atomically

FOLDER = "drawn"  # below the local folder of a copy


@dataclass(frozen=True, slots=True)
class Drawings:
    """Drawn pages by what they were drawn from. `used` are those asked for since it was made."""

    folder: Path
    used: set[str] = field(default_factory=set)

    def of(self, made_from: Iterable[Json], draw: Callable[[], bytes]) -> bytes:
        """The page made from these facts, as it was drawn before or is drawn now."""
        name = f"{sha256(dumps([__version__, *made_from]))}.pdf"
        self.used.add(name)
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            data = draw()
            write_atomically(self.folder / name, data)
            return data

    def drop_unused(self) -> None:
        """Nothing; what was not asked for is no longer kept."""
        for path in self.folder.glob("*.pdf"):
            if path.name not in self.used:
                path.unlink(missing_ok=True)
