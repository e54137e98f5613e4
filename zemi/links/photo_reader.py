"""Make of what somebody uploaded as a picture a small one of our own. A program by itself: nothing else may fall with it.

Pictures are made by strangers and read by C code. `zemi.links.photos` runs this file in a process that has so much time and
memory and no more (SAFETY 3.6): standard input is the upload, standard output the picture, the status what became of it.
"""

import io
import resource
import struct
import sys
import warnings
import zlib
from contextlib import suppress

from PIL import Image

# What Pillow may try, said by name: it goes by the content, not by the file's name.
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 24_000_000
# What is kept: with it an order's page stays well below its 50 KB.
MOST_KEPT_BYTES = 24_000
_SIDES, _QUALITIES = (800, 640, 480, 320, 200), (75, 60, 45, 30)
_MEMORY_BYTES, _CPU_S = 1 << 30, 10
UNREADABLE, TOO_LARGE, MOVES = 3, 4, 5

# All that Pillow is known to raise about files that are broken or made to harm.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError, MemoryError,
    NotImplementedError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112


class Unusable(Exception):
    """No picture that can be shown; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def shrink(data: bytes) -> bytes:
    """Make a WebP of at most MOST_KEPT_BYTES out of a JPEG, PNG or WebP: its pixels upright, and nothing else of it.

    :raises Unusable: it is none, broken, too large, or moves
    """
    try:
        with warnings.catch_warnings():
            # Of notes that tell of a place or a lens, which nobody needs; what is too large is refused below.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as seen:
                _check(seen)
                # Afterwards it has to be opened anew.
                seen.verify()
            with Image.open(io.BytesIO(data), formats=FORMATS) as seen:
                return _fit(_upright(seen))
    except Image.DecompressionBombError:
        raise Unusable(TOO_LARGE) from None
    except _BROKEN as error:
        raise Unusable(UNREADABLE) from error


def _check(seen: Image.Image) -> None:
    """Refuse by what the header says, before anything is decoded."""
    if seen.width * seen.height > MOST_PIXELS:
        raise Unusable(TOO_LARGE)
    # Some cameras put two pictures into a JPEG: the first is the photo.
    if seen.format in {"PNG", "WEBP"} and getattr(seen, "is_animated", False):
        raise Unusable(MOVES)


def _upright(seen: Image.Image) -> Image.Image:
    side = _SIDES[0]
    turn = _TURNS.get(seen.getexif().get(_ORIENTATION, 1))
    # A JPEG is decoded no larger than needed.
    seen.draft("RGB", (2 * side, 2 * side))
    pixels = seen.convert("RGBA" if seen.has_transparency_data else "RGB")
    pixels.thumbnail((side, side), reducing_gap=2.0)
    # Rebuilt from the pixels alone: EXIF with its place, XMP and profiles stay behind.
    clean = Image.new("RGB", pixels.size, "white")
    clean.paste(pixels, mask=pixels.getchannel("A") if pixels.mode == "RGBA" else None)
    return clean if turn is None else clean.transpose(turn)


def _fit(picture: Image.Image) -> bytes:
    """As large and as good as fits: most photos are at the first try."""
    for side in _SIDES:
        picture.thumbnail((side, side))
        for quality in _QUALITIES:
            file = io.BytesIO()
            picture.save(file, "WEBP", quality=quality, method=4)
            if file.tell() <= MOST_KEPT_BYTES:
                return file.getvalue()
    raise Unusable(UNREADABLE)


def main() -> int:
    """Read, shrink, write; the status is 0 or why not."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    # macOS knows no such limit.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    try:
        sys.stdout.buffer.write(shrink(sys.stdin.buffer.read()))
    except Unusable as unusable:
        return unusable.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
