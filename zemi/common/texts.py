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
