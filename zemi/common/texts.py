"""Words for people, always in both languages of the product."""

from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "sw"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in English and Swahili; `{name}` is filled in by `render`."""

    en: str
    sw: str

    def render(self, language: str, **facts: Any) -> str:
        """Fill in `facts` in `language` ("sw", anything else is English)."""
        return (self.sw if language == "sw" else self.en).format(**facts)


def wait_in_words(wait_s: int | None, language: str) -> str:
    """Say how long `wait_s` seconds are, rounded up: "50 seconds", "2 minutes", "24 hours"; None is "a while"."""
    if wait_s is None:
        return _A_WHILE.render(language)
    if wait_s <= 1:
        return _A_SECOND.render(language)
    # So that no count is one.
    if wait_s <= 90:
        return _SECONDS.render(language, count=wait_s)
    if wait_s <= 90 * 60:
        return _MINUTES.render(language, count=-(-wait_s // 60))
    return _HOURS.render(language, count=-(-wait_s // 3600))


_A_WHILE = Text(en="a while", sw="kidogo")
_A_SECOND = Text(en="1 second", sw="sekunde 1")
_SECONDS = Text(en="{count} seconds", sw="sekunde {count}")
_MINUTES = Text(en="{count} minutes", sw="dakika {count}")
_HOURS = Text(en="{count} hours", sw="saa {count}")
