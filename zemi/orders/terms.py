"""What both sides of an order agree on: the price, the commission and when the money is released.

A quote freezes them for a quarter of an hour. It is kept by whoever asked for it, signed, and nowhere here: any number
may be made, and a price list that changes meanwhile changes nothing about them (DOMAIN 2.10).
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings

from zemi.common import crypto
from zemi.common.money import Money, kes
from zemi.orders import errors
from zemi.orders.models import ReleasePolicy
from zemi.providers.base import PAYOUT_LEAST

QUOTE_LIFE = timedelta(minutes=15)
_PREFIX = "qt_"
_PURPOSE = "quote"


@dataclass(frozen=True, slots=True)
class Terms:
    """Price, commission in basis points, release policy, and how many hours an order waits to be paid."""

    amount: Money
    fee_bps: int
    release_policy: str = ReleasePolicy.INSTANT
    pay_within_h: int = field(default_factory=lambda: settings.ORDER_EXPIRY_H)


def terms_now(*, amount: Money, release_policy: str = ReleasePolicy.INSTANT) -> Terms:
    """The terms of an order that is made now.

    :raises AmountOutOfRange: the seller's net is below KES 10, or the amount above the operator's limit
    :raises AmountNotWholeShilling: M-Pesa can't move cents
    :raises ReleasePolicyUnknown: not a policy
    """
    least = _least_amount()
    if not least <= amount <= kes(settings.ORDER_MAX_KES):
        raise errors.AmountOutOfRange(least=least.shillings, most=f"{settings.ORDER_MAX_KES:,}")
    if not amount.is_whole:
        raise errors.AmountNotWholeShilling
    if release_policy not in ReleasePolicy.values:
        raise errors.ReleasePolicyUnknown(known=", ".join(ReleasePolicy.values))
    return Terms(amount, settings.FEE_BPS, release_policy)


def write_quote(terms: Terms, *, expires_at: datetime) -> str:
    """Write `terms` as text that nobody but us can have written."""
    facts = (terms.amount.minor, terms.amount.currency, terms.fee_bps, terms.release_policy)
    text = "|".join(map(str, (*facts, int(expires_at.timestamp()), secrets.token_hex(4))))
    return _PREFIX + crypto.sign(_PURPOSE, text.encode())


def terms_of_quote(quote: str, *, amount: Money, release_policy: str, now: datetime) -> Terms:
    """Read the terms that `quote` froze, for an order of `amount`.

    :raises QuoteInvalid: it is not one of ours
    :raises QuoteExpired: it is older than a quarter of an hour
    :raises QuoteMismatch: it is for another amount or policy
    """
    payload = crypto.read_signed(_PURPOSE, quote.removeprefix(_PREFIX)) if quote.startswith(_PREFIX) else None
    if payload is None:
        raise errors.QuoteInvalid
    minor, currency, fee_bps, policy, expires, _ = payload.decode().split("|")
    if datetime.fromtimestamp(int(expires), UTC) <= now:
        raise errors.QuoteExpired
    terms = Terms(Money(int(minor), currency), int(fee_bps), policy)
    if (terms.amount, terms.release_policy) != (amount, release_policy):
        raise errors.QuoteMismatch(amount=str(terms.amount))
    return terms


def _least_amount() -> Money:
    """The least price of which the seller's net, after commission, can be paid out."""
    amount = PAYOUT_LEAST
    while amount - amount.share(settings.FEE_BPS) < PAYOUT_LEAST:
        amount += kes(1)
    return amount
