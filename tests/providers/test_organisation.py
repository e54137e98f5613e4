"""Reversal, balance, C2B, pull and top-up, against answers and callbacks rewritten from DARAJA 1.5 to 2.5."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.providers.peers import AMINA, NOON, RecordedPeer, Wire
from zemi.common import clock, http_client
from zemi.common.money import Money, kes
from zemi.providers.base import (
    Accepted,
    Reason,
    Refused,
    ReverseRequest,
    Succeeded,
    TopUpRequest,
    Unknown,
    UnreadableCallback,
)
from zemi.providers.mpesa.client import Mpesa
from zemi.providers.mpesa.tokens import ProcessTokens

URLS = {"result_url": "https://zemi.test/hooks/r", "timeout_url": "https://zemi.test/hooks/t"}
REVERSE = ReverseRequest(receipt="UKN1AB2CD3", amount=kes(1_500), reference="ZEM-0A1B2C3D", **URLS)
TOP_UP = TopUpRequest(amount=kes(400_000), reference="ZEM-FLOAT", **URLS)
TAKEN = {
    "OriginatorConversationID": "71840-27539181-07",
    "ConversationID": "AG_20261123_12345678901234567890",
    "ResponseCode": "0",
    "ResponseDescription": "Accept the service request successfully.",
}


class Daraja:
    """Gives each call the next answer, and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.wire = Wire(httpx2.MockTransport(self._answer))
        http_client.use_transport(self.wire)
        clock.use(lambda: NOON)
        self.mpesa = Mpesa(RecordedPeer().config(), ProcessTokens())

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/oauth"):
            return httpx2.Response(200, json={"access_token": "token", "expires_in": 3599})
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer("gone", request=request)
        status, body = answer
        return httpx2.Response(status, **({"text": body} if isinstance(body, str) else {"json": body}))

    def asked(self) -> list[Any]:
        return [body for path, body in self.wire.sent if not path.startswith("/oauth")]


@pytest.fixture
def daraja() -> Iterator[Daraja]:
    yield Daraja()
    http_client.use_transport(None)
    clock.use(None)


def error(code: str, text: str) -> dict[str, str]:
    return {"requestId": "1-2-3", "errorCode": code, "errorMessage": text}


def result(code: Any, *, parameters: Any = None, text: str = "said", receipt: str = "UKN0000000") -> bytes:
    body = {
        "ResultType": 0,
        "ResultCode": code,
        "ResultDesc": text,
        "OriginatorConversationID": "71840-27539181-07",
        "ConversationID": "AG_20261123_12345678901234567890",
        "TransactionID": receipt,
    }
    if parameters is not None:
        body["ResultParameters"] = {"ResultParameter": parameters}
    return json.dumps({"Result": body}).encode()


def test_a_reversal_is_sent_once_with_receipt_and_whole_amount(daraja: Daraja):
    daraja.answers = [(200, TAKEN)]

    outcome = daraja.mpesa.reverse(REVERSE)

    assert isinstance(outcome, Accepted)
    assert outcome.provider_reference == "AG_20261123_12345678901234567890"
    [sent] = daraja.asked()
    assert sent["CommandID"] == "TransactionReversal"
    assert (sent["TransactionID"], sent["Amount"]) == ("UKN1AB2CD3", 1_500)
    assert (sent["ReceiverParty"], sent["RecieverIdentifierType"]) == ("174379", "11")
    assert 2 <= len(sent["Remarks"]) <= 100


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ReadTimeout,
        (500, error("500.001.1001", "Internal Server Error")),
        (500, error("500.003.1001", "Internal error")),
        (502, "upstream connect error"),
        (200, TAKEN | {"ResponseCode": "1"}),
    ],
)
@pytest.mark.parametrize("call", ["reverse", "top_up"])
def test_a_doubtful_answer_to_a_reversal_or_top_up_is_unknown_and_not_sent_again(
    daraja: Daraja, call: str, answer: Any
):
    daraja.answers = [answer]

    outcome = daraja.mpesa.reverse(REVERSE) if call == "reverse" else daraja.mpesa.top_up(TOP_UP)

    assert isinstance(outcome, Unknown)
    assert len(daraja.asked()) == 1


def test_a_reversal_that_never_left_may_be_sent_again(daraja: Daraja):
    daraja.answers = [httpx2.ConnectError]

    assert daraja.mpesa.reverse(REVERSE) == Refused(Reason.NOT_SENT, text="ConnectError")


