"""Money paid to the paybill by hand: an order's, a prompt's own, or kept until claimed (DOMAIN 5.8 rows 4, 10, 11)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q

from zemi.common.db import inside_transaction, unit_of_work, violates
from zemi.common.ids import read_reference
from zemi.common.logs import log
from zemi.common.work import finish
from zemi.disbursements import switch
from zemi.events.log import record
from zemi.identity.parties import phone_index
from zemi.orders.errors import OrderNotFound
from zemi.orders.locks import lock_order
from zemi.orders.models import Order, OrderStatus
from zemi.payments.allocate import claim_orphan, give_number, reason_of_return, shares_of, take_in
from zemi.payments.locks import lock_payment, lock_receipt
from zemi.payments.models import CLAIMABLE, Payment, Receipt, payer_index
from zemi.payments.queries import CLOCKS_APART
from zemi.payments.unallocated import return_orphan
from zemi.providers import registry
from zemi.providers.base import C2BReceipt, DisburseOutcome, Succeeded
from zemi.trust.limits import charge, named
from zemi.webhooks.inbox import mark_handled
from zemi.webhooks.models import WebhookLog
from zemi.webhooks.tokens import CallbackKind, mint

# A confirmation that nothing proves is asked about after these gaps, the last one repeated; for as long as M-Pesa's list
# of what came in reaches back (DARAJA 1.7).
PROOF_GAPS_S = (600, 3600, 6 * 3600)
PROOF_WAIT = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class _Match:
    """What a typed reference leads to: its order, or the one open order that the payer may have meant."""

    order: Order | None
    proposed: Order | None = None


def handle_c2b_confirmation(row: WebhookLog, told: C2BReceipt, *, now: datetime) -> None:
    """Handle a claimed confirmation. Nothing signs it: only the secret path that M-Pesa alone was given makes it count.

    Any other stays due and has M-Pesa asked for the transaction's status. It is closed once the money is in the books,
    by that answer, by a pull or by a statement, and after two days at the latest: then there was none.
    """
    if row.subject_id is not None:
        settle_c2b(told, now=now, row=row)
        return
    ask_for_proof(row, told.receipt, unproved="not_proved", now=now)


def ask_for_proof(row: WebhookLog, number: str, *, unproved: str, now: datetime) -> None:
    """Have M-Pesa asked about a number that a claimed inbox row tells of and that nothing proves; the row stays due.

    It is closed once the number is in the books, or after PROOF_WAIT with the word `unproved`.
    """
    known = Receipt.objects.filter(provider=row.provider, transaction_id=number).exists()
    if known or now - row.received_at > PROOF_WAIT:
        with unit_of_work():
            mark_handled(row, now=now, error="known" if known else unproved)
        return
    # Anybody can send one that proves nothing.
    with unit_of_work():
        may_ask = not switch.is_refused() and charge(named("receipt_questions", "all"), now=now)
    if may_ask:
        hooks = f"{settings.CALLBACK_ORIGIN}/hooks"
        registry.mobile_money().query_transaction(
            number,
            result_url=f"{hooks}/{mint(CallbackKind.TRANSACTION_RESULT, row.id)}",
            timeout_url=f"{hooks}/{mint(CallbackKind.STATUS_TIMEOUT, row.id)}",
        )
    gap = PROOF_GAPS_S[min(max(row.tries, 1), len(PROOF_GAPS_S)) - 1]
    finish(row, due_at=now + timedelta(seconds=gap), error=unproved)


def handle_transaction_status(
    row: WebhookLog, proved: C2BReceipt | None, *, answer: DisburseOutcome, now: datetime
) -> None:
    """Handle a claimed answer to the question about a confirmation: book what it proves, and nothing that was only told.

    `answer` is what it says at all: perhaps that our credentials are refused. What the payer typed is only told. The money
    waits for its order until a statement names it, or the payer claims it.
    """
    hint = WebhookLog.objects.get(pk=cast("UUID", row.subject_id))
    if proved is None or proved.receipt != _number_told(hint):
        with unit_of_work():
            switch.stop_if_refused(answer, now=now)
            mark_handled(row, now=now, error="not_proved" if proved is None else "ids_differ")
        return
    settle_c2b(proved, now=now, row=row)
    # It is closed by its next look, which finds the money in the books.
    WebhookLog.objects.filter(pk=hint.pk, due_at__gt=now).update(due_at=now)


def _number_told(hint: WebhookLog) -> str | None:
    """The number that was asked about: a confirmation's, or that of a prompt that nobody here knows."""
    provider = registry.mobile_money()
    # On the open path the same type may be either; nothing but confirmations is asked about there.
    if hint.subject_id is not None and hint.webhook_type == CallbackKind.STK.webhook_type:
        # Only a success names one.
        return cast("Succeeded", provider.read_charge_callback(hint.body).outcome).receipt
    return provider.read_c2b_confirmation(hint.body).receipt


