"""M-Pesa's callbacks, codes and fields: every variation of DARAJA 2, and hostile input."""

import base64
import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from zemi.common.http_client import Answer
from zemi.common.money import Money, kes
from zemi.providers import wire
from zemi.providers.base import Accepted, Reason, Refused, Succeeded, Unknown, UnreadableCallback
from zemi.providers.mpesa import answers, codes, fields, messages, tariff
from zemi.providers.mpesa.tokens import IssuedToken, ProcessTokens

READERS = (
    messages.read_stk_callback,
    messages.read_b2c_result,
    messages.read_timeout_notice,
    messages.read_status_result,
)

STK: dict[str, Any] = {
    "Body": {
        "stkCallback": {
            "MerchantRequestID": "29115-34620561-1",
            "CheckoutRequestID": "ws_CO_191220191020363925",
            "ResultCode": 0,
            "ResultDesc": "The service request is processed successfully.",
            "CallbackMetadata": {
                "Item": [
                    {"Name": "Amount", "Value": 1500},
                    {"Name": "MpesaReceiptNumber", "Value": "NLJ7RT61SV"},
                    {"Name": "TransactionDate", "Value": 20191219102115},
                    {"Name": "PhoneNumber", "Value": 254708374149},
                ]
            },
        }
    }
}
B2C: dict[str, Any] = {
    "Result": {
        "ResultType": 0,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "OriginatorConversationID": "zemi-1",
        "ConversationID": "AG_20191219_00005797af5d7d75f652",
        "TransactionID": "NLJ41HAY6Q",
        "ResultParameters": {
            "ResultParameter": [
                {"Key": "TransactionAmount", "Value": 1500},
                {"Key": "TransactionReceipt", "Value": "NLJ41HAY6Q"},
                {"Key": "TransactionCompletedDateTime", "Value": "19.12.2019 11:45:50"},
            ]
        },
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://internal"}},
    }
}
STATUS: dict[str, Any] = {
    "Result": {
        "ResultType": 0,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "OriginatorConversationID": "of-the-query",
        "ConversationID": "AG_of_the_query",
        "TransactionID": "NLJ0000000",
        "ResultParameters": {
            "ResultParameter": [
                {"Key": "TransactionStatus", "Value": "Completed"},
                {"Key": "ReceiptNo", "Value": "NLJ41HAY6Q"},
                {"Key": "Amount", "Value": "1500.0"},
                {"Key": "FinalisedTime", "Value": 20191219114550},
            ]
        },
    }
}
AT_0845 = datetime(2019, 12, 19, 8, 45, 50, tzinfo=UTC)


def stk(metadata: Any = "as it is", **changes: Any) -> bytes:
    message = copy.deepcopy(STK)
    callback = message["Body"]["stkCallback"]
    callback |= changes
    if metadata != "as it is":
        callback["CallbackMetadata"] = metadata
    return json.dumps(message).encode()


def stk_with(*items: dict[str, Any]) -> bytes:
    return stk({"Item": list(items)})


def b2c(parameters: Any = "as it is", **changes: Any) -> bytes:
    message = copy.deepcopy(B2C)
    message["Result"] |= changes
    if parameters != "as it is":
        message["Result"]["ResultParameters"] = parameters
    return json.dumps(message).encode()


def status(*items: dict[str, Any], **changes: Any) -> bytes:
    message = copy.deepcopy(STATUS)
    message["Result"] |= changes
    if items:
        message["Result"]["ResultParameters"]["ResultParameter"] = list(items)
    return json.dumps(message).encode()


# The prompt's callback