def test_a_reversals_success_names_both_receipts_the_amount_and_the_time(daraja: Daraja):
    told = daraja.mpesa.read_reversal_callback(
        result(
            0,
            receipt="UKN9ZZ8YY7",
            parameters=[
                {"Key": "DebitAccountBalance", "Value": "Utility Account|KES|51661.00|51661.00|0.00|0.00"},
                {"Key": "Amount", "Value": 1500},
                {"Key": "TransCompletedTime", "Value": 20261123120000},
                {"Key": "OriginalTransactionID", "Value": "UKN1AB2CD3"},
                {"Key": "CreditPartyPublicName"},
            ],
        )
    )

    assert told.original_receipt == "UKN1AB2CD3"
    assert told.outcome == Succeeded("0", "said", "UKN9ZZ8YY7", kes(1_500), NOON)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1, Reason.FLOAT_LOW),
        (2001, Reason.CREDENTIALS),
        ("8006", Reason.CREDENTIALS),
        ("21", Reason.ROLE_MISSING),
        ("R000002", Reason.INVALID_REQUEST),
    ],
)
def test_a_catalogued_code_of_a_reversal_proves_that_nothing_moved(daraja: Daraja, code: Any, reason: Reason):
    outcome = daraja.mpesa.read_reversal_callback(result(code)).outcome

    assert outcome == Refused(reason, str(code), "said")


@pytest.mark.parametrize("code", ["R000001", 15, 17, "100000000", 4242])
def test_already_reversed_and_what_nobody_catalogued_is_unknown(daraja: Daraja, code: Any):
    assert daraja.mpesa.read_reversal_callback(result(code)).outcome == Unknown(str(code), "said")


def test_a_top_up_moves_from_the_paybill_to_the_paying_shortcode(daraja: Daraja):
    daraja.answers = [(200, TAKEN)]

    assert isinstance(daraja.mpesa.top_up(TOP_UP), Accepted)
    [sent] = daraja.asked()
    assert (sent["CommandID"], sent["PartyA"], sent["PartyB"]) == ("BusinessPayToBulk", "174379", "600000")


def test_without_a_certificate_nothing_is_sent_that_an_initiator_signs(daraja: Daraja):
    config = RecordedPeer().config()
    object.__setattr__(config, "certificate_pem", "")
    mpesa = Mpesa(config, ProcessTokens())

    assert isinstance(mpesa.reverse(REVERSE), Refused)
    assert isinstance(mpesa.top_up(TOP_UP), Refused)
    assert isinstance(mpesa.balance(**URLS), Unknown)
    assert isinstance(mpesa.query_transaction("UKN1AB2CD3", **URLS), Unknown)
    assert daraja.asked() == []


def test_cents_are_refused_before_any_call(daraja: Daraja):
    odd = Money(150_050)

    for outcome in (
        daraja.mpesa.reverse(ReverseRequest("UKN1AB2CD3", odd, "ZEM-0A1B2C3D", **URLS)),
        daraja.mpesa.top_up(TopUpRequest(odd, "ZEM-FLOAT", **URLS)),
    ):
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.INVALID_REQUEST
    assert daraja.asked() == []


def test_a_receipt_is_asked_about_by_its_number(daraja: Daraja):
    daraja.answers = [(200, TAKEN), httpx2.ConnectError]

    assert isinstance(daraja.mpesa.query_transaction("UKN1AB2CD3", **URLS), Accepted)
    assert isinstance(daraja.mpesa.query_transaction("UKN1AB2CD3", account="600000", **URLS), Unknown)
    first, second = daraja.asked()
    assert (first["TransactionID"], first["PartyA"]) == ("UKN1AB2CD3", "174379")
    assert (second["PartyA"], "OriginalConversationID" in second) == ("600000", False)


def test_the_second_number_of_an_account_is_what_can_be_spent(daraja: Daraja):
    daraja.answers = [(200, TAKEN)]
    assert isinstance(daraja.mpesa.balance(**URLS), Accepted)

    told = daraja.mpesa.read_balance_callback(
        result(
            "0",
            parameters=[
                {
                    "Key": "AccountBalance",
                    "Value": "Working Account|KES|700000.00|600000.00|100000.00|0.00"
                    "&Charges Paid Account|KES|-46.50|-46.50|0.00|0.00",
                },
                {"Key": "BOCompletedTime", "Value": 20261123120000},
            ],
        )
    )

    assert isinstance(told.outcome, Succeeded)
    assert told.outcome.at == NOON
    assert [(a.name, a.total, a.available) for a in told.accounts] == [
        ("Working Account", kes(700_000), kes(600_000)),
        ("Charges Paid Account", Money(-4_650), Money(-4_650)),
    ]


def test_a_balance_that_was_refused_has_no_accounts(daraja: Daraja):
    told = daraja.mpesa.read_balance_callback(result("2001"))

    assert (told.accounts, told.outcome) == ((), Refused(Reason.CREDENTIALS, "2001", "said"))


@pytest.mark.parametrize("value", [None, "Utility Account|KES|1.00", "A|USD|1.00|1.00|0|0", "A|KES|x|1|0|0"])
def test_a_balance_that_can_not_be_read_is_left_to_a_person(daraja: Daraja, value: Any):
    with pytest.raises(UnreadableCallback):
        daraja.mpesa.read_balance_callback(result("0", parameters={"Key": "AccountBalance", "Value": value}))