def claim_by_statement(receipt_number: str, *, order_reference: str, now: datetime) -> bool:
    """Give an orphan to the order that the provider's statement names (P7b), or, if that can't take it, back to its payer.

    False when there is nothing to give, or nobody known to give it back to. Opens its own transaction.
    """
    with unit_of_work():
        found = Receipt.objects.filter(
            provider=registry.mobile_money().name,
            transaction_id=receipt_number,
            status__in=CLAIMABLE,
            order__isnull=True,
        )
        key = found.values_list("id", flat=True).first()
        if key is None:
            return False
        try:
            order = lock_order(order_reference=order_reference)
        except OrderNotFound:
            return False
        receipt = lock_receipt(key)
        if receipt.status not in CLAIMABLE:
            return False
        if claim_orphan(receipt, order, actor="statement", now=now):
            return True
        if receipt.payer_phone is None:
            return False
        # As when it had been told at once (5.8 rows 2, 3, 5).
        return_orphan(receipt, order, reason=reason_of_return(order), actor="statement", now=now)
        return True


def settle_c2b(told: C2BReceipt, *, now: datetime, row: WebhookLog | None = None) -> str:
    """Book money that M-Pesa says was paid by hand, once per number, and close the inbox row. Idempotent.

    Answers what became of it: "allocated", "orphan", "merged" or "known"; "amount_differs" and "shortcode_differs" are
    contradictions: flagged, never overwritten. Opens its own transaction.
    """
    try:
        with unit_of_work():
            said = _settle(told, now=now)
            if row is not None:
                mark_handled(row, now=now, error="" if said == "allocated" else said, receipt=told.receipt)
    except IntegrityError as broken:
        if not violates(broken, Receipt, "payments_receipt_once"):
            raise
        # Another channel told of the same money in the same moment: it is in the books now.
        said = "known"
        if row is not None:
            with unit_of_work():
                mark_handled(row, now=now, error=said, receipt=told.receipt)
    return said


@inside_transaction
def _settle(told: C2BReceipt, *, now: datetime) -> str:
    provider = registry.mobile_money()
    if told.shortcode != provider.collection_account:
        log.error("receipt.shortcode_differs", receipt=told.receipt)
        return "shortcode_differs"
    match = _match(told)
    if match.order is None and told.payer is not None and not told.reference:
        # Whose money it is, the payer's prompts say: whoever books one of them must be seen, or see this.
        alike = Payment.objects.filter(
            _open_when(told, now=now),
            payer_phone_hash=payer_index(told.payer),
            amount_minor=told.amount.minor,
        )
        for key in list(alike.order_by("order_id", "id").values_list("id", flat=True)):
            lock_payment(key)
    known = Receipt.objects.filter(provider=provider.name, transaction_id=told.receipt).first()
    if known is not None:
        if known.amount == told.amount:
            return "known"
        log.error("receipt.amount_differs", receipt=told.receipt)
        return "amount_differs"
    if _number_prompt(told, match.order, now=now):
        return "merged"
    receipt = Receipt(
        order=match.order,
        proposed_order=match.proposed,
        provider=provider.name,
        transaction_id=told.receipt,
        amount_minor=told.amount.minor,
        currency=told.amount.currency,
        received_at=told.at or now,
    )
    receipt.set_payer(told.payer)
    receipt.set_typed_reference(told.reference)
    shares = take_in(receipt, match.order, actor="provider", now=now)
    if match.proposed is not None:
        record(
            "receipt.proposed",
            receipt,
            at=now,
            actor="rule",
            data={"amount": str(receipt.amount), "order_reference": match.proposed.order_reference},
        )
    return "allocated" if shares is not None else "orphan"


def _match(told: C2BReceipt) -> _Match:
    """Find and lock the order that the payer named, or else the one that phone and amount point to."""
    for typed in (told.reference.strip(), read_reference(told.reference.replace(" ", ""))):
        try:
            return _Match(lock_order(order_reference=typed))
        except OrderNotFound:
            continue
    if told.payer is None:
        return _Match(None)
    fitting = Order.objects.filter(
        status=OrderStatus.AWAITING_PAYMENT,
        amount_minor=told.amount.minor,
        received_minor=0,
        buyer__phone_hash=phone_index(told.payer),
    )
    found = list(fitting.order_by("id")[:2])
    return _Match(None, found[0] if len(found) == 1 else None)


def _open_when(told: C2BReceipt, of: str = "", *, now: datetime) -> Q:
    """Prompts that were open when the money came, of which the two clocks may think otherwise; `of` leads to the prompt."""
    at = told.at or now
    return Q(**{f"{of}created_at__lt": at + CLOCKS_APART, f"{of}live_until__gt": at - CLOCKS_APART})


def _number_prompt(told: C2BReceipt, order: Order | None, *, now: datetime) -> bool:
    """Give its number to the receipt that a query had proved without one, if this is the same money (M9, M13)."""
    alike = unnumbered = Receipt.objects.filter(amount_minor=told.amount.minor)
    payer = payer_index(told.payer) if told.payer is not None else None
    if order is not None:
        unnumbered = unnumbered.filter(order=order)
        if payer is not None:
            unnumbered = unnumbered.filter(Q(payer_phone_hash=payer) | Q(payer_phone_hash__isnull=True))
    elif payer is None or told.reference:
        # A prompt types its order's reference.
        return False
    else:
        # Of which order is not told: by its payer, and by its time.
        unnumbered = unnumbered.filter(_open_when(told, "payment__", now=now), payer_phone_hash=payer)
    if give_number(unnumbered, told.receipt):
        return True
    # What its order can't take may be that of another prompt of the payer's, whose number the order's own one was given.
    over = order is not None and payer is not None and shares_of(order, told.amount, now=now) is None
    return over and give_number(alike.filter(payer_phone_hash=payer), told.receipt)
