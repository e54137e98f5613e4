"""The chart of accounts: what each one means, on which side it grows, and whether its balance is kept (DOMAIN 6.2)."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True)
class Chart:
    """One line of the chart.

    `dimension` names what there is one account for each of. A kept balance is updated with every transfer, and the
    database refuses to let it fall below zero; all other balances are summed when somebody asks.
    """

    code: int
    name: str
    side: Side
    dimension: str
    keeps_balance: bool
    meaning: str


MPESA_COLLECTION = Chart(
    1100, "M-Pesa collection", Side.DEBIT, "shortcode", False, "money in the paybill that collects"
)
MPESA_DISBURSEMENT = Chart(
    1110, "M-Pesa disbursement", Side.DEBIT, "shortcode", False, "money in the shortcode that pays out"
)
IN_TRANSIT = Chart(
    1190,
    "Own transfers in transit",
    Side.DEBIT,
    "transfer",
    True,
    "money on its way between our own accounts",
)
SELLER_DEBT = Chart(
    1300, "Seller debts", Side.DEBIT, "party", True, "what a seller was paid and has to give back"
)
SUSPENSE = Chart(
    1310,
    "Suspense",
    Side.DEBIT,
    "case",
    True,
    "money that left without being owed, until a person ends the case",
)
ESCROW = Chart(2100, "Escrow held", Side.CREDIT, "order", True, "what is held for one order")
SELLER_PAYABLE = Chart(2200, "Seller payable", Side.CREDIT, "party", True, "what a seller may be paid now")
SELLER_RESERVE = Chart(
    2210,
    "Seller reserve",
    Side.CREDIT,
    "party",
    True,
    "what is kept of a seller's money against later refunds",
)
PAYOUTS_IN_FLIGHT = Chart(
    2300, "Payouts in flight", Side.CREDIT, "payout", True, "a payout from its creation to its result"
)
REFUNDS_IN_FLIGHT = Chart(
    2310, "Refunds in flight", Side.CREDIT, "refund", True, "a refund from its creation to its result"
)
BUYER_CREDIT = Chart(
    2400, "Buyer credit", Side.CREDIT, "party", True, "money of a payer that waits for a number or a use"
)
UNALLOCATED = Chart(
    2500, "Unallocated receipts", Side.CREDIT, "receipt", True, "real money that fits no open order"
)
UNCLAIMED = Chart(
    2800,
    "Unclaimed money",
    Side.CREDIT,
    "owner",
    True,
    "what its owner has not asked for within the time of the rule",
)
OWN_FLOAT = Chart(
    3100,
    "Operator's own float",
    Side.CREDIT,
    "shortcode",
    False,
    "own money put in to cover fees and payouts",
)
COMMISSION = Chart(4100, "Commission revenue", Side.CREDIT, "", False, "what Zemi earned")
ROUNDING = Chart(4900, "Rounding", Side.CREDIT, "", False, "shillings that were forgiven, or came too many")
DISBURSEMENT_FEES = Chart(
    5110,
    "Provider fees, disbursement",
    Side.DEBIT,
    "provider",
    False,
    "what the provider charged for payouts",
)
LOSSES = Chart(
    5200, "Losses", Side.DEBIT, "case", False, "what the operator bears: goodwill, fraud, double payments"
)

ACCOUNTS: tuple[Chart, ...] = (
    MPESA_COLLECTION,
    MPESA_DISBURSEMENT,
    IN_TRANSIT,
    SELLER_DEBT,
    SUSPENSE,
    ESCROW,
    SELLER_PAYABLE,
    SELLER_RESERVE,
    PAYOUTS_IN_FLIGHT,
    REFUNDS_IN_FLIGHT,
    BUYER_CREDIT,
    UNALLOCATED,
    UNCLAIMED,
    OWN_FLOAT,
    COMMISSION,
    ROUNDING,
    DISBURSEMENT_FEES,
    LOSSES,
)
BY_CODE = {line.code: line for line in ACCOUNTS}
CLIENT_MONEY = (
    ESCROW,
    SELLER_PAYABLE,
    SELLER_RESERVE,
    PAYOUTS_IN_FLIGHT,
    REFUNDS_IN_FLIGHT,
    BUYER_CREDIT,
    UNALLOCATED,
    UNCLAIMED,
)
# What somebody owes us: client money may be out there instead of in our shortcodes.
CLAIMS = (SELLER_DEBT, SUSPENSE)


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One account: a line of the chart and the thing that it is kept for."""

    line: Chart
    of: str = ""
    currency: str = "KES"

    @property
    def key(self) -> UUID:
        """The account's key, derived from what it is, so that it never has to be looked up."""
        text = f"{self.line.code}|{self.of}|{self.currency}"
        return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=5)

    def __str__(self) -> str:
        return f"{self.line.code}[{self.of}]" if self.of else str(self.line.code)


def collection(shortcode: str) -> AccountRef:
    """1100 of one paybill."""
    return AccountRef(MPESA_COLLECTION, shortcode)


def disbursement(shortcode: str) -> AccountRef:
    """1110 of one shortcode."""
    return AccountRef(MPESA_DISBURSEMENT, shortcode)


def in_transit(transfer_id: UUID) -> AccountRef:
    """1190 of one transfer between accounts of our own."""
    return AccountRef(IN_TRANSIT, str(transfer_id))


def escrow(order_id: UUID) -> AccountRef:
    """2100 of one order."""
    return AccountRef(ESCROW, str(order_id))


def seller_payable(party_id: UUID) -> AccountRef:
    """2200 of one seller."""
    return AccountRef(SELLER_PAYABLE, str(party_id))


def seller_debt(party_id: UUID) -> AccountRef:
    """1300 of one seller."""
    return AccountRef(SELLER_DEBT, str(party_id))


def suspense(case_id: UUID) -> AccountRef:
    """1310 of one case."""
    return AccountRef(SUSPENSE, str(case_id))


def seller_reserve(party_id: UUID) -> AccountRef:
    """2210 of one seller."""
    return AccountRef(SELLER_RESERVE, str(party_id))


def refund_in_flight(refund_id: UUID) -> AccountRef:
    """2310 of one refund."""
    return AccountRef(REFUNDS_IN_FLIGHT, str(refund_id))


def buyer_credit(party_id: UUID) -> AccountRef:
    """2400 of one buyer, or of whoever else paid."""
    return AccountRef(BUYER_CREDIT, str(party_id))


def losses(case_id: UUID) -> AccountRef:
    """5200 of one case, refund or adjustment."""
    return AccountRef(LOSSES, str(case_id))


def payout_in_flight(payout_id: UUID) -> AccountRef:
    """2300 of one payout."""
    return AccountRef(PAYOUTS_IN_FLIGHT, str(payout_id))


def unallocated(receipt_id: UUID) -> AccountRef:
    """2500 of one receipt."""
    return AccountRef(UNALLOCATED, str(receipt_id))


def unclaimed(owner: str) -> AccountRef:
    """2800 of one party, or of one receipt whose payer nobody knows."""
    return AccountRef(UNCLAIMED, owner)


def own_float(shortcode: str) -> AccountRef:
    """3100 of one shortcode."""
    return AccountRef(OWN_FLOAT, shortcode)


def commission() -> AccountRef:
    """4100."""
    return AccountRef(COMMISSION)


def rounding() -> AccountRef:
    """4900."""
    return AccountRef(ROUNDING)


def disbursement_fees(provider: str) -> AccountRef:
    """5110 of one provider."""
    return AccountRef(DISBURSEMENT_FEES, provider)