def test_a_success_carries_receipt_amount_and_time_in_utc():
    result = messages.read_stk_callback(stk())

    assert (result.provider_reference, result.request_reference) == (
        "ws_CO_191220191020363925",
        "29115-34620561-1",
    )
    assert result.outcome == Succeeded(
        "0",
        "The service request is processed successfully.",
        "NLJ7RT61SV",
        kes(1_500),
        datetime(2019, 12, 19, 7, 21, 15, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("token", "amount"),
    [
        ("1", kes(1)),
        ("1.0", kes(1)),
        ("1.00", kes(1)),
        ("1500.50", Money(150_050)),
        ("0.10", Money(10)),
        ("1.2500000", Money(125)),
        ('"1500.00"', kes(1_500)),
        ('" 20 "', kes(20)),
        ("9007199254.99", Money(900_719_925_499)),
    ],
)
def test_an_amount_is_read_from_its_raw_token(token: str, amount: Money):
    body = stk().replace(b'"Value": 1500}', f'"Value": {token}}}'.encode())

    outcome = messages.read_stk_callback(body).outcome

    assert isinstance(outcome, Succeeded)
    assert outcome.amount == amount


@pytest.mark.parametrize(
    "token",
    [
        "-1",
        "1e2",
        "1E2",
        "0.001",
        "1.005",
        "true",
        "[1]",
        "{}",
        '"1,500"',
        '"KES 1"',
        '"\u0661\u0665"',
        '"\uff11\uff15"',
        "1" * 5_000,
    ],
)
def test_an_amount_that_is_none_makes_the_callback_unreadable(token: str):
    body = stk().replace(b'"Value": 1500}', f'"Value": {token}}}'.encode())

    with pytest.raises(UnreadableCallback):
        messages.read_stk_callback(body)


@pytest.mark.parametrize(
    "phone",
    [254708374149, "254708374149", "2547 ***** 126", "a" * 64, None, {"masked": True}],
    ids=str,
)
def test_the_phone_number_decides_nothing(phone: Any):
    items = [
        *STK["Body"]["stkCallback"]["CallbackMetadata"]["Item"][:3],
        {"Name": "PhoneNumber", "Value": phone},
    ]

    assert messages.read_stk_callback(stk_with(*items)) == messages.read_stk_callback(stk())


@pytest.mark.parametrize(
    "extra",
    [
        {"Name": "Balance"},
        {"Name": "Balance", "Value": "{Amount={CurrencyCode=KES, MinimumAmount=1, BasicAmount=1.00}}"},
        {"Name": "Balance", "Value": 12.5, "Extra": [1]},
        {"Name": "Something new", "Value": {"deep": []}},
        {"Name": "Amount"},
        {"Name": "Amount", "Value": 1500},
    ],
    ids=str,
)
def test_other_items_change_nothing(extra: dict[str, Any]):
    items = [*STK["Body"]["stkCallback"]["CallbackMetadata"]["Item"], extra]

    assert messages.read_stk_callback(stk_with(*items)) == messages.read_stk_callback(stk())


def test_two_different_amounts_are_unreadable():
    items = [*STK["Body"]["stkCallback"]["CallbackMetadata"]["Item"], {"Name": "Amount", "Value": 1}]

    with pytest.raises(UnreadableCallback):
        messages.read_stk_callback(stk_with(*items))


@pytest.mark.parametrize("metadata", [None, "", {}, {"Item": None}, {"Item": []}], ids=str)
def test_a_success_without_metadata_is_a_success_without_receipt(metadata: Any):
    outcome = messages.read_stk_callback(stk(metadata)).outcome

    assert isinstance(outcome, Succeeded)
    assert (outcome.receipt, outcome.amount, outcome.at) == (None, None, None)


def test_a_single_item_may_stand_without_its_list():
    outcome = messages.read_stk_callback(
        stk({"Item": {"Name": "MpesaReceiptNumber", "Value": "NLJ7RT61SV"}})
    ).outcome

    assert isinstance(outcome, Succeeded)
    assert (outcome.receipt, outcome.amount) == ("NLJ7RT61SV", None)


@pytest.mark.parametrize(
    "time", [99999999999999, 20191319102115, "yesterday", None, True, 10101000000, "00010101000000"]
)
def test_a_time_that_cannot_be_read_is_left_out(time: Any):
    outcome = messages.read_stk_callback(stk_with({"Name": "TransactionDate", "Value": time})).outcome

    assert isinstance(outcome, Succeeded)
    assert outcome.at is None


@pytest.mark.parametrize("code", [1032, "1032", " 1032 "])
def test_a_code_is_the_same_as_number_or_string(code: Any):
    outcome = messages.read_stk_callback(
        stk(None, ResultCode=code, ResultDesc="Request cancelled by user")
    ).outcome

    assert outcome == Refused(Reason.CANCELLED, "1032", "Request cancelled by user")


@pytest.mark.parametrize(
    "code",
    [None, True, "", "-0", "00", "01", 1.5, [0], {}, "0\u0000", "\u0660", "\uff10", "1" * 40, "a b"],
    ids=repr,
)
def test_what_is_no_code_is_unreadable(code: Any):
    with pytest.raises(UnreadableCallback):
        messages.read_stk_callback(stk(ResultCode=code))
    with pytest.raises(UnreadableCallback):
        messages.read_b2c_result(b2c(ResultCode=code))


@pytest.mark.parametrize(
    ("code", "text"), [(4999, "still under processing"), (1, "The transaction is being processed")]
)
def test_still_processing_is_no_failure_in_a_callback_either(code: int, text: str):
    assert isinstance(
        messages.read_stk_callback(stk(None, ResultCode=code, ResultDesc=text)).outcome, Accepted
    )


def test_an_uncatalogued_code_closes_a_prompt_and_never_a_payout():
    told = messages.read_stk_callback(stk(None, ResultCode=777, ResultDesc="New"))
    paid = messages.read_b2c_result(b2c(None, ResultCode=777, ResultDesc="New"))

    assert told.outcome == Refused(Reason.OTHER, "777", "New")
    assert paid.outcome == Unknown("777", "New")


def test_a_byte_order_mark_is_no_obstacle():
    assert messages.read_stk_callback(b"\xef\xbb\xbf" + stk()) == messages.read_stk_callback(stk())


@pytest.mark.parametrize("name", ["CheckoutRequestID", "MerchantRequestID"])
@pytest.mark.parametrize("value", [["ws_CO_1"], True, "ws CO 1", "ws\u0000", "é", "x" * 129], ids=repr)
def test_an_identifier_that_cannot_be_one_is_unreadable(name: str, value: Any):
    with pytest.raises(UnreadableCallback):
        messages.read_stk_callback(stk(**{name: value}))


@pytest.mark.parametrize("value", [None, ""])
def test_a_callback_without_its_checkout_id_is_unreadable(value: Any):
    with pytest.raises(UnreadableCallback):
        messages.read_stk_callback(stk(CheckoutRequestID=value))


def test_words_are_kept_in_one_printable_line_of_at_most_500_characters():
    words = "Nope\u0000\n  \ud800 sorry " + "x" * 10_000

    outcome = messages.read_stk_callback(stk(None, ResultCode=1, ResultDesc=words)).outcome

    assert outcome.text.startswith("Nope sorry xxx")
    assert len(outcome.text) == 500
    outcome.text.encode()


# The payout's result


def test_a_paid_payout_carries_receipt_amount_and_time():
    result = messages.read_b2c_result(b2c())

    assert (result.originator_id, result.provider_reference) == ("zemi-1", "AG_20191219_00005797af5d7d75f652")
    assert result.outcome == Succeeded(
        "0", "The service request is processed successfully.", "NLJ41HAY6Q", kes(1_500), AT_0845
    )


def test_a_single_parameter_may_stand_without_its_list():
    outcome = messages.read_b2c_result(
        b2c({"ResultParameter": {"Key": "TransactionAmount", "Value": "1500.00"}})
    ).outcome

    assert isinstance(outcome, Succeeded)
    # The receipt is TransactionID on a success (DARAJA 2.3).
    assert (outcome.receipt, outcome.amount) == ("NLJ41HAY6Q", kes(1_500))


@pytest.mark.parametrize("filler", ["SKE0000000", "NLJ0000000", "", None])
def test_a_filler_is_no_receipt(filler: str | None):
    outcome = messages.read_b2c_result(b2c(None, TransactionID=filler)).outcome

    assert isinstance(outcome, Succeeded)
    assert outcome.receipt is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1", Reason.FLOAT_LOW),
        (8, Reason.WALLET_FULL),
        (2040, Reason.PAYEE_INVALID),
        (8006, Reason.CREDENTIALS),
    ],
)
def test_a_catalogued_code_is_proof_that_nothing_was_paid(code: Any, reason: Reason):
    assert messages.read_b2c_result(b2c(None, ResultCode=code, ResultDesc="No")).outcome == Refused(
        reason, str(code), "No"
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (15, "Duplicate Detected"),
        (17, "System internal error"),
        (26, "System busy"),
        (100_000_000, "Request cached"),
        (100_000_011, "Rate exceeded"),
        (1, "The service request timed out"),
        (1, "Time-out in the queue"),
        (1, "Duplicate OriginatorConversationID."),
        ("R000002", "?"),
    ],
)
def test_no_other_code_is(code: Any, text: str):
    assert messages.read_b2c_result(b2c(None, ResultCode=code, ResultDesc=text)).outcome == Unknown(
        str(code), text
    )


