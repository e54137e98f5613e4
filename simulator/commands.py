"""What reversal, balance and top-up have in common: accepted now, answered on ResultURL later (DARAJA 1.6, 1.7)."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator import callbacks, codes
from simulator.fields import Fields
from simulator.identifiers import filler_receipt
from simulator.state import State

_TIMED_OUT = "The request timed out while awaiting processing in the queue."
# Path of Safaricom's own that the results name.
_INTERNAL = {"reversal": "reversalresults", "balance": "abresults", "topup": "b2bresults"}


@dataclass(frozen=True)
class Command:
    """A row of `commands`; times in microseconds."""

    id: int
    kind: str
    conversation_id: str
    originator_conversation_id: str
    wishes: dict[str, Any]
    refusal_code: str | None
    result_url: str
    timeout_url: str
    requested_at: int
    settled_at: int | None
    result_code: str | None
    receipt: str | None

    @classmethod
    def of(cls, row: sqlite3.Row) -> "Command":
        """The command of a row."""
        values = {key: row[key] for key in row.keys()}  # noqa: SIM118 (a Row iterates over its values)
        return cls(**{**values, "wishes": json.loads(values["wishes"])})


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What M-Pesa made of a command: a result code, and for a success the receipt and the parameters."""

    code: str
    receipt: str | None = None
    parameters: Mapping[str, object] | None = None


def accept(
    state: State, kind: str, fields: Fields, wishes: Mapping[str, object], *, initiator: tuple[str, str]
) -> dict[str, object]:
    """Queue a command whose own fields are checked; return the acknowledgement.

    `initiator` is name and SecurityCredential: a wrong one is accepted, and the result tells (DARAJA 4.4).

    :raises GatewayError: a URL is bad; nothing was done
    """
    timeout_url = fields.url("QueueTimeOutURL")
    result_url = fields.url("ResultURL")

    now = state.clock.micros()
    with state.transaction():
        conversation, originator = state.ids.conversation(now), state.ids.merchant_request()
        ref = state.store.run(
            "INSERT INTO commands (kind, conversation_id, originator_conversation_id, wishes, refusal_code,"
            " result_url, timeout_url, requested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            kind,
            conversation,
            originator,
            json.dumps(wishes),
            state.credentials.initiator_refusal(*initiator) or state.faults.refusal(kind, None),
            result_url,
            timeout_url,
            now,
        )
        due = now + state.result_after_us
        notice = state.faults.take("queue_timeout", api=kind, msisdn=None)
        if notice is not None:
            command = Command.of(_row(state, ref))
            _plan(state, command, Outcome(code="100000000"), at=due, timed_out=True)
            due += notice.delay_us
        state.schedule("command", ref, at=due)
    return {
        "OriginatorConversationID": originator,
        "ConversationID": conversation,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }


def settle(
    state: State, ref: int, *, at: int, carry_out: Mapping[str, Callable[[State, Command, int], Outcome]]
) -> list[int]:
    """Carry it out, or don't; plan the result and return the ids of the callbacks (inside a transaction)."""
    command = Command.of(_row(state, ref))
    state.unschedule("command", ref)
    if command.settled_at is not None:
        return []
    refused = Outcome(code=command.refusal_code) if command.refusal_code else None
    outcome = refused or carry_out[command.kind](state, command, at)
    state.store.run(
        "UPDATE commands SET settled_at = ?, result_code = ?, receipt = ? WHERE id = ?",
        at,
        outcome.code,
        outcome.receipt,
        ref,
    )
    return _plan(state, replace(command, settled_at=at), outcome, at=at)


def find(state: State, conversation: str) -> Command | None:
    """The command with this OriginatorConversationID or ConversationID."""
    row = state.store.row(
        "SELECT * FROM commands WHERE originator_conversation_id = ?1 OR conversation_id = ?1", conversation
    )
    return None if row is None else Command.of(row)


def _row(state: State, ref: int) -> sqlite3.Row:
    row = state.store.row("SELECT * FROM commands WHERE id = ?", ref)
    if row is None:
        raise LookupError(f"there is no command {ref}")
    return row


def _plan(state: State, command: Command, outcome: Outcome, *, at: int, timed_out: bool = False) -> list[int]:
    # Balance and B2B results carry their codes as strings, reversals those that are no number (DARAJA 2).
    textual = command.kind != "reversal" or not outcome.code.isdigit()
    kind_code = "1" if timed_out else "0"
    result: dict[str, object] = {
        "ResultType": kind_code if command.kind != "reversal" else int(kind_code),
        "ResultCode": outcome.code if textual else int(outcome.code),
        "ResultDesc": _TIMED_OUT if timed_out else codes.words(outcome.code),
        "OriginatorConversationID": command.originator_conversation_id,
        "ConversationID": command.conversation_id,
        "TransactionID": outcome.receipt or filler_receipt(at),
    }
    if outcome.parameters is not None:
        result["ResultParameters"] = {
            "ResultParameter": [{"Key": key, "Value": value} for key, value in outcome.parameters.items()]
        }
    value = f"https://internalsandbox.safaricom.co.ke/mpesa/{_INTERNAL[command.kind]}/v1/submit"
    item = {"Key": "QueueTimeoutURL", "Value": value}
    bill = command.wishes.get("reference")
    # One item stands alone, two are a list (DARAJA 2).
    references = item if bill is None else [{"Key": "BillReferenceNumber", "Value": bill}, item]
    result["ReferenceData"] = {"ReferenceItem": references}
    return callbacks.plan(
        state,
        kind=f"{command.kind}_timeout" if timed_out else command.kind,
        url=command.timeout_url if timed_out else command.result_url,
        payload=callbacks.timeout_payload(state, result) if timed_out else {"Result": result},
        at=at,
        msisdn=None,
    )
