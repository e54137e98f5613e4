"""The words of the pages: both languages, the same facts, none missing, none left over."""

import re
import string
from pathlib import Path

import pytest
from django.apps import apps

import zemi
from zemi.approvals.models import ApprovalStatus
from zemi.common.texts import Text
from zemi.console.home import title_of
from zemi.console.queues import QUEUES
from zemi.disbursements.models import DisbursementStatus, HeldReason
from zemi.disbursements.switch import KINDS
from zemi.ledger.chart import ACCOUNTS
from zemi.orders.models import OrderStatus
from zemi.reconciliation.models import ItemKind
from zemi.snapshots.next_action import Verb
from zemi.snapshots.why_unpaid import Because, Then
from zemi.staff.actions import ACTIONS
from zemi.staff.models import ActOutcome

ROOT = Path(zemi.__file__).parent
OF_APP = {app.name: app.page_texts for app in apps.get_app_configs() if hasattr(app, "page_texts")}
PACKAGES = [ROOT / name.partition(".")[2] for name in OF_APP]
TEMPLATES = sorted(file for package in PACKAGES for file in (package / "templates").rglob("*.html"))
TEXTS: dict[str, Text] = {name: text for texts in OF_APP.values() for name, text in texts.items()}


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
    written = "".join(file.read_text() for package in PACKAGES for file in (package / "texts").glob("*.py"))
    named = re.findall(r'(?m)^    "(\w+)": Text\(', written)

    assert sorted(named) == sorted(TEXTS)


def test_every_text_of_a_template_exists_and_every_text_is_used() -> None:
    said = {name for file in TEMPLATES for name in re.findall(r'{%\s*t "(\w+)"', file.read_text())}
    files = [file for package in PACKAGES for file in package.rglob("*.py") if file.parent.name != "texts"]
    code = "".join(file.read_text() for file in files)
    chosen = {name for name in TEXTS if f'"{name}"' in code}
    by_status = {f"{status}{part}" for status in OrderStatus for part in ("", "_title")}
    by_plan = {name for name in TEXTS if name.startswith("sim_") and f'"{name.removeprefix("sim_")}"' in code}

    by_turn = {f"{what}_{verb}" for what in ("done", "back") for verb in Verb}
    by_turn |= {f"over_{status}" for status in OrderStatus}
    by_turn |= {f"unpaid_{because}" for because in Because} | {f"then_{then}" for then in Then}

    assert said <= set(TEXTS), said - set(TEXTS)
    left_over = set(TEXTS) - said - chosen - by_status - by_plan - by_turn - by_queue()
    assert not left_over, left_over


def by_queue() -> set[str]:
    """What the console says by the name of a queue, a state, an action or an account."""
    found = {title_of(queue) for queue in QUEUES.values()} | {f"account_{line.code}" for line in ACCOUNTS}
    found |= {f"held_{reason}" for reason in HeldReason} | {f"why_{kind}" for kind in ItemKind}
    found |= {f"where_{status}" for status in DisbursementStatus} | {f"acted_{end}" for end in ActOutcome}
    found |= {f"where_asked_{status}" for status in ApprovalStatus}
    found |= {f"takes_{name}" for action in ACTIONS.values() for name in action.names}
    acts = {
        *ACTIONS,
        "approve",
        "decline",
        "resume",
        "stop",
        "start",
        "staff-add",
        "staff-reset",
        "staff-off",
        "factor-add",
        "factor-remove",
    }
    found |= {f"choice_{c}" for c in ("seller", "zemi", "charged", "recovered", "lost", "moved", "not_moved")}
    found |= {f"sending_{kind}" for kind in KINDS}
    found |= {
        f"owed_{status}"
        for status in ("unknown", "needs_attention", "failed", "held", "reversed", "cancelled")
    }
    return found | {f"act_{act}".replace("-", "_") for act in acts}


def test_every_queue_state_and_action_of_the_console_has_its_words() -> None:
    assert by_queue() <= set(TEXTS), by_queue() - set(TEXTS)


def test_every_turn_has_its_words() -> None:
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