def test_one_of_the_two_ids_is_enough():
    ours = messages.read_b2c_result(b2c(ConversationID=None))
    theirs = messages.read_b2c_result(b2c(OriginatorConversationID=""))

    assert (ours.originator_id, ours.provider_reference) == ("zemi-1", "")
    assert (theirs.originator_id, theirs.provider_reference) == ("", "AG_20191219_00005797af5d7d75f652")
    with pytest.raises(UnreadableCallback):
        messages.read_b2c_result(b2c(ConversationID=None, OriginatorConversationID=None))


@pytest.mark.parametrize(
    "body",
    [b2c(), b2c(None, ResultCode=1), b"{}", b'{"Result": "timeout"}', b'{"Result": {"ResultCode": []}}'],
    ids=range(5),
)
def test_a_timeout_notice_is_unknown_whatever_it_says(body: bytes):
    assert isinstance(messages.read_timeout_notice(body).outcome, Unknown)


# The answer to a status query


def test_a_completed_status_is_a_success_of_the_payment():
    result = messages.read_status_result(status())

    assert result.outcome == Succeeded(
        "Completed", "The service request is processed successfully.", "NLJ41HAY6Q", kes(1_500), AT_0845
    )
    # The envelope's ids are the query's own: they must not be taken for the payment's.
    assert (result.originator_id, result.provider_reference) == ("", "")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("completed ", Succeeded),
        ("Declined", Refused),
        ("Cancelled", Refused),
        ("Expired", Refused),
        ("Failed", Refused),
        ("Initiated", Accepted),
        ("Authorized", Accepted),
        ("Pending  Authorized", Accepted),
        ("Pending", Accepted),
        ("Reversed", Unknown),
        ("", Unknown),
        (None, Unknown),
        (0, Unknown),
    ],
)
def test_the_state_decides(state: Any, kind: type):
    assert (
        type(messages.read_status_result(status({"Key": "TransactionStatus", "Value": state})).outcome)
        is kind
    )


