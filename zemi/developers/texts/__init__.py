"""Every word on the developers' pages, in both languages. The documentation itself is written in English."""

from zemi.common.texts import Text
from zemi.developers.texts import guide, merchant

TEXTS: dict[str, Text] = {**guide.TEXTS, **merchant.TEXTS}
