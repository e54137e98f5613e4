"""What only the simulator offers: its books, its messages, and paying by hand. Nothing here exists in live mode."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from zemi.common import http_client
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.providers.base import Reason, Refused, Succeeded, Unknown

# Transactions in one answer: far below what the HTTP client takes.
PAGE = 200


class SandboxUnreachable(RuntimeError):
    """The simulator doesn't answer, or not as a simulator would."""


@dataclass(frozen=True, slots=True)
class SandboxTransaction:
    """One movement in the simulator's books; amounts in cents."""

    receipt: str
    kind: str
    amount_minor: int
    fee_minor: int
    checkout_request_id: str
    originator_conversation_id: str
    # Which payment a reversal undid.
    original_receipt: str
    account_reference: str


def _transaction(row: dict[str, Any]) -> SandboxTransaction:
    return SandboxTransaction(
        receipt=str(row["receipt"]),
        kind=str(row["kind"]),
        amount_minor=int(row["amount"]),
        fee_minor=int(row["fee"] or 0),
        checkout_request_id=str(row["checkout_request_id"] or ""),
        originator_conversation_id=str(row["originator_conversation_id"] or ""),
        original_receipt=str(row.get("original_receipt") or ""),
        account_reference=str(row["account_reference"] or ""),
    )


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The simulator at `base_url`."""

    base_url: str

    def ping(self) -> None:
        """Ask whether it is there.

        :raises SandboxUnreachable: no answer
        """
        self._get("/_sim/health")

    def accounts(self) -> dict[str, int]:
        """Every account of its books in cents, such as "shortcode:600000:utility".

        :raises SandboxUnreachable: no answer
        """
        return {str(name): int(cents) for name, cents in self._get("/_sim/books")["accounts"].items()}

    def transactions(self) -> list[SandboxTransaction]:
        """Every movement between wallets and shortcodes, oldest first.

        :raises SandboxUnreachable: no answer
        """
        found: list[SandboxTransaction] = []
        while True:
            page = self._get(f"/_sim/transactions?offset={len(found)}&limit={PAGE}")["transactions"]
            found += [_transaction(row) for row in page]
            if len(page) < PAGE:
                return found

    def messages(self, to: Phone | None = None) -> list[dict[str, Any]]:
        """The text messages it has taken, oldest first.

        :raises SandboxUnreachable: no answer
        """
        found = self._get(f"/_sim/sms?to={quote(to.msisdn)}" if to else "/_sim/sms")
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    def phone(self, of: Phone) -> dict[str, Any]:
        """Balance (in cents), prompts and messages of a phone.

        :raises SandboxUnreachable: no answer
        """
        return self._get(f"/_sim/phones/{quote(of.msisdn)}")

    def set_phone(self, of: Phone, **wishes: Any) -> bool:
        """Decide the open prompt of a phone, or script its next one; False when there is nothing to decide.

        :raises SandboxUnreachable: no answer, or not one to that wish
        """
        path = f"/_sim/phones/{quote(of.msisdn)}"
        try:
            answer = http_client.send("POST", f"{self.base_url}{path}", json=wishes)
        except (http_client.NotSent, http_client.NoAnswer) as error:
            raise SandboxUnreachable(path) from error
        if answer.status not in {200, 409}:
            raise SandboxUnreachable(path)
        return answer.status == 200

    def pay(
        self,
        *,
        shortcode: str,
        payer: Phone,
        amount: Money,
        receipt: str,
        reference: str,
        checkout_request_id: str = "",
    ) -> Succeeded | Refused | Unknown:
        """Have `payer` pay under a receipt of our choice: by hand, or the prompt `checkout_request_id` if it is open.

        Refused: nothing was booked, the receipt being known already or the prompt open no longer.
        """
        body = {
            "shortcode": shortcode,
            "msisdn": payer.msisdn,
            "amount": str(amount),
            "receipt": receipt,
            "account_reference": reference,
            "checkout_request_id": checkout_request_id,
        }
        try:
            answer = http_client.send("POST", f"{self.base_url}/_sim/payments", json=body)
        except http_client.NotSent as problem:
            return Refused(Reason.NOT_SENT, text=str(problem))
        except http_client.NoAnswer as problem:
            return Unknown(text=str(problem))
        status = f"http_{answer.status}"
        if answer.status == 200:
            return Succeeded(status, receipt=receipt, amount=amount)
        if answer.status == 409:
            return Refused(Reason.OTHER, status)
        return Refused(Reason.INVALID_REQUEST, status) if answer.status < 500 else Unknown(status)

    def reverse(self, receipt: str) -> str:
        """Give a payment back to whoever paid, as M-Pesa's care desk does, telling nobody; the number of the reversal.

        :raises SandboxUnreachable: no answer, or there is no such payment to give back
        """
        return str(self._ask("POST", "/_sim/reversals", {"receipt": receipt})["receipt"])

    def put_clock_ahead(self, ahead: timedelta) -> timedelta:
        """Put its clock so far ahead of the machine's, unless it is further already; how far it is.

        :raises SandboxUnreachable: no answer; it may have been moved
        """
        found = self._ask("POST", "/_sim/clock", {"least_ahead_s": ahead.total_seconds()})
        return timedelta(seconds=float(found["ahead_s"]))

    def forget_c2b_urls(self) -> None:
        """Have it forget where payments by hand are announced, as M-Pesa's portal does.

        :raises SandboxUnreachable: no answer
        """
        self._ask("DELETE", "/_sim/c2b")

    def script_phone(self, phone: Phone, **wishes: Any) -> None:
        """Say what this phone does with its next prompt: `next`, `delay_s`, `callback` (the simulator's README).

        :raises SandboxUnreachable: no answer, or it knows no such wish
        """
        self._ask("POST", f"/_sim/phones/{phone.msisdn}", wishes)

    def arm_fault(self, fault: str, *, phone: Phone) -> None:
        """Let one thing go wrong, once, with this phone.

        :raises SandboxUnreachable: no answer, or it knows no such fault
        """
        self._ask("POST", "/_sim/faults", {"fault": fault, "msisdn": phone.msisdn, "count": 1})

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = http_client.send(method, f"{self.base_url}{path}", json=body)
            found: dict[str, Any] = json.loads(answer.body)
        except (http_client.NotSent, http_client.NoAnswer, ValueError) as error:
            raise SandboxUnreachable(path) from error
        if answer.status != 200:
            raise SandboxUnreachable(path)
        return found
