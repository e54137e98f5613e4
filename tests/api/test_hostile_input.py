"""Bodies that break lenient readers (SAFETY 5e): every one is refused with a sentence, and nothing moves."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import AMINA, BARAKA, OTIENO, Api
from zemi.api.versions import NEWEST
from zemi.common import clock
from zemi.identity.models import ApiKey, Merchant

pytestmark = pytest.mark.django_db

# Field -> a good value, as the characters that stand in the body. REF becomes a real order's reference.
ENDPOINTS: dict[str, dict[str, str]] = {
    "/api/orders/create": {
        "buyer_phone": f'"{AMINA}"',
        "amount": "1500.00",
        "product_description": '"iPhone 13"',
        "seller_phone": f'"{BARAKA}"',
        "metadata": '{"cart": "17"}',
        "reference": '"INV-1"',
        "release_policy": '"instant"',
    },
    "/api/payments/mpesa/stk-push": {
        "phone_number": f'"{AMINA}"',
        "amount": "1500.00",
        "account_reference": '"REF"',
        "transaction_desc": '"Payment for iPhone 13"',
    },
    "/api/webhooks/payment": {
        "order_reference": '"REF"',
        "transaction_id": '"QHJ41HG1W8"',
        "amount": "1500.00",
        "payment_method": '"mpesa"',
        "payer_phone": f'"{AMINA}"',
        "metadata": '{"mpesa_receipt": "QHJ41HG1W8"}',
    },
    "/api/orders/confirm-delivery": {"order_reference": '"REF"', "delivery_code": '"847263"'},
    "/api/payments/mpesa/b2c-payout": {
        "phone_number": f'"{BARAKA}"',
        "amount": "1500.00",
        "order_reference": '"REF"',
    },
}

WHOLE_BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "invalid_input"),
    "blank": (b"   ", "invalid_json"),
    "not JSON": (b"buyer_phone=254712345678", "invalid_json"),
    "half": (b'{"amount": 1', "invalid_json"),
    "two objects": (b"{} {}", "invalid_json"),
    "comment": (b"{} // yes", "invalid_json"),
    "a trailing comma": (b'{"amount": 1500,}', "invalid_json"),
    "single quotes": (b"{'amount': 1500}", "invalid_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "invalid_json"),
    "a number": (b"5", "json_not_an_object"),
    "a text": (b'"text"', "json_not_an_object"),
    "null": (b"null", "json_not_an_object"),
    "true": (b"true", "json_not_an_object"),
    "a list": (b"[1, 2]", "json_not_an_object"),
    "5,000 nested lists": (b"[" * 5_000 + b"]" * 5_000, "json_too_deep"),
    "5,000 open lists": (b"[" * 5_000, "json_too_deep"),
    "5,000 nested objects": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "json_too_deep"),
    "17 levels": (b'{"a":' * 17 + b"1" + b"}" * 17, "json_too_deep"),
    "a number of 5,000 digits": (b'{"amount": ' + b"9" * 5_000 + b"}", "json_number_too_long"),
    "a fraction of 5,000 digits": (b'{"amount": 1.' + b"9" * 5_000 + b"}", "json_number_too_long"),
    "a name twice": (b'{"amount": 1500, "amount": 1}', "json_duplicate_field"),
    "a name twice inside": (b'{"metadata": {"a": "1", "\\u0061": "2"}}', "json_duplicate_field"),
    "NaN": (b'{"amount": NaN}', "json_not_a_number"),
    "Infinity": (b'{"amount": -Infinity}', "json_not_a_number"),
    "NUL in a value": (b'{"order_reference": "ZEM\\u0000"}', "json_unusable_text"),
    "NUL in a name": (b'{"a\\u0000b": 1}', "json_unusable_text"),
    "NUL as it is": (b'{"a": "\x00"}', "invalid_json"),
    "a lone surrogate": (b'{"product_description": "\\ud800"}', "json_unusable_text"),
    "a lone surrogate inside": (b'{"metadata": {"a": ["\\udfff"]}}', "json_unusable_text"),
    "a surrogate in UTF-8": (b'{"a": "\xed\xa0\x80"}', "json_not_utf8"),
    "Latin-1": ('{"product_description": "café"}'.encode("latin-1"), "json_not_utf8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "json_not_utf8"),
    "more than 64 KiB": (b'{"a": "' + b"a" * 65_536 + b'"}', "body_too_large"),
}

NOT_FOR_ANY_FIELD = (
    "true",
    "false",
    "null",
    "[]",
    '["1500"]',
    "NaN",
    '"\\u0000"',
    '"\\ud800"',
    '"a\\u0007b"',
)
NOT_AMOUNTS = (
    "1e2",
    "1E2",
    "15e-1",
    "-0",
    "-1500",
    "1500.001",
    "0.1e1",
    "99999999999",
    '"1e2"',
    '"-0"',
    '"+1500"',
    '" 1500"',
    '"1,500"',
    '"1500."',
    '".5"',
    '"0x10"',
    '"KES 1500"',
    '""',
    '"\u0661\u0665\u0660\u0660"',
    '"\uff11\uff15\uff10\uff10"',
    '"1_500"',
    "{}",
)
NOT_PHONES = (
    '"2547123"',
    '"+1 202 555 0100"',
    '"0202345678"',
    "2547.5",
    "2.54712345678e11",
    "-254712345678",
    '"\u0660\u0667\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668"',
    '"\uff10\uff17\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18"',
    '"tel:+254712345678"',
    '"0712345678;ext=5"',
    '""',
    "{}",
)
NOT_CODES = (
    "847263",
    "12345",
    '"84726"',
    '"8472633"',
    '"84726a"',
    '" 847263"',
    '"847263\\n"',
    '"\uff18\uff14\uff17\uff12\uff16\uff13"',
    '"\u0668\u0664\u0667\u0662\u0666\u0663"',
    '""',
    "{}",
)
NOT_REFERENCES = (
    "5",
    '""',
    '"ZEM 1"',
    '"\' OR 1=1 --"',
    f'"{"Z" * 41}"',
    '"\uff3a\uff25\uff2d-12345678"',
    "{}",
)
NOT_TEXTS = ("5", "1.5", "{}", f'"{"a" * 501}"', '"a\\u202eb"', '"\\u001b[2J"')
NOT_METADATA = (
    "5",
    '"a"',
    '{"a": 1}',
    '{"a": null}',
    '{"a": {"b": "c"}}',
    '{"": "a"}',
    json.dumps({"a" * 41: "b"}),
    json.dumps({"a": "b" * 501}),
    json.dumps({f"k{number}": "v" for number in range(51)}),
    json.dumps({f"k{number}": "v" * 490 for number in range(20)}),
    f'{{"phone": "{OTIENO}"}}',
    '{"note": "call 0733 000-333 please"}',
    '{"+254733000333": "a"}',
)
NOT_FREE_METADATA = ("5", '"a"', json.dumps({"a": "b" * 9_000}), '{"a": 1e999}')
BY_FIELD = {
    "amount": NOT_AMOUNTS,
    "buyer_phone": NOT_PHONES,
    "seller_phone": NOT_PHONES,
    "phone_number": NOT_PHONES,
    "payer_phone": NOT_PHONES,
    "delivery_code": NOT_CODES,
    "order_reference": NOT_REFERENCES,
    "account_reference": NOT_REFERENCES,
    "transaction_id": (*NOT_TEXTS, '""', '"a b"', '"\uff31"', f'"{"a" * 41}"'),
    "payment_method": (*NOT_TEXTS, '"cash"', '"MPESA"', '""'),
    "product_description": (*NOT_TEXTS, '""', '"   "'),
    "reference": (*NOT_TEXTS, f'"{"a" * 65}"'),
    "release_policy": (*NOT_TEXTS, '"never"'),
    "transaction_desc": NOT_TEXTS,
}
CASES = [
    (path, field, value)
    for path, fields in ENDPOINTS.items()
    for field in fields
    for value in (
        *NOT_FOR_ANY_FIELD,
        *(BY_FIELD.get(field) or (NOT_METADATA if path == "/api/orders/create" else NOT_FREE_METADATA)),
    )
]


@pytest.fixture
def key(make_key: Any) -> str:
    found: str = make_key("orders", "payments", "payouts")
    # Its first call is behind it, which keeps the version for this merchant and the day of the key's use.
    Merchant.objects.update(api_version=NEWEST)
    ApiKey.objects.update(last_used_at=clock.now())
    return found


@pytest.fixture
def refused(api: Api, key: str, everything: Callable[[], Any]) -> Callable[[str, Any], dict[str, Any]]:
    """Send a body that has to be refused; the error. Nothing moved."""

    def send(path: str, raw: Any) -> dict[str, Any]:
        before = everything()
        answer = api.post(path, raw, key=key if path.endswith("payout") else None)
        assert 400 <= answer.status < 500, (answer.status, raw[:200], answer.raw[:500])
        error: dict[str, Any] = answer.body
        assert list(error) == ["success", "error", "code", "details", "doc_url", "request_id"]
        assert error["success"] is False
        assert isinstance(error["error"], str)
        assert len(error["error"]) > 10
        assert error["doc_url"] == f"/docs/errors#{error['code']}"
        assert error["request_id"] == answer.headers["Request-Id"]
        assert {"type", "retryable"} <= set(error["details"])
        assert everything() == before
        return error

    return send


@pytest.mark.once
@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("name", WHOLE_BODIES)
def test_a_hostile_body_is_refused(refused: Any, path: str, name: str) -> None:
    raw, code = WHOLE_BODIES[name]

    assert refused(path, raw)["code"] == code


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_hostile_value_is_refused(refused: Any, api: Api, path: str) -> None:
    reference = api.create()["order_reference"]
    good = {name: value.replace("REF", reference) for name, value in ENDPOINTS[path].items()}

    for where, field, value in CASES:
        if where != path:
            continue
        body = ", ".join(f'"{name}": {value if name == field else text}' for name, text in good.items())
        error = refused(path, f"{{{body}}}".encode())
        if error["code"] == "invalid_input":
            named = [problem["field"].partition(".")[0] for problem in error["details"]["errors"]]
            assert named == [field], value
            assert re.match(rf"{field}(\.\w+)?: ", error["error"]), value


@pytest.mark.once
@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_missing_field_is_named(refused: Any, path: str) -> None:
    optional = {"seller_phone", "metadata", "reference", "release_policy", "transaction_desc", "payer_phone"}
    needed = [name for name in ENDPOINTS[path] if name not in optional]

    error = refused(path, b"{}")

    assert error["code"] == "invalid_input"
    assert [(problem["field"], problem["code"]) for problem in error["details"]["errors"]] == [
        (name, "required") for name in needed
    ]


@pytest.mark.once
@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""]
)
def test_another_kind_of_body_is_refused(
    api: Api, key: str, everything: Any, path: str, content_type: str
) -> None:
    before = everything()

    answer = api.post(path, b'{"amount": 1}', key=key, content_type=content_type)

    assert answer.status == 415
    assert answer.body["code"] == "unsupported_media_type"
    assert everything() == before


@pytest.mark.parametrize(
    "reference",
    ["ZEM-00000000", "%00", "..%2f..", "%ed%a0%80", "ZEM-%E2%82%AC", "' OR 1=1", "Z" * 500, "a/b"],
)
def test_a_hostile_reference_in_the_path_is_not_found(api: Api, reference: str) -> None:
    answer = api.get(f"/api/orders/{reference}")

    assert answer.status == 404
    assert answer.body["success"] is False


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer \u00e9", "Basic YTpi", "", "Bearer zk_test_a b", "\x00"]
)
def test_a_hostile_key_is_refused(api: Api, everything: Any, header: str) -> None:
    before = everything()

    answer = api.post("/api/orders/create", {}, authorization=header)

    assert answer.status == 401
    assert answer.body["code"] == "api_key_invalid"
    assert everything() == before


@pytest.mark.parametrize("name", WHOLE_BODIES)
def test_a_hostile_callback_is_stored_as_it_came_and_moves_nothing(
    api: Api, everything: Any, simulator: Any, run_worker: Any, name: str
) -> None:
    from zemi.common.ids import new_key
    from zemi.webhooks.models import WebhookLog
    from zemi.webhooks.tokens import CallbackKind, mint

    raw, _ = WHOLE_BODIES[name]
    before = everything()
    paths = ["/api/webhooks/mpesa", "/api/webhooks/mpesa/"]
    paths += [f"/hooks/{mint(kind, new_key())}" for kind in CallbackKind]

    for path in paths:
        answer = api.post(path, raw)
        assert answer.status == (413 if len(raw) > 65_536 else 200), path

    stored = [] if len(raw) > 65_536 else [raw] * len(paths)
    assert [row.body for row in WebhookLog.objects.all()] == stored
    run_worker()
    after = everything()
    # The hourly audit is due as well, and says that all is well.
    for table in ("webhooks.WebhookLog", "providers.ProviderToken", "reconciliation.AuditRun"):
        before.pop(table, None)
        after.pop(table, None)
    assert after == before
    assert not WebhookLog.objects.filter(due_at__isnull=False).exists()