@pytest.mark.parametrize("code", [1, 25, 2001, "R000002", 2, 17])
def test_a_failed_query_says_nothing_about_the_payment(code: Any):
    outcome = messages.read_status_result(status(ResultCode=code)).outcome

    assert isinstance(outcome, Unknown)
    assert (outcome.code, outcome.text) == (str(code), "The service request is processed successfully.")


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        (2001, "The initiator information is invalid.", Reason.CREDENTIALS),
        ("8006", "The security credential is locked.", Reason.CREDENTIALS),
        (21, "The initiator is not allowed to initiate this request.", Reason.ROLE_MISSING),
        (2001, "The request timed out.", None),
        (1, "The balance is insufficient.", None),
        (17, "System internal error.", None),
    ],
)
def test_a_failed_query_may_say_that_we_are_refused(code: Any, text: str, reason: Reason | None):
    outcome = messages.read_status_result(status(ResultCode=code, ResultDesc=text)).outcome

    assert outcome == Unknown(str(code), text, reason)


def test_party_names_may_be_given_twice():
    twice = [
        {"Key": "DebitPartyName", "Value": "A"},
        {"Key": "DebitPartyName", "Value": "B"},
        {"Key": "TransactionReason"},
    ]

    outcome = messages.read_status_result(
        status(*twice, {"Key": "TransactionStatus", "Value": "Completed"})
    ).outcome

    assert isinstance(outcome, Succeeded)


# Hostile input