REGISTRATION = {
    "confirmation_url": "https://zemi.test/hooks/c",
    "validation_url": "https://zemi.test/hooks/v",
}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, TAKEN | {"OriginatorCoversationID": "1-2"}), Succeeded),
        ((500, error("500.003.1001", "Urls are already registered")), Succeeded),
        ((500, error("500.003.1001", "Duplicate notification info")), Succeeded),
        ((400, error("400.002.02", "Bad Request - Invalid ConfirmationURL")), Refused),
        ((200, TAKEN | {"ResponseCode": "1"}), Unknown),
        ((200, "<html>"), Unknown),
        (httpx2.ConnectError, Refused),
    ],
)
def test_addresses_that_stand_already_are_registered(daraja: Daraja, answer: Any, kind: type):
    daraja.answers = [answer]

    assert isinstance(daraja.mpesa.register_c2b_urls(**REGISTRATION), kind)
    assert daraja.asked()[0]["ResponseType"] == "Completed"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((200, {"ResponseStatus": "1000", "ResponseDescription": "registered"}), Succeeded),
        ((200, {"ResponseStatus": "1001", "ResponseDescription": "already"}), Succeeded),
        ((200, {"ResponseStatus": "7"}), Unknown),
        ((400, error("400.002.02", "Bad Request - Invalid NominatedNumber")), Refused),
        ((200, "<html>"), Unknown),
        (httpx2.ConnectError, Refused),
    ],
)
def test_a_paybill_that_may_be_pulled_already_is_registered(daraja: Daraja, answer: Any, kind: type):
    daraja.answers = [answer]

    assert isinstance(daraja.mpesa.register_pull(nominated=AMINA, callback_url="https://a.example/x"), kind)
    assert daraja.asked()[0]["NominatedNumber"] == AMINA.msisdn


def confirmation(**changes: Any) -> bytes:
    fields = {
        "TransactionType": "Pay Bill",
        "TransID": "UKN1AB2CD3",
        "TransTime": "20261123120000",
        "TransAmount": "1500.00",
        "BusinessShortCode": "174379",
        "BillRefNumber": "ZEM-0A1B2C3D",
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 126",
        "FirstName": "",
    }
    return json.dumps(fields | changes).encode()


@pytest.mark.parametrize(
    ("written", "payer"),
    [("254722000111", AMINA), ("2547 ***** 126", None), ("a" * 64, None), ("1" * 64, None), ("", None)],
)
def test_a_confirmation_names_its_payer_only_where_the_number_came_in_full(
    daraja: Daraja, written: str, payer: Any
):
    told = daraja.mpesa.read_c2b_confirmation(confirmation(MSISDN=written))

    assert (told.receipt, told.amount, told.at) == ("UKN1AB2CD3", kes(1_500), NOON)
    assert (told.reference, told.payer, told.shortcode) == ("ZEM-0A1B2C3D", payer, "174379")


@pytest.mark.parametrize("changes", [{"TransID": "UKN0000000"}, {"TransAmount": ""}, {"TransAmount": "-1"}])
def test_a_confirmation_without_receipt_or_amount_is_left_to_a_person(daraja: Daraja, changes: Any):
    with pytest.raises(UnreadableCallback):
        daraja.mpesa.read_c2b_confirmation(confirmation(**changes))


ROW = {
    "transactionId": "UKN1AB2CD3",
    "trxDate": "2026-11-23T09:00:00Z",
    "msisdn": 254722000111,
    "transactiontype": "c2b-pay-bill-debit",
    "billreference": "ZEM-0A1B2C3D",
    "amount": "1500.00",
}
SINCE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("nested", [[[ROW]], [ROW]])
def test_a_pull_lists_what_came_in(daraja: Daraja, nested: Any):
    daraja.answers = [(200, {"ResponseCode": "1000", "ResponseMessage": "Success", "Response": nested})]

    [row] = daraja.mpesa.pull_transactions(since=SINCE, until=NOON, offset=100)  # type: ignore[misc]

    assert (row.receipt, row.amount, row.at) == ("UKN1AB2CD3", kes(1_500), NOON)
    assert (row.reference, row.payer) == ("ZEM-0A1B2C3D", AMINA)
    assert daraja.asked() == [
        {
            "ShortCode": "174379",
            "StartDate": "2026-11-23 09:00:00",
            "EndDate": "2026-11-23 12:00:00",
            "OffSetValue": "100",
        }
    ]


def test_a_pull_that_finds_nothing_is_empty_and_one_that_fails_is_unknown(daraja: Daraja):
    broken = [{"Response": {}}, {"Response": ["x"]}, {"Response": [ROW | {"amount": None}]}]
    daraja.answers = [
        (200, {"ResponseCode": "1001"}),
        (200, {"ResponseCode": "1002"}),
        (500, error("500.003.02", "busy")),
        *((200, {"ResponseCode": "1000"} | body) for body in broken),
    ]

    found = [daraja.mpesa.pull_transactions(since=SINCE, until=NOON) for _ in range(6)]

    assert found[0] == []
    assert all(isinstance(answer, Unknown) for answer in found[1:])
