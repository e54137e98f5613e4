"""What Safaricom charges: tables of (up to this many shillings, this fee in shillings), as data (DARAJA 4.1)."""

from simulator.books import SHILLING

# What a customer pays for paying a PayBill, 2025/26 ("customer" tariff; secondary sources, see DARAJA 4.1).
PAYBILL_CUSTOMER = (
    (100, 0),
    (500, 5),
    (1_000, 10),
    (1_500, 15),
    (2_500, 20),
    (3_500, 25),
    (5_000, 34),
    (7_500, 42),
    (10_000, 48),
    (15_000, 57),
    (20_000, 62),
    (25_000, 67),
    (30_000, 72),
    (35_000, 83),
    (40_000, 99),
    (45_000, 103),
    (250_000, 108),
)


def paybill_charge(amount: int) -> int:
    """What the payer of `amount` cents pays on top, in cents."""
    return next(fee for ceiling, fee in PAYBILL_CUSTOMER if amount <= ceiling * SHILLING) * SHILLING