HOSTILE = [
    b"",
    b"\x00",
    b"null",
    b"0",
    b'"Body"',
    b"[]",
    b"\xff\xfe{\x00}\x00",
    b"{" * 5_000,
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"Body": {"stkCallback": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    b'{"Body": NaN}',
    b'{"Result": Infinity}',
    b'{"Body": {}, "Body": {}}',
    b'{"Result": {"ResultCode": 0, "ResultCode": 1}}',
    b'{"Body": {"stkCallback": []}}',
    b'{"Body": {"stkCallback": {"ResultCode": 0}}}',
    b'{"Result": {"ResultCode": ' + b"9" * 5_000 + b"}}",
    b'{"a": "' + b"x" * 300_000 + b'"}',
    stk({"Item": [1]}),
    stk({"Item": [{"Value": 1}]}),
    stk({"Item": [{"Name": [1], "Value": 1}]}),
    stk({"Item": "text"}),
    stk({"Item": [{"Name": "Balance"}] * 201}),
    stk("text"),
    stk([]),
    stk_with({"Name": "MpesaReceiptNumber", "Value": ["NLJ7RT61SV"]}),
    stk_with({"Name": "MpesaReceiptNumber", "Value": "NLJ7RT61SV\u0000"}),
    stk_with({"Name": "MpesaReceiptNumber", "Value": "\ud800"}),
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
def test_hostile_input_is_unreadable_and_nothing_else(read: Any, body: bytes):
    if read is messages.read_timeout_notice:
        try:
            assert isinstance(read(body).outcome, Unknown)
        except UnreadableCallback:
            return
    else:
        with pytest.raises(UnreadableCallback):
            read(body)


def every_place(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inside for place in every_place(value, (*path, key)))]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["\ud800", "\u0000", "1e2", "-0", "\u0661", "\uff19", "NLJ0000000", "ws_CO_1", 10**400]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data(), sample=st.sampled_from([STK, B2C, STATUS]), value=json_values)
def test_any_value_in_any_place_is_read_or_unreadable(data: st.DataObject, sample: Any, value: Any):
    message = copy.deepcopy(sample)
    *path, last = data.draw(st.sampled_from(every_place(sample)[1:]))
    node = message
    for key in path:
        node = node[key]
    node[last] = value
    body = json.dumps(message).encode()

    for read in READERS:
        try:
            result = read(body)
        except UnreadableCallback:
            continue
        for text in (result.provider_reference, result.outcome.code, result.outcome.text):
            assert text.isprintable()
        if isinstance(result.outcome, Succeeded) and result.outcome.amount is not None:
            assert result.outcome.amount.minor >= 0


@given(body=st.binary(max_size=200))
def test_any_bytes_are_unreadable(body: bytes):
    for read in READERS[:2]:
        with pytest.raises(UnreadableCallback):
            read(body)


# Codes, texts, tariff


def test_no_final_code_is_also_undecided():
    decided = codes.CHARGE_RESULTS.keys() | codes.PAYOUT_RESULTS.keys()

    assert not decided & (codes.UNDECIDED | {codes.PENDING, codes.SUCCESS})


def test_no_result_says_that_the_same_attempt_may_be_sent_again():
    reasons = {*codes.CHARGE_RESULTS.values(), *codes.PAYOUT_RESULTS.values()}

    assert not any(Refused(reason).may_resend for reason in reasons)


@pytest.mark.parametrize(
    ("amount", "fee"),
    [
        (10, 0),
        (100, 0),
        (101, 5),
        (1_500, 5),
        (1_501, 9),
        (5_000, 9),
        (5_001, 11),
        (20_000, 11),
        (20_001, 13),
        (250_000, 13),
    ],
)
def test_a_payout_costs_what_the_tariff_says(amount: int, fee: int):
    assert tariff.payout_fee(kes(amount)) == kes(fee)


def test_cents_above_a_band_belong_to_the_next():
    assert tariff.payout_fee(Money(10_001)) == kes(5)


# Fields


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("ZEM-0A1B2C3D", "ZEM-0A1B2C3D"),
        ("Shoes @ & # (red)", "Shoes red"),
        ("Sukuma wiki, 2 kg", "Sukuma wiki 2"),
        ("Café Nyeri", "Cafe Nyeri"),
        ("  a\tb\nc  ", "a b c"),
        ("", "Zemi"),
        ("!!!", "Zemi"),
        ("x", "Zemi"),
        ("😀😀", "Zemi"),
        ("\u0000\ud800", "Zemi"),
        ("\uff11\uff12", "12"),
        ("abcdefghijkl mnop", "abcdefghijkl"),
    ],
)
def test_text_is_cut_to_what_survives(text: str, cleaned: str):
    assert fields.clean(text, most=13) == cleaned


