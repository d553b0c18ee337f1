"""Pictures of pages from outside (photographs, scans) as grey points, decoded only when they are small enough."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qmsdocs.base.errors import QmsError, message

if TYPE_CHECKING:
    from PIL import Image

KINDS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
MOST_POINTS = 50_000_000
MOST_JPEG_POINTS = 170_000_000  # a JPEG is decoded at half or a quarter of its size
ENOUGH_POINTS = 30_000_000  # of which a code of 15 mm on a whole page is read with ease
MOST_FRAMES = 50  # pages of a scan in one TIFF file
_SMALL = 8_000_000
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError)


@dataclass(frozen=True, slots=True)
class Grey:
    """A picture, one byte a point, 0 is black, line by line from the top."""

    width: int
    height: int
    points: bytes


def greys(data: bytes, *, source: str, margin: int = 0) -> Iterator[Grey]:
    """The picture, or the pages of a scan, with a white `margin` in points around it. Raises QmsError naming `source`.

    Only its head is read before its size is known to be within limits.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()  # else it knows the commonest kinds only
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=KINDS) as picture:
                frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
                if frames > MOST_FRAMES:
                    raise QmsError("{source}: more than {limit} pages", source=source, limit=MOST_FRAMES)
                for frame in range(frames):
                    if frame:
                        picture.seek(frame)
                    yield _grey(picture, source, margin)
        except Image.DecompressionBombError:
            raise _too_large(source, MOST_JPEG_POINTS) from None
        except UnidentifiedImageError:
            raise QmsError(
                "{source}: neither a PDF nor a Word document nor a picture that can be read here",
                source=source,
                hint=message("save it as PDF, DOCX, JPEG or PNG"),
            ) from None
        except _DAMAGED as error:
            reason = str(error) or type(error).__name__
            raise QmsError(
                "{source}: {reason}", source=source, reason=message("the file is damaged: {reason}", reason=reason)
            ) from None


def enlarged(grey: Grey) -> Grey | None:
    """The picture at twice its size and sharpened, in which a small or blurred code is found; None for a large one."""
    from PIL import Image, ImageFilter

    if grey.width * grey.height > _SMALL:
        return None
    picture = Image.frombytes("L", (grey.width, grey.height), grey.points)
    made = picture.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC)
    return _of(made.filter(ImageFilter.UnsharpMask(4, 300, 0)))


def sharpened(grey: Grey) -> Grey:
    """The picture with its edges made clearer."""
    from PIL import Image, ImageFilter

    picture = Image.frombytes("L", (grey.width, grey.height), grey.points)
    return _of(picture.filter(ImageFilter.UnsharpMask(3, 250, 0)))


def _grey(picture: Image.Image, source: str, margin: int) -> Grey:
    from PIL import Image, ImageOps

    points = picture.width * picture.height
    limit = MOST_JPEG_POINTS if picture.format in ("JPEG", "MPO") else MOST_POINTS
    if points > limit:
        raise _too_large(source, limit)
    if points > ENOUGH_POINTS:
        picture.draft("L", (picture.width // 2, picture.height // 2))
    if picture.mode.startswith("I;16"):
        made = picture.convert("I").point([value / 257 for value in range(1 << 16)], "L")
    elif picture.has_transparency_data:
        clear = picture.convert("RGBA")
        made = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("L")
    else:
        made = picture.convert("L")
    return _of(ImageOps.expand(made, margin, fill=255) if margin else made)


def _of(picture: Image.Image) -> Grey:
    return Grey(picture.width, picture.height, picture.tobytes())


def _too_large(source: str, limit: int) -> QmsError:
    return QmsError(
        "{source}: a picture of more than {limit} million points",
        source=source,
        limit=limit // 1_000_000,
        hint=message("send it smaller; a page needs about 4 million"),
    )
