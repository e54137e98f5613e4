"""What Zemi asks of a payment or message provider, and the four things that it may hear.

Adapters are plain Python: typed request in, typed outcome out. *Unknown is not failed*: an unknown outcome is
asked about, never repeated (DESIGN 2.4). A provider's code and words are kept with every outcome.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from zemi.common.money import Money, kes
from zemi.common.phone import Phone

# The least that M-Pesa pays out (DARAJA 4.1): who is owed less can't be sent it.
PAYOUT_LEAST = kes(10)


class Reason(StrEnum):
    """Why a provider refused, in our own words; the adapter's table of codes maps to these (DARAJA 3)."""

    NOT_SENT = "not_sent"  # not a byte left: the same attempt may be sent again
    BUSY = "busy"  # turned away before acting (token, spike arrest, quota): again later, same attempt
    INSUFFICIENT_FUNDS = "insufficient_funds"  # the payer's
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"  # the prompt timed out or the phone could not be reached
    WRONG_PIN = "wrong_pin"
    PIN_LOCKED = "pin_locked"
    TOO_SOON = "too_soon"  # same amount again within two minutes, or another prompt is open on the phone
    LIMIT = "limit"  # a limit of the payer's or payee's wallet or day
    WALLET_FULL = "wallet_full"
    FLOAT_LOW = "float_low"  # our own account has too little
    PAYEE_INVALID = "payee_invalid"
    CREDENTIALS = "credentials"  # ours: password expired, initiator locked
    ROLE_MISSING = "role_missing"  # ours: this operation alone is not allowed to the initiator
    INVALID_REQUEST = "invalid_request"  # a bug or a wrong setting of ours
    OTHER = "other"  # a final answer without a better word


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it and no result yet. For a query: it is still being processed."""

    code: str = ""
    text: str = ""
    provider_reference: str = ""  # M-Pesa: CheckoutRequestID, ConversationID
    request_reference: str = ""  # M-Pesa: MerchantRequestID, OriginatorConversationID


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The money moved. `receipt` and `amount` are None where the answer doesn't carry them (STK query)."""

    code: str = ""
    text: str = ""
    receipt: str | None = None
    amount: Money | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing moved and nothing will, by this request."""

    reason: Reason
    code: str = ""
    text: str = ""

    @property
    def may_resend(self) -> bool:
        """Whether the same attempt with the same id may be sent again: it reached no provider's books."""
        return self.reason in {Reason.NOT_SENT, Reason.BUSY}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows what became of it. `reason`: why the question was refused, which says nothing about the money."""

    code: str = ""
    text: str = ""
    reason: Reason | None = None


ChargeOutcome = Accepted | Succeeded | Refused | Unknown
DisburseOutcome = Accepted | Succeeded | Refused | Unknown


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Ask `payer` for `amount` by a prompt on the phone. `callback_url` is secret, this attempt's alone."""

    amount: Money
    payer: Phone
    reference: str
    description: str
    callback_url: str


@dataclass(frozen=True, slots=True)
class DisburseRequest:
    """Pay `amount` to `payee`. `originator_id` is ours, unique: the provider's key against paying twice."""

    originator_id: str
    amount: Money
    payee: Phone
    reference: str
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class ReverseRequest:
    """Give `amount`, all of it, back to whom `receipt` came from. There is no id of ours: a lost answer is never resent."""

    receipt: str
    amount: Money
    reference: str
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class TopUpRequest:
    """Move `amount` from the collecting to the paying account. No id of ours here either."""

    amount: Money
    reference: str
    result_url: str
    timeout_url: str


@dataclass(frozen=True, slots=True)
class ReversalResult:
    """A callback about a reversal or a top-up. `outcome.receipt` is the new movement's own."""

    originator_id: str
    provider_reference: str
    original_receipt: str | None
    outcome: DisburseOutcome


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One account of ours at the provider. Only `available` can be spent (DARAJA 1.7); signed: fees accrue below zero."""

    name: str
    total: Money
    available: Money


@dataclass(frozen=True, slots=True)
class BalanceResult:
    """A callback about our accounts; none of them unless the outcome is Succeeded."""

    provider_reference: str
    outcome: Succeeded | Refused | Unknown
    accounts: tuple[AccountBalance, ...] = ()


@dataclass(frozen=True, slots=True)
class C2BReceipt:
    """Money that came in, as a second channel announces it. `payer` is None where the provider masks or hashes it."""

    receipt: str
    amount: Money
    at: datetime | None
    reference: str
    payer: Phone | None
    shortcode: str


@dataclass(frozen=True, slots=True)
class PulledTransaction:
    """One line of the provider's list of what came in during the last 48 hours."""

    receipt: str
    amount: Money
    at: datetime | None
    reference: str
    payer: Phone | None


