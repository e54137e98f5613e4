"""What M-Pesa moves at a time, and what a payout costs us (DARAJA 4.1)."""

from zemi.common.money import Money, kes

CHARGE_LEAST, CHARGE_MOST = kes(1), kes(250_000)
PAYOUT_MOST = kes(250_000)
TOP_UP_MOST = kes(50_000_000)

# Upper bound of each band and the fee to us, in shillings; registered payee (tariff form of August 2023).
_PAYOUT_FEES = ((100, 0), (1_500, 5), (5_000, 9), (20_000, 11))
_PAYOUT_FEE_ABOVE = 13


def payout_fee(amount: Money) -> Money:
    """Say what Safaricom charges us for paying `amount` to a phone."""
    for most, fee in _PAYOUT_FEES:
        if amount <= kes(most):
            return kes(fee)
    return kes(_PAYOUT_FEE_ABOVE)
