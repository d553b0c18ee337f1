"""The pictures of a controlled document: whole, of a bearable size, in colours that PDF/A allows."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from PIL import Image, ImageFile

from qmsdocs.base.errors import QmsError
from qmsdocs.render.html import data_address
from qmsdocs.render.pdf import MOST_PIXELS
from qmsdocs.render.pictures import shape

_QUALITY = 92  # of a JPEG that had to be written anew


def printable(path: str, data: bytes) -> bytes:
    """The picture as it is, or in red, green and blue where it was made for a printing press.

    Raises QmsError naming `path` for what is neither PNG nor JPEG, is damaged, or has too many points.
    """
    found = shape(data, name=path)
    if found.across * found.down > MOST_PIXELS:
        raise QmsError("{name}: a picture of more than {limit} points", name=path, limit=MOST_PIXELS)
    try:
        with _strictly(), Image.open(io.BytesIO(data), formats=(found.extension.upper(),)) as picture:
            if picture.mode == "CMYK":
                return _in_screen_colours(picture)
            picture.draft(picture.mode, (picture.width // 8, picture.height // 8))  # all is read, little is drawn
            picture.load()
    except (OSError, ValueError, SyntaxError):
        raise QmsError("the picture {name} is damaged", name=path) from None
    return data


@contextlib.contextmanager
def _strictly() -> Iterator[None]:
    """Within it Pillow refuses files that end too early; the PDF engine makes it bear them in the whole process."""
    bearing, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = bearing


def _in_screen_colours(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def address_of_logo(data: bytes | None) -> str:
    """The logo as an address of data; an SVG may be one too."""
    if data is None:
        return ""
    is_svg = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!--"))
    kind = "svg+xml" if is_svg else shape(data, name="logo").extension
    return data_address(f"image/{kind}", data)
