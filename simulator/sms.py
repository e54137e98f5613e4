"""Africa's Talking's SMS endpoint (DARAJA 9.1): takes messages, keeps them, answers for each recipient."""

import hmac
import math
import re
from collections.abc import Mapping

from simulator import callbacks
from simulator.clock import SECOND, iso
from simulator.credentials import SMS_API_KEY, SMS_USERNAME
from simulator.fault_kinds import SMS_STATUSES
from simulator.phones import normalise
from simulator.state import State

_INTERNATIONAL = re.compile(r"\+?254[17][0-9]{8}")
_COST_PER_PART_CENTS = 80
_PART_LENGTH = 160
_DEFAULT_SENDER = "AFRICASTKNG"
_NETWORK = "63902"  # Safaricom


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


def set_reports(state: State, url: str | None, sent_us: int, delivered_us: int) -> None:
    """Where delivery reports go, and how long after the message (inside a transaction); no URL: nowhere."""
    state.store.remember("sms_reports_url", url or "")
    state.store.remember("sms_reports_sent_us", str(sent_us))
    state.store.remember("sms_reports_delivered_us", str(delivered_us))


def reports(state: State) -> dict[str, object]:
    """As GET /_sim/sms/reports."""
    sent_us, delivered_us = _report_spans(state)
    return {
        "url": state.store.meta("sms_reports_url") or None,
        "sent_after_s": sent_us / SECOND,
        "delivered_after_s": delivered_us / SECOND,
    }


def _send_one(state: State, number: str, *, sender: str, text: str, parts: int) -> dict[str, object]:
    if not _INTERNATIONAL.fullmatch(number):
        return _refused(number, 403)
    msisdn = number.removeprefix("+")
    refusal = state.faults.take("sms_refused", api="sms", msisdn=msisdn)
    if refusal is not None:
        return _refused(f"+{msisdn}", refusal.status)
    message_id = state.ids.message()
    state.store.run(
        "INSERT INTO messages (recipient, sender, text, message_id, at) VALUES (?, ?, ?, ?, ?)",
        msisdn,
        sender,
        text,
        message_id,
        state.clock.micros(),
    )
    _plan_reports(state, msisdn, message_id)
    return {
        "statusCode": 101,
        "number": f"+{msisdn}",
        "status": "Success",
        "cost": _cost(parts),
        "messageId": message_id,
        "messageParts": parts,
    }


def _refused(number: str, code: int) -> dict[str, object]:
    # Refused inside a 201: each recipient has to be read (DARAJA 9.1).
    return {
        "statusCode": code,
        "number": number,
        "status": SMS_STATUSES[code],
        "cost": "0",
        "messageId": "None",
    }


def _plan_reports(state: State, msisdn: str, message_id: str) -> None:
    url = state.store.meta("sms_reports_url")
    if not url:
        return
    now = state.clock.micros()
    failed = state.faults.take("sms_report_failed", api="sms", msisdn=msisdn)
    final: dict[str, str] = {"status": "Success"}
    if failed is not None:
        rejected = failed.body == "rejected"
        final = {
            "status": "Rejected" if rejected else "Failed",
            "failureReason": "UserInBlackList" if rejected else failed.body,
        }
    times = [now + span for span in _report_spans(state)]
    if state.faults.take("sms_report_out_of_order", api="sms", msisdn=msisdn) is not None:
        times.reverse()
    for at, report in zip(times, ({"status": "Sent"}, final), strict=True):
        form = {
            "id": message_id,
            "phoneNumber": f"+{msisdn}",
            "networkCode": _NETWORK,
            "retryCount": "0",
            **report,
        }
        callbacks.plan(state, kind="sms", url=url, payload=form, at=at, msisdn=msisdn)


def _report_spans(state: State) -> list[int]:
    return [int(state.store.meta(f"sms_reports_{name}") or 0) for name in ("sent_us", "delivered_us")]


def _cost(parts: int) -> str:
    shillings, cents = divmod(parts * _COST_PER_PART_CENTS, 100)
    return f"KES {shillings}.{cents:02d}00"
