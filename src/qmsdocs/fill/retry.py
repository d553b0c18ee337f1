"""The retry keys of table rows: a mended table that is read again issues only what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from qmsdocs.base.canonical import Json, dumps, sha256


def row_keys(form: str, rows: Iterable[Mapping[str, Json]]) -> tuple[str, ...]:
    """The key of each row: sha256 over form number, canonical values, and how many equal rows stand above it.

    Neither the place of a row nor the form's revision counts, nor do empty values.
    """
    above: Counter[bytes] = Counter()
    keys = []
    for row in rows:
        values: dict[str, Json] = {name: value for name, value in row.items() if value is not None}
        written = dumps({"form": form, "values": values})
        keys.append(sha256(dumps({"above": above[written], "form": form, "values": values})))
        above[written] += 1
    return tuple(keys)
