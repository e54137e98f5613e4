"""Africa's Talking's SMS endpoint (DARAJA 9.1): takes messages, keeps them, answers for each recipient."""

import hmac
import math
import re
from collections.abc import Mapping

from simulator.clock import iso
from simulator.credentials import SMS_API_KEY, SMS_USERNAME
from simulator.phones import normalise
from simulator.state import State

_INTERNATIONAL = re.compile(r"\+?254[17][0-9]{8}")
_COST_PER_PART_CENTS = 80
_PART_LENGTH = 160
_DEFAULT_SENDER = "AFRICASTKNG"


class SmsRefused(Exception):
    """Nothing was sent; Africa's Talking answers in plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def send(state: State, form: Mapping[str, str], *, api_key: str) -> dict[str, object]:
    """Keep one message per good recipient; the 201 answer may still refuse a recipient.

    :raises SmsRefused: wrong key or a field is missing
    """
    if form.get("username") != SMS_USERNAME or not hmac.compare_digest(
        api_key.encode(), SMS_API_KEY.encode()
    ):
        raise SmsRefused(401, "The supplied authentication is invalid")
    for field in ("to", "message"):
        if not form.get(field, "").strip():
            raise SmsRefused(400, f"Request is missing required form field '{field}'")

    text = form["message"]
    sender = form.get("from") or _DEFAULT_SENDER
    parts = math.ceil(len(text) / _PART_LENGTH)
    with state.transaction():
        recipients = [
            _send_one(state, number.strip(), sender=sender, text=text, parts=parts)
            for number in form["to"].split(",")
        ]
    sent = sum(recipient["statusCode"] == 101 for recipient in recipients)
    total = _cost(sent * parts)
    return {
        "SMSMessageData": {
            "Message": f"Sent to {sent}/{len(recipients)} Total Cost: {total}",
            "Recipients": recipients,
        }
    }


def messages(state: State, to: str | None) -> list[dict[str, object]]:
    """What was sent, oldest first; `to` in any Kenyan form."""
    rows = state.store.rows(
        "SELECT * FROM messages WHERE ?1 IS NULL OR recipient = ?1 ORDER BY id",
        None if to is None else normalise(to) or "nobody",
    )
    return [
        {
            "to": f"+{row['recipient']}",
            "text": row["text"],
            "at": iso(row["at"]),
            "from": row["sender"],
            "message_id": row["message_id"],
        }
        for row in rows
    ]


def _send_one(state: State, number: str, *, sender: str, text: str, parts: int) -> dict[str, object]:
    if not _INTERNATIONAL.fullmatch(number):
        return {
            "statusCode": 403,
            "number": number,
            "status": "InvalidPhoneNumber",
            "cost": "0",
            "messageId": "None",
        }
    msisdn = number.removeprefix("+")
    message_id = state.ids.message()
    state.store.run(
        "INSERT INTO messages (recipient, sender, text, message_id, at) VALUES (?, ?, ?, ?, ?)",
        msisdn,
        sender,
        text,
        message_id,
        state.clock.micros(),
    )
    return {
        "statusCode": 101,
        "number": f"+{msisdn}",
        "status": "Success",
        "cost": _cost(parts),
        "messageId": message_id,
        "messageParts": parts,
    }


def _cost(parts: int) -> str:
    shillings, cents = divmod(parts * _COST_PER_PART_CENTS, 100)
    return f"KES {shillings}.{cents:02d}00"
