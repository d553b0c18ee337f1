"""Hatch's build hook: the starter pack of the project's top goes into a wheel as `qmsdocs/starter`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STARTER = ("qms.toml", "people.toml", "waivers.toml", "procedures", "forms", "records", "starter")


class StarterPack(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the files one by one, so that issued pages lying about in a working copy stay out."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Nothing; `build_data` afterwards names the files. An editable install reads them where they are."""
        if version == "editable":
            return
        top = Path(self.root)
        for entry in map(top.joinpath, STARTER):
            for path in (entry, *sorted(entry.rglob("*"))):
                name = path.relative_to(top).as_posix()
                if path.is_file() and not name.startswith("records/issued/"):
                    inside = f"qmsdocs/starter/{name.removeprefix('starter/')}"
                    build_data["force_include"][str(path)] = inside
