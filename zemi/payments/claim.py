"""Claim money that found no order: for an order, or back to whoever paid (DOMAIN 5.8 rows 10, 11)."""

from datetime import datetime, timedelta

from zemi.common.db import inside_transaction, unit_of_work
from zemi.common.ids import read_reference
from zemi.common.phone import Phone
from zemi.identity.otp import Proof, Purpose
from zemi.orders.locks import lock_order
from zemi.payments.allocate import claim_orphan
from zemi.payments.errors import ReceiptNotFound
from zemi.payments.locks import lock_receipt
from zemi.payments.models import CLAIMABLE, Receipt, payer_index
from zemi.payments.queries import booked_at
from zemi.payments.unallocated import return_orphan
from zemi.providers import registry
from zemi.refunds.models import RefundReason
from zemi.trust.otp import prove_phones

# Money whose payer M-Pesa did not tell may be claimed by its number only after this: the real payer comes first.
COOL_DOWN = timedelta(hours=12)


def claim_receipt(
    *, receipt_number: str, order_reference: str, phone: Phone, otp: str, caller: str, now: datetime
) -> Receipt:
    """Give an orphan to the order that it was paid for, or, if that can't take it, back to whoever paid.

    Only the paying phone may claim. Where the payer is unknown, number, one-time code and amount must match, twelve
    hours after we heard of it: M-Pesa may tell days later, and until then nobody could claim. Such money is never sent to
    the one who claims it. Opens transactions of its own.

    :raises TooManyAttempts: `caller` or `phone` has claimed too often
    :raises OneTimeCodeWrong: the phone is not proved
    :raises ReceiptNotFound: no unclaimed money fits, or not yet
    :raises OrderNotFound: there is no such order
    """
    registry.make_ready()
    prove_phones(Proof(phone, Purpose.CLAIM_RECEIPT, otp), limit="claims", caller=caller, now=now)
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        receipt = _orphan(receipt_number)
        unknown = receipt.payer_phone_hash is None
        if unknown:
            if now < booked_at(receipt) + COOL_DOWN or receipt.amount != order.due:
                raise ReceiptNotFound
        elif bytes(receipt.payer_phone_hash or b"") != payer_index(phone):
            raise ReceiptNotFound
        if not claim_orphan(receipt, order, actor="claim", now=now):
            if unknown:
                raise ReceiptNotFound
            return_orphan(receipt, None, reason=RefundReason.CLAIMED, actor="claim", now=now)
    return receipt


@inside_transaction
def _orphan(number: str) -> Receipt:
    found = (
        Receipt.objects.filter(provider=registry.mobile_money().name, transaction_id=number.strip().upper())
        .values_list("id", flat=True)
        .first()
    )
    receipt = lock_receipt(found) if found is not None else None
    if receipt is None or receipt.status not in CLAIMABLE:
        raise ReceiptNotFound
    return receipt
