"""The client believes a webhook only when its signature is Zemi's."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from zemi_client import NotFromZemi, read_event

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps(
    {
        "id": "evt_1",
        "type": "order.paid",
        "timestamp": "2026-11-23T09:00:00Z",
        "sequence": 7,
        "data": {"object": {"status": "paid"}, "previous": {"status": "awaiting_payment"}},
    }
).encode()


def signed(body: bytes, at: datetime) -> dict[str, str]:
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(SECRET).sign("evt_1", at, body.decode()),
    }


def test_a_signed_event_is_read() -> None:
    event = read_event(BODY, signed(BODY, datetime.now(UTC)), secret=SECRET)

    assert (event.id, event.type, event.sequence) == ("evt_1", "order.paid", 7)
    assert event.object == {"status": "paid"}
    assert event.previous == {"status": "awaiting_payment"}
    assert event.at == datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("case", ["changed", "old", "other secret", "no headers", "no JSON"])
def test_anything_else_is_not_from_zemi(case: str) -> None:
    now = datetime.now(UTC)
    body, headers, secret = BODY, signed(BODY, now), SECRET
    if case == "changed":
        body = BODY.replace(b"awaiting_payment", b"awaiting_paymeny")
    elif case == "old":
        headers = signed(BODY, now - timedelta(minutes=6))
    elif case == "other secret":
        secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    elif case == "no headers":
        headers = {}
    else:
        body = b"{"
        headers = signed(body, now)

    with pytest.raises(NotFromZemi):
        read_event(body, headers, secret=secret)


@pytest.mark.parametrize(
    "secret", ["", "whsec_", SECRET[6:], SECRET[:20], f"{SECRET[:-1]}!", f"wh-{SECRET}", "zk_test_abc"]
)
def test_a_secret_that_is_none_is_told_at_once_and_blames_nobody(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_") as told:
        read_event(BODY, signed(BODY, datetime.now(UTC)), secret=secret)

    assert not isinstance(told.value, NotFromZemi)
