"""Words for people: both languages, the same facts, one SMS each."""

import string

import pytest

from zemi.common.errors import ZemiError
from zemi.common.texts import Text, wait_in_words
from zemi.notifications.texts import TEXTS
from zemi.orders.links import LONGEST_HOST_IN_TEXTS, PATH
from zemi.payments.reasons import reason_text, retry_after_s
from zemi.providers.base import Reason

# The GSM-7 alphabet's letters that the texts may use; one other turns the message into 70 characters a piece.
GSM_7 = set(string.ascii_letters + string.digits + " \n@_!\"#%&'()*+,-./:;<=>?")
LONGEST = {
    "amount": "250,000",
    "part": "249,999",
    "subject": "payout",
    "due": "250,000",
    "paybill": "174379",
    "otp": "847263",
    "reference": "ZEM-A3F8B2K7",
    "code": "847263",
    "last4": "5678",
    "link": "h" * LONGEST_HOST_IN_TEXTS + PATH + "Xq3vN8ZtLw2RkP5yBd7MhA",
    "page": "h" * LONGEST_HOST_IN_TEXTS + "/refund",
    "hours": "12",
    "receipt": "QHJ41HG1W8",
    "operation": "stk_query",
    "since": "00:00",
    "lost": "250,000",
    "percent": "100",
    "problems": "1000000",
    "calls": "1000000",
    "merchant": "M" * 30,
    "host": "h" * 40,
}


def facts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def whys(language: str) -> list[str]:
    found = [text.render(language) for text in map(reason_text, Reason) if text is not None]
    assert found
    return found


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("language", ["en", "sw"])
def test_a_text_message_fits_one_sms_with_the_longest_values(name: str, language: str) -> None:
    for why in whys(language) if "why" in facts_of(TEXTS[name].en) else [""]:
        message = TEXTS[name].render(language, why=why, **LONGEST)

        assert len(message) <= 160, (len(message), message)
        assert set(message) <= GSM_7, set(message) - GSM_7
        assert message.startswith("Zemi:")


def test_both_languages_say_the_same_facts() -> None:
    texts: list[Text] = [*TEXTS.values(), *(error.text for error in ZemiError.catalogue())]
    texts += [error.next_step for error in ZemiError.catalogue() if error.next_step]

    for text in texts:
        assert facts_of(text.en) == facts_of(text.sw), text
        assert text.sw
        assert text.sw != text.en


def test_a_wait_is_said_as_people_say_it() -> None:
    waits = {s: (wait_in_words(s, "en"), wait_in_words(s, "sw")) for s in (None, 50, 90, 91, 120, 5400, 5401)}

    assert waits == {
        None: ("a while", "kidogo"),
        50: ("50 seconds", "sekunde 50"),
        90: ("90 seconds", "sekunde 90"),
        91: ("2 minutes", "dakika 2"),
        120: ("2 minutes", "dakika 2"),
        5400: ("90 minutes", "dakika 90"),
        5401: ("2 hours", "saa 2"),
    }
    assert wait_in_words(1, "en") == "1 second"


def test_only_the_buyer_is_ever_texted_the_code() -> None:
    assert [name for name, text in TEXTS.items() if "code" in facts_of(text.en)] == [
        "buyer_code",
        "buyer_new_code",
    ]


def test_every_reason_says_when_another_try_is_safe() -> None:
    assert {reason: retry_after_s(reason) for reason in Reason if retry_after_s(reason) is not None} == {
        "insufficient_funds": 120,
        "cancelled": 60,
        "no_answer": 60,
        "wrong_pin": 60,
        "too_soon": 120,
        "limit": 86_400,
        "wallet_full": 86_400,
        "not_sent": 60,
        "busy": 60,
    }
    assert retry_after_s("no_evidence") is None