class LineKind(StrEnum):
    """What a line of a provider's statement is, in our own words."""

    PAYMENT = "payment"  # in: a customer paid; out: a customer was paid
    REVERSAL = "reversal"
    FEE = "fee"
    TRANSFER = "transfer"  # between accounts of our own, or to a bank
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One movement on the provider's statement of one account: exactly one of `paid_in` and `withdrawn` is there.

    `reference` is what the provider says of ours: an order's reference, or our own id of a payment. `linked_receipt` is
    the movement that a reversal or a fee belongs to. `payer` is who paid, or was paid; None where the provider masks it.
    """

    receipt: str
    at: datetime
    paid_in: Money | None
    withdrawn: Money | None
    kind: LineKind
    reference: str = ""
    linked_receipt: str = ""
    payer: Phone | None = None


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """A callback about a charge: a claim, until a query has confirmed it."""

    provider_reference: str
    request_reference: str
    outcome: Succeeded | Refused | Accepted | Unknown


@dataclass(frozen=True, slots=True)
class DisburseResult:
    """A callback about a payout: its result, or what a status query found out."""

    originator_id: str
    provider_reference: str
    outcome: DisburseOutcome


class UnreadableCallback(ValueError):
    """The body is not what the provider documents: kept, and left to a person."""


class PaymentProvider(Protocol):
    """A mobile-money provider. Every call is made once, with time-outs, outside any transaction."""

    name: str
    collection_account: str  # the ledger's dimension for 1100, such as "174379"
    disbursement_account: str  # the ledger's dimension for 1110, such as "600000"

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        """Send the prompt."""
        ...

    def query_charge(self, provider_reference: str) -> ChargeOutcome:
        """Ask what became of a prompt; safe to repeat.

        The outcome is the prompt's. Whatever becomes of the question (not sent, refused, lost) is Unknown.
        """
        ...

    def disburse(self, request: DisburseRequest) -> DisburseOutcome:
        """Send the payment."""
        ...

    def query_disbursement(self, originator_id: str, *, result_url: str, timeout_url: str) -> DisburseOutcome:
        """Ask what became of a payment; Accepted means that the answer comes by callback. Safe to repeat."""
        ...

    def reverse(self, request: ReverseRequest) -> DisburseOutcome:
        """Undo a receipt, whole and once. Unknown must never be sent again: there is no key against doing it twice."""
        ...

    def query_transaction(
        self, receipt: str, *, account: str | None = None, result_url: str, timeout_url: str
    ) -> DisburseOutcome:
        """Ask about a receipt of `account` (None: the collecting one); the answer comes by callback."""
        ...

    def balance(self, *, account: str | None = None, result_url: str, timeout_url: str) -> Accepted | Unknown:
        """Ask what `account` holds (None: the paying one); the answer comes by callback."""
        ...

    def register_c2b_urls(
        self, *, confirmation_url: str, validation_url: str
    ) -> Succeeded | Refused | Unknown:
        """Say where money that comes in is announced; that they were registered before is success."""
        ...

    def register_pull(self, *, nominated: Phone, callback_url: str) -> Succeeded | Refused | Unknown:
        """Ask for `pull_transactions`, once; `nominated` is a number of ours. That it was asked before is success."""
        ...

    def pull_transactions(
        self, *, since: datetime, until: datetime, offset: int = 0
    ) -> list[PulledTransaction] | Unknown:
        """List what came in, from number `offset` on; empty at the end."""
        ...

    def top_up(self, request: TopUpRequest) -> DisburseOutcome:
        """Move money to the account that pays out; Unknown must never be sent again."""
        ...

    def read_reversal_callback(self, body: bytes) -> ReversalResult:
        """Read a reversal's result, or a top-up's.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_balance_callback(self, body: bytes) -> BalanceResult:
        """Read what our accounts hold.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_c2b_confirmation(self, body: bytes) -> C2BReceipt:
        """Read the announcement of money that came in: a claim, like every callback.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_charge_callback(self, body: bytes) -> ChargeResult:
        """Read a prompt's callback.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_disburse_callback(self, body: bytes) -> DisburseResult:
        """Read a payout's result.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_timeout_notice(self, body: bytes) -> DisburseResult:
        """Read a notice that a payout or a question timed out in the provider's queue: always Unknown.

        :raises UnreadableCallback: not even JSON; the address that it came to says the same
        """
        ...

    def read_status_callback(self, body: bytes) -> DisburseResult:
        """Read the answer to `query_disbursement`: the payment's fate, not the query's.

        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def read_transaction_callback(self, body: bytes) -> C2BReceipt | None:
        """Read the answer to `query_transaction`: the money that it proves came in, without what the payer typed.

        None: it proves nothing, which is no proof of the contrary.
        :raises UnreadableCallback: not in a documented shape
        """
        ...

    def disbursement_fee(self, amount: Money) -> Money:
        """What the provider charges us for paying out `amount` (DARAJA 4.1)."""
        ...


class MessageProvider(Protocol):
    """A provider of text messages."""

    name: str

    def send_text(self, *, to: Phone, text: str) -> Accepted | Refused | Unknown:
        """Send one message. A lost answer is Unknown: it was possibly sent (DARAJA 9.1)."""
        ...
