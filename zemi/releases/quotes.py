"""Say to the shilling what an order will cost whom, by the rules that will split its money (DOMAIN 2.10)."""

from dataclasses import dataclass
from datetime import datetime

from zemi.common.money import Money
from zemi.orders.models import ReleasePolicy
from zemi.orders.terms import QUOTE_LIFE, Terms, terms_now, write_quote
from zemi.providers import registry
from zemi.releases.rules import schedule


@dataclass(frozen=True, slots=True)
class Quote:
    """What the buyer pays, what the seller receives, and what Zemi takes and bears. Good until `expires_at`."""

    id: str
    terms: Terms
    commission: Money
    payout_fee: Money
    expires_at: datetime

    @property
    def buyer_pays(self) -> Money:
        """The price: nothing comes on top."""
        return self.terms.amount

    @property
    def seller_receives(self) -> Money:
        """The rest of it. An old debt of the seller's is not known here."""
        return self.terms.amount - self.commission

    @property
    def buyer_gets_back(self) -> Money:
        """If all of it is refunded before it was released: the whole price."""
        return self.terms.amount


def quote(*, amount: Money, release_policy: str = ReleasePolicy.INSTANT, now: datetime) -> Quote:
    """Quote an order of `amount`. Nothing is written.

    :raises AmountOutOfRange, AmountNotWholeShilling, ReleasePolicyUnknown: there could be no such order
    """
    terms = terms_now(amount=amount, release_policy=release_policy)
    parts = schedule(
        policy=terms.release_policy, amount=terms.amount, fee_bps=terms.fee_bps, delivered_at=now
    )
    provider = registry.mobile_money()
    commission = payout_fee = Money(0, amount.currency)
    for part in parts:
        commission += part.fee
        payout_fee += provider.disbursement_fee(part.amount - part.fee)
    expires_at = (now + QUOTE_LIFE).replace(microsecond=0)
    return Quote(write_quote(terms, expires_at=expires_at), terms, commission, payout_fee, expires_at)