@given(text=st.text(), most=st.sampled_from([12, 13, 100]))
def test_any_text_becomes_one_that_daraja_takes(text: str, most: int):
    cleaned = fields.clean(text, most=most)

    assert 2 <= len(cleaned) <= most
    assert all(character.isascii() and (character.isalnum() or character in " -") for character in cleaned)
    assert cleaned == cleaned.strip()


def test_the_timestamp_is_east_african_whatever_the_zone_of_now():
    late = datetime(2026, 12, 31, 21, 0, 0, tzinfo=UTC)

    assert fields.timestamp(late) == fields.timestamp(late.astimezone()) == "20270101000000"
    assert fields.timestamp(late + timedelta(seconds=59)) == "20270101000059"


def test_the_password_is_shortcode_passkey_and_timestamp():
    assert (
        fields.password("174379", "key", "20191219102115")
        == base64.b64encode(b"174379key20191219102115").decode()
    )


def _certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, until: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Safaricom")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2010, 1, 1, tzinfo=UTC)).not_valid_after(until)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def test_the_initiators_password_is_encrypted_with_pkcs1_even_by_an_expired_certificate():
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    certificate = _certificate(key, until=datetime(2016, 1, 1, tzinfo=UTC))

    credential = fields.security_credential("Password#1", certificate)

    assert key.decrypt(base64.b64decode(credential, validate=True), padding.PKCS1v15()) == b"Password#1"


@pytest.mark.parametrize(
    "pem", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_said_so(pem: str):
    with pytest.raises(fields.UnusableCertificate):
        fields.security_credential("Password#1", pem)


def test_a_certificate_without_an_rsa_key_is_unusable():
    key = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(fields.UnusableCertificate):
        fields.security_credential("Password#1", _certificate(key, until=datetime(2050, 1, 1, tzinfo=UTC)))


def test_a_password_longer_than_the_key_is_unusable():
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    with pytest.raises(fields.UnusableCertificate):
        fields.security_credential("x" * 300, _certificate(key, until=datetime(2050, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"ResponseCode": "1"}, Refused(Reason.INSUFFICIENT_FUNDS, "1")),
        ({"ResponseCode": "2"}, Refused(Reason.INVALID_REQUEST, "2")),
        # Taken, and no id to ask about it by: only its callback can tell.
        ({"ResponseCode": "0"}, Unknown("0")),
        ({"ResponseCode": "0", "CheckoutRequestID": ""}, Unknown("0")),
        ({"ResponseCode": "99"}, Unknown("99")),
    ],
)
def test_an_answer_to_a_prompt_is_refused_only_by_a_code_that_is_known(
    said: dict[str, str], outcome: Refused | Unknown
) -> None:
    assert answers.read_push(Answer(200, json.dumps(said).encode())) == outcome


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-23T10:13:00Z", datetime(2026, 11, 23, 10, 13, tzinfo=UTC)),
        ("2026-11-23T13:13:00+03:00", datetime(2026, 11, 23, 10, 13, tzinfo=UTC)),
        # Without a zone it is none of these, and one of M-Pesa's own forms is Nairobi's time.
        ("23.11.2026 13:13:00", datetime(2026, 11, 23, 10, 13, tzinfo=UTC)),
        ("20261123131300", datetime(2026, 11, 23, 10, 13, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (20261123, None),
    ],
)
def test_a_time_is_read_with_its_zone_or_not_at_all(written: object, read: datetime | None) -> None:
    assert wire.iso_time(written) == read


def test_no_cent_of_an_amount_is_lost() -> None:
    for minor in range(1, 3_000):
        assert wire.amount(f"{minor // 100}.{minor % 100:02}") == Money(minor)


@pytest.mark.parametrize("nothing", ["0", "0.00", "00"])
def test_an_amount_of_nothing_is_no_amount(nothing: str) -> None:
    with pytest.raises(UnreadableCallback, match="nothing"):
        wire.amount(nothing)


def test_a_token_that_another_has_replaced_is_not_dropped() -> None:
    tokens, later = ProcessTokens(), datetime(2100, 1, 1, tzinfo=UTC)
    assert tokens.get(lambda: IssuedToken("first", later)) == "first"

    tokens.drop("older")
    assert tokens.get(lambda: IssuedToken("second", later)) == "first"
    tokens.drop("first")
    assert tokens.get(lambda: IssuedToken("second", later)) == "second"
