"""What a page may load: data inside it and the files beside its template, by name; anything else ends the rendering.

Imported only once the PDF engine is known to load.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from urllib.parse import unquote

from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

BASE = "https://template.invalid/"  # the base of relative addresses; RFC 2606 keeps this name out of the net


class NotBeside(FatalURLFetchingError):  # type: ignore[misc]  # WeasyPrint has no types
    """A page asked for something that is not part of it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)


class Fetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Serves `data:` and named assets."""

    def __init__(self, assets: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
        self._assets = assets
        self.refused: list[str] = []  # WeasyPrint swallows even fatal errors where a picture is drawn inside another

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The bytes at `url`. Raises NotBeside, and remembers it."""
        if url.lower().startswith("data:"):
            return super().fetch(url, headers)
        name = unquote(url.removeprefix(BASE))
        if not url.startswith(BASE) or name not in self._assets:
            self.refused.append(url.removeprefix(BASE))
            raise NotBeside(url)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, self._assets[name], headers={"Content-Type": kind})
