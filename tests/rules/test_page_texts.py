"""The words of the pages: both languages, the same facts, none missing, none left over."""

import re
import string
from pathlib import Path

import pytest

from zemi import checkout
from zemi.checkout import texts
from zemi.checkout.texts import TEXTS
from zemi.orders.models import OrderStatus
from zemi.snapshots.next_action import Verb

PACKAGE = Path(checkout.__file__).parent
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))


def facts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_says_the_same_facts_in_both_languages(name: str) -> None:
    text = TEXTS[name]

    assert text.en.strip()
    assert text.sw.strip()
    assert text.en != text.sw
    assert facts_of(text.en) == facts_of(text.sw)


def test_no_name_is_used_twice() -> None:
    modules = (texts.home, texts.order, texts.help_pages, texts.phones, texts.seller)

    assert sum(len(module.TEXTS) for module in modules) == len(TEXTS)


def test_every_text_of_a_template_exists_and_every_text_is_used() -> None:
    said = {name for file in TEMPLATES for name in re.findall(r'{%\s*t "(\w+)"', file.read_text())}
    code = "".join(file.read_text() for file in PACKAGE.rglob("*.py") if file.parent.name != "texts")
    chosen = {name for name in TEXTS if f'"{name}"' in code}
    by_status = {f"{status}{part}" for status in OrderStatus for part in ("", "_title")}
    by_plan = {name for name in TEXTS if name.startswith("sim_") and f'"{name.removeprefix("sim_")}"' in code}

    by_turn = {f"{what}_{verb}" for what in ("turn", "done", "back") for verb in Verb}
    by_turn |= {f"turn_none_{status}" for status in OrderStatus}

    assert said <= set(TEXTS), said - set(TEXTS)
    left_over = set(TEXTS) - said - chosen - by_status - by_plan - by_turn
    assert not left_over, left_over


def test_every_turn_has_its_words() -> None:
    ended = [status for status in OrderStatus if status not in {"awaiting_payment", "paid"}]

    assert {f"turn_{verb}" for verb in Verb} | {f"turn_none_{status}" for status in ended} <= set(TEXTS)
    assert {f"done_{verb}" for verb in (Verb.PAY_SELLER, Verb.CORRECT_PAYOUT)} <= set(TEXTS)
    assert {f"back_{verb}" for verb in (Verb.REFUND_BUYER, Verb.CORRECT_REFUND)} <= set(TEXTS)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_has_no_words_of_its_own(file: Path) -> None:
    """But for the product's name, what languages call themselves, and marks."""
    # What a page adds to the tag <body> are attributes.
    text = re.sub(r"{% block body %}.*?{% endblock %}", " ", file.read_text())
    text = re.sub(r"{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style).*?</\1>|<[^>]*>|&#?\w+;", " ", text, flags=re.DOTALL)

    assert set(re.findall(r"[^\W\d]\w*", text)) <= {"Zemi", "Kiswahili", "English"}
