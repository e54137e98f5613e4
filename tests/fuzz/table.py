"""Every parser of what others wrote, and the only errors that may leave it. A new parser is one line here (SAFETY 5e)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests import pictures
from tests.characters import AMINA
from zemi.api import json as api_json
from zemi.api.errors import ApiError
from zemi.api.fields import (
    AmountField,
    CodeField,
    FreeMetadataField,
    MetadataField,
    PhoneField,
    ReferenceField,
    TextField,
    Unreadable,
)
from zemi.common import clock
from zemi.common.ids import new_key, read_reference
from zemi.common.money import InvalidAmount, Money
from zemi.common.personal import personal_in
from zemi.common.phone import InvalidPhone, Phone
from zemi.identity import api_keys
from zemi.links import photo_reader
from zemi.providers import wire
from zemi.providers.africastalking import client as africastalking
from zemi.providers.base import UnreadableCallback
from zemi.providers.mpesa import answers, messages, statement
from zemi.webhooks import tokens


class Takes(Enum):
    """What a parser is given."""

    BODY = "bytes that were posted"
    FILE = "a file that was uploaded"
    ANSWER = "an HTTP answer"
    TEXT = "text"
    VALUE = "a value out of a JSON body that was read"


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser; `good` are inputs that mutations start from, beside the recorded payloads."""

    read: Callable[[Any], object]
    takes: Takes
    errors: tuple[type[Exception], ...] = ()
    good: tuple[Any, ...] = ()
    # What it returns is still raw: not yet fit to be stored.
    is_raw: bool = False


_STATEMENT = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Reason Type,"
    "Other Party Info,Linked Transaction ID,A/C No.\n"
    "UKN71H61M8,2026-11-23 12:00:00,2026-11-23 12:00:00,Pay Bill,Completed,1500.00,,1500.00,Pay Bill,,,ZEM-7K2M9QXA\n"
)

TABLE: dict[str, Parser] = {
    # The provider's callbacks
    "wire.read_object": Parser(wire.read_object, Takes.BODY, (UnreadableCallback,), is_raw=True),
    "messages.read_stk_callback": Parser(messages.read_stk_callback, Takes.BODY, (UnreadableCallback,)),
    "messages.read_b2c_result": Parser(messages.read_b2c_result, Takes.BODY, (UnreadableCallback,)),
    "messages.read_timeout_notice": Parser(messages.read_timeout_notice, Takes.BODY, (UnreadableCallback,)),
    "messages.read_status_result": Parser(messages.read_status_result, Takes.BODY, (UnreadableCallback,)),
    "messages.read_reversal_result": Parser(messages.read_reversal_result, Takes.BODY, (UnreadableCallback,)),
    "messages.read_balance_result": Parser(messages.read_balance_result, Takes.BODY, (UnreadableCallback,)),
    "messages.read_transaction_result": Parser(
        messages.read_transaction_result, Takes.BODY, (UnreadableCallback,)
    ),
    "messages.read_c2b_confirmation": Parser(
        messages.read_c2b_confirmation, Takes.BODY, (UnreadableCallback,)
    ),
    "messages.read_pulled": Parser(messages.read_pulled, Takes.VALUE, (UnreadableCallback,)),
    "statement.read_statement": Parser(
        statement.read_statement, Takes.TEXT, (statement.UnreadableStatement,), (_STATEMENT,), is_raw=True
    ),
    # The provider's answers: nothing may leave, what can't be read is Unknown
    "answers.read_push": Parser(answers.read_push, Takes.ANSWER),
    "answers.read_query": Parser(lambda a: answers.read_query(a, checkout_id="ws_CO_1"), Takes.ANSWER),
    "answers.read_b2c": Parser(lambda a: answers.read_b2c(a, originator_id="zemi-1"), Takes.ANSWER),
    "answers.read_status": Parser(answers.read_status, Takes.ANSWER),
    "answers.read_acknowledgement": Parser(answers.read_acknowledgement, Takes.ANSWER),
    "answers.read_registration": Parser(answers.read_registration, Takes.ANSWER),
    "answers.read_pull_registration": Parser(answers.read_pull_registration, Takes.ANSWER),
    "answers.read_pull": Parser(answers.read_pull, Takes.ANSWER, is_raw=True),
    "answers.says_token_is_invalid": Parser(answers.says_token_is_invalid, Takes.ANSWER),
    "africastalking.client.read_answer": Parser(africastalking.read_answer, Takes.ANSWER),
    # Requests
    "api.json.read": Parser(api_json.read, Takes.BODY, (ApiError,), is_raw=True),
    "AmountField": Parser(AmountField().read, Takes.VALUE, (Unreadable,), ("1500.00",)),
    "PhoneField": Parser(PhoneField().read, Takes.VALUE, (Unreadable,), ("0712 345 678",)),
    "CodeField": Parser(CodeField().read, Takes.VALUE, (Unreadable,), ("847263",)),
    "ReferenceField": Parser(ReferenceField().read, Takes.VALUE, (Unreadable,), ("ZEM-7K2M9QXA",)),
    "TextField": Parser(TextField(most=500).read, Takes.VALUE, (Unreadable,), ("iPhone 13",)),
    "MetadataField": Parser(MetadataField().read, Takes.VALUE, (Unreadable,), ({"cart": "17"},)),
    "FreeMetadataField": Parser(FreeMetadataField().read, Takes.VALUE, (Unreadable,), ({"a": {"b": "1"}},)),
    "personal_in": Parser(personal_in, Takes.TEXT, (), ("0712 345 678", "a@b.co.ke", "12345678")),
    "Phone.parse": Parser(
        Phone.parse, Takes.TEXT, (InvalidPhone,), (AMINA.e164, "0712 345-678", "00254712345678")
    ),
    "Money.parse": Parser(Money.parse, Takes.TEXT, (InvalidAmount,), ("1500", "1500.00", "0.01")),
    "read_reference": Parser(read_reference, Takes.TEXT, (), ("ZEM-7K2M9QXA", "zem-oil00000"), is_raw=True),
    # Uploads
    "photo_reader.shrink": Parser(
        photo_reader.shrink,
        Takes.FILE,
        (photo_reader.Unusable,),
        (
            *pictures.good().values(),
            *pictures.bad().values(),
            pictures.moving("PNG"),
            pictures.moving("WEBP"),
        ),
    ),
    # Secrets in headers and paths: what is not one of ours is None
    "api_keys.authenticate": Parser(
        lambda text: api_keys.authenticate(text, now=clock.now()),
        Takes.TEXT,
        (),
        ("zk_test_abcdefgh_" + "A" * 43 + "00000000", api_keys._text("abcdefgh", "B" * 43)),
    ),
    "tokens.read": Parser(
        tokens.read, Takes.TEXT, (), tuple(tokens.mint(kind, new_key()) for kind in tokens.CallbackKind)
    ),
}
