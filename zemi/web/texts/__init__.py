"""Every word of the frame, in both languages. The Swahili was not written by a native speaker: one has to read it."""

from zemi.common.texts import Text
from zemi.web.texts import frame

TEXTS: dict[str, Text] = frame.TEXTS
