"""Pictures as people and attackers upload them."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

# Where the photo was taken, as a phone writes it down.
PLACE = b"Mama Ngina Street"


def photo(
    form: str = "JPEG", *, size: tuple[int, int] = (400, 300), mode: str = "RGB", **wishes: Any
) -> bytes:
    """A picture whose left upper corner is red, on green."""
    picture = Image.new("RGB", size, "green")
    picture.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return written(picture.convert(mode), form, **wishes)


def written(picture: Image.Image, form: str, **wishes: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **wishes)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def orientation(turned: int) -> Image.Exif:
    """What a phone writes down that was held so."""
    exif = Image.Exif()
    exif[0x0112] = turned
    return exif


def with_place(*, turned: int = 1) -> bytes:
    """As a phone takes it: turned, and with what tells where."""
    exif = orientation(turned)
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[2] = (1.0, 17.0, 30.0)
    return photo(exif=exif)


def noise(side: int = 900) -> bytes:
    """What nothing makes small."""
    return written(Image.frombytes("RGB", (side, side), random.Random(7).randbytes(side * side * 3)), "JPEG")


def moving(form: str) -> bytes:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green")]
    return written(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG that says to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def good() -> dict[str, bytes]:
    """Each kind that has to be read."""
    return {
        "jpeg": photo(),
        "progressive": photo(progressive=True),
        "grey": photo(mode="L"),
        "cmyk": photo(mode="CMYK"),
        "from a phone": with_place(turned=6),
        "two in one": moving("MPO"),
        "png": photo("PNG"),
        "palette": photo("PNG", mode="P"),
        "see-through": photo("PNG", mode="RGBA"),
        "webp": photo("WEBP"),
        "one pixel": photo("PNG", size=(1, 1)),
        "a line": photo("PNG", size=(5_000, 1)),
        "noise": noise(),
        "and a page": photo() + b"<script>alert(1)</script>",
    }


def bad() -> dict[str, bytes]:
    """Each kind that has to be refused as unreadable."""
    return {
        "nothing": b"",
        "a page": b"<html><script>alert(1)</script></html>",
        "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "a page that is a photo further on": b"<html><!--" + photo() + b"--></html>",
        "gif": photo("GIF"),
        "tiff": photo("TIFF"),
        "postscript": photo("EPS"),
        "a cut jpeg": photo()[:600],
        "a cut png": photo("PNG")[:-40],
        "a cut webp": photo("WEBP")[:100],
        "a png that is changed": photo("PNG").replace(b"IDAT", b"IDAX"),
        "no pixels": bomb(0, 0),
    }
