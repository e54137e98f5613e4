"""Which part of the held money is released when: pure arithmetic over the policy that the order froze."""

from dataclasses import dataclass
from datetime import datetime

from zemi.common.money import Money, kes
from zemi.providers.base import PAYOUT_LEAST


@dataclass(frozen=True, slots=True)
class Part:
    """One part: what leaves the escrow, the commission in it, and when."""

    number: int
    amount: Money
    fee: Money
    due_at: datetime


class UnknownPolicy(ValueError):
    """The order froze a policy that these rules don't know: a bug, never a person's mistake."""


def schedule(*, policy: str, amount: Money, fee_bps: int, delivered_at: datetime) -> list[Part]:
    """Split `amount` by `policy`; the parts sum to it. Commission is rounded so that the seller's net is whole shillings.

    :raises UnknownPolicy: not one of the policies
    """
    if policy == "instant":
        return [Part(number=1, amount=amount, fee=amount.share(fee_bps), due_at=delivered_at)]
    raise UnknownPolicy(policy)


def repayment(*, net: Money, debt: Money) -> Money:
    """What of a seller's `net` goes to an old `debt`: at most half, in whole shillings (DOMAIN 5.8 row 30).

    At least KES 10 stay to be paid out, the least that M-Pesa pays.
    """
    most = min(net.shillings // 2, net.shillings - PAYOUT_LEAST.shillings, debt.shillings)
    return kes(max(most, 0))
