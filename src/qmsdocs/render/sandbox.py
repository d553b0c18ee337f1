"""The Jinja environment every template is rendered in: plain data only, everything escaped, a missing name an error."""

from __future__ import annotations

import difflib
import re
from functools import cache

from jinja2 import Environment, StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_PATH = re.compile(r"[A-Za-z_][\w.]*")
_NEAR = "\x00"


class _Missing(StrictUndefined):
    """A name that is not there; its error message is the name and what comes near, parted by NUL."""

    @property
    def _undefined_message(self) -> str:
        known = self._undefined_obj if isinstance(self._undefined_obj, dict) else {}
        near = difflib.get_close_matches(str(self._undefined_name), [str(key) for key in known], 1)
        return f"{self._undefined_name}{_NEAR}{near[0] if near else ''}"


class _PlainData(ImmutableSandboxedEnvironment):
    """A dotted name in a mapping is a key and never a method, so a field may be called `items` or `count`."""

    def getattr(self, obj: object, attribute: str) -> object:
        """The value at `obj.attribute`, or what raises when it is used."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        if isinstance(obj, str | list | tuple | bool | int):
            return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


@cache
def environment() -> Environment:
    """The environment, made once; it has no globals, so `range` and the like do not exist."""
    made = _PlainData(autoescape=True, undefined=_Missing, keep_trailing_newline=True)
    made.globals.clear()
    return made


def missing_name(error: TemplateError, texts: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The name a rendering missed, in full where `texts` (the tags of the template) say it, and one that comes near."""
    if not isinstance(error, UndefinedError) or _NEAR not in str(error.message):
        return None, None
    name, _, near = str(error.message).partition(_NEAR)
    paths = (path for text in texts for path in _PATH.findall(text))
    full = next((path for path in paths if path == name or path.endswith(f".{name}")), name)
    return full, near or None
