"""Claim money that found no order: for an order, or back to whoever paid (DOMAIN 5.8 rows 10, 11)."""

from datetime import datetime, timedelta

from zemi.common.db import inside_transaction, unit_of_work
from zemi.common.errors import FieldProblem, InvalidInput
from zemi.common.ids import read_reference
from zemi.common.phone import Phone
from zemi.common.texts import Text
from zemi.identity.otp import Purpose, use_otp
from zemi.identity.parties import find_or_create_parties
from zemi.orders.locks import lock_order
from zemi.orders.models import Order
from zemi.orders.parties import Asker
from zemi.payments.allocate import claim_orphan
from zemi.payments.close import cancel_order
from zemi.payments.errors import ReceiptNotFound
from zemi.payments.locks import lock_receipt
from zemi.payments.models import CLAIMABLE, Receipt, payer_index
from zemi.payments.unallocated import return_orphan
from zemi.providers import registry
from zemi.refunds.models import RefundReason
from zemi.trust.limits import Allowance, charge_or_refuse

# Money whose payer M-Pesa did not tell may be claimed by its number only after this: the real payer comes first.
COOL_DOWN = timedelta(hours=12)
CLAIM_WINDOW = timedelta(hours=1)
CLAIMS = 10
_REQUIRED = Text(en="This field is required.", sw="Sehemu hii inahitajika.")


def claim_receipt(
    *, receipt_number: str, order_reference: str, phone: Phone, otp: str, caller: str, now: datetime
) -> Receipt:
    """Give an orphan to the order that it was paid for, or, if that can't take it, back to whoever paid.

    Only the paying phone may claim. Where the payer is unknown, number, one-time code and amount must match, twelve
    hours after it came; such money is never sent to the one who claims it. Opens transactions of its own.

    :raises TooManyAttempts: `caller` or `phone` has claimed too often
    :raises OneTimeCodeWrong: the phone is not proved
    :raises ReceiptNotFound: no unclaimed money fits, or not yet
    :raises OrderNotFound: there is no such order
    """
    # In the sandbox the provider may have to be asked for its addresses: before the code is spent, in no transaction.
    registry.mobile_money()
    for subject in (caller, phone.e164):
        charge_or_refuse(Allowance("claim", subject, CLAIMS, CLAIM_WINDOW), now=now)
    use_otp(phone=phone, purpose=Purpose.CLAIM_RECEIPT, code=otp, now=now)
    with unit_of_work():
        order = lock_order(order_reference=read_reference(order_reference))
        receipt = _orphan(receipt_number)
        unknown = receipt.payer_phone_hash is None
        if unknown:
            if now < receipt.received_at + COOL_DOWN or receipt.amount != order.due:
                raise ReceiptNotFound
        elif bytes(receipt.payer_phone_hash or b"") != payer_index(phone):
            raise ReceiptNotFound
        if not claim_orphan(receipt, order, actor="claim", now=now):
            if unknown:
                raise ReceiptNotFound
            return_orphan(receipt, None, reason=RefundReason.CLAIMED, actor="claim", now=now)
    return receipt


def cancel_order_for(
    *,
    asker: Asker,
    order_reference: str,
    phone: Phone | None = None,
    otp: str | None = None,
    caller: str,
    now: datetime,
) -> Order:
    """Call an order off for whoever may: its merchant by key; buyer or seller by a one-time code or as signed in.

    What may be called off, and what goes back, is as `cancel_order` says. Opens transactions of its own.

    :raises InvalidInput: a stranger gives no phone, or no one-time code
    :raises TooManyAttempts, OneTimeCodeWrong, OrderNotFound, OrderNotCancellable: nothing was changed
    """
    if asker.merchant_id is not None:
        return cancel_order(
            order_reference=order_reference, actor="merchant", merchant_id=asker.merchant_id, now=now
        )
    party_id = asker.party_id
    if phone is not None and otp is not None:
        registry.mobile_money()
        charge_or_refuse(Allowance("cancel", caller, CLAIMS, CLAIM_WINDOW), now=now)
        use_otp(phone=phone, purpose=Purpose.CANCEL_ORDER, code=otp, now=now)
        with unit_of_work():
            party_id = find_or_create_parties({phone}, now=now)[phone].id
    if party_id is None:
        missing = [name for name, given in (("phone_number", phone), ("otp", otp)) if given is None]
        raise InvalidInput(*(FieldProblem(name, "required", _REQUIRED) for name in missing))
    return cancel_order(order_reference=order_reference, actor="party", party_id=party_id, now=now)


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
