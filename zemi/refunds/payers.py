"""Send a refund that can't reach the phone that paid to another number of whoever paid (DOMAIN R3, SAFETY 3.7).

The phone that paid lets go of it and the other one takes it, each by a one-time code of its own. Where the phone that paid
is gone, the number is proved all the same, and two people of the staff decide. Either way both phones are told, and half a
day passes in which it can be sent elsewhere or called off. What was sent and has no result stays with whom it was sent to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet

from zemi.common.clock import stamp
from zemi.common.db import conclude, inside_transaction, unit_of_work
from zemi.common.errors import missing
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.disbursements.change import retry
from zemi.disbursements.locks import lock_disbursement
from zemi.disbursements.models import DisbursementStatus, HeldReason
from zemi.events.log import record
from zemi.identity.models import Party
from zemi.identity.otp import Proof, Purpose
from zemi.identity.parties import find_or_create_parties
from zemi.providers import registry
from zemi.providers.base import Reason
from zemi.refunds.errors import PayeeNotProved, RefundNotFound, RefundNotRedirectable
from zemi.refunds.models import ProposedPayee, Refund
from zemi.trust.otp import prove_phones

# Whoever has taken over the phone that paid gains nothing in half a day that its owner doesn't hear of (DOMAIN R3).
COOL_DOWN = timedelta(hours=12)
# So long a number that was proved to staff may be used; then somebody may have another SIM by it.
PROOF_LIFE = timedelta(days=7)

_S = DisbursementStatus
# M-Pesa has said for good that this number is not paid. What it refused for a fault of ours, no other number mends.
_UNREACHABLE = frozenset({Reason.PAYEE_INVALID, Reason.OTHER})
# Nothing is on its way: it waits for its payee.
_WAITS_FOR_PAYEE = frozenset({HeldReason.WALLET_FULL, HeldReason.PAYEE_CHANGED})


@dataclass(frozen=True, slots=True)
class Redirection:
    """What goes to which other number, and when; None: staff have to allow it first."""

    receipt_number: str
    amount: Money
    payee: Party
    sends_at: datetime | None


def redirect_refund(
    *,
    receipt_number: str,
    new_phone: Phone,
    new_otp: str,
    phone: Phone | None = None,
    otp: str | None = None,
    caller: str,
    now: datetime,
) -> Redirection:
    """Send what can't be sent back of a payment to `new_phone`, after COOL_DOWN; `receipt_number` is the payment's.

    `new_otp` proves the other phone (purpose receive_refund), `otp` the one that paid (purpose redirect_refund). Without
    `phone` nothing is sent anywhere: staff see the number, and two of them decide. The new number may be that of the phone
    that paid: then it is tried there once more. Opens transactions of its own.

    :raises InvalidInput: of `phone` and `otp` there is only one
    :raises TooManyAttempts: `caller` or a phone has tried too often
    :raises OneTimeCodeWrong: one of the phones is not proved
    :raises RefundNotFound: none of such a payment is this phone's; without `phone` also: none that can be sent elsewhere
    :raises RefundNotRedirectable: it is on its way, was sent, or was refused for another reason than its number
    :raises DisbursementNotChangeable, TooSoonToRetry: see `zemi.disbursements.change.retry`
    """
    if (phone is None) != (otp is None):
        raise missing(phone_number=phone, otp=otp)
    registry.make_ready()
    proofs = [Proof(new_phone, Purpose.RECEIVE_REFUND, new_otp)]
    if phone is not None and otp is not None:
        proofs.append(Proof(phone, Purpose.REDIRECT_REFUND, otp))
    prove_phones(*proofs, limit="refunds_elsewhere", caller=caller, now=now)
    number = receipt_number.strip().upper()
    provider = registry.mobile_money().name
    found = Refund.objects.filter(receipt__provider=provider, receipt__transaction_id=number)
    with unit_of_work():
        parties = find_or_create_parties({proof.phone for proof in proofs}, now=now)
        payee = parties[new_phone]
        refunds = _locked(found if phone is None else found.filter(payer=parties[phone]))
        movable = [refund for refund in refunds if is_unreachable(refund)]
        if not movable:
            # Of a refund that is on its way only whoever paid is told that there is one.
            raise RefundNotRedirectable if refunds and phone is not None else RefundNotFound
        for refund in movable:
            if phone is None:
                _propose(refund, payee, now=now)
            else:
                _redirect(refund, payee, actor="payer", now=now)
        return conclude(
            Redirection(
                receipt_number=number,
                amount=Money(sum(refund.amount_minor for refund in movable), movable[0].currency),
                payee=payee,
                sends_at=now + COOL_DOWN if phone is not None else None,
            )
        )


@inside_transaction
def redirect_by_staff(refund_id: UUID, party_id: UUID, *, actor: str, now: datetime) -> None:
    """Send a refund to a number that was proved for it, after COOL_DOWN. The caller has two people who say so.

    Staff may say of a number that it can't be reached whatever M-Pesa refused it for.

    :raises DisbursementNotFound: there is no such refund
    :raises PayeeNotProved: the number was not proved for it in the last PROOF_LIFE
    :raises RefundNotRedirectable, DisbursementNotChangeable, TooSoonToRetry: nothing was changed
    """
    refund = lock_disbursement(Refund, refund_id)
    proved = ProposedPayee.objects.filter(refund=refund, party_id=party_id, proved_at__gt=now - PROOF_LIFE)
    proposed = proved.select_related("party").first()
    if proposed is None:
        raise PayeeNotProved
    _redirect(refund, proposed.party, actor=actor, now=now)


def is_unreachable(refund: Refund) -> bool:
    """Whether a refund waits because of the number that it goes to: whoever paid may name another one."""
    if refund.status == _S.HELD:
        return refund.held_reason in _WAITS_FOR_PAYEE
    return bool(refund.status == _S.FAILED and refund.failure_reason.partition(":")[0] in _UNREACHABLE)


def proposed_payees(*, now: datetime) -> "QuerySet[ProposedPayee]":
    """The numbers that wait for staff, in no order: proved lately, for refunds that wait and don't go there."""
    waits = Q(refund__status=_S.FAILED) | Q(
        refund__status=_S.HELD, refund__held_reason__in=[str(reason) for reason in _WAITS_FOR_PAYEE]
    )
    waiting = ProposedPayee.objects.filter(waits, proved_at__gt=now - PROOF_LIFE)
    return waiting.exclude(refund__redirected_to=F("party"))


@inside_transaction
def _redirect(refund: Refund, payee: Party, *, actor: str, now: datetime) -> None:
    """Pin another payee to a locked refund, and hold it for COOL_DOWN."""
    if refund.status == _S.FAILED:
        retry(refund, actor=actor, now=now, until=now + COOL_DOWN)
    elif refund.status != _S.HELD or refund.held_reason not in _WAITS_FOR_PAYEE:
        raise RefundNotRedirectable
    Refund.objects.filter(pk=refund.pk, status=_S.HELD).update(
        redirected_to=None if payee.id == refund.payer_id else payee,
        held_reason=HeldReason.PAYEE_CHANGED,
        due_at=now + COOL_DOWN,
        lease_until=None,
        # A worker that had claimed it to send it to the old number finds that it has it no more.
        fence=F("fence") + 1,
        updated_at=now,
    )
    record(
        "refund.redirected",
        refund,
        at=now,
        actor=actor,
        data={"amount": str(refund.amount), "payee": str(payee.id), "sends_at": stamp(now + COOL_DOWN)},
    )


@inside_transaction
def _propose(refund: Refund, payee: Party, *, now: datetime) -> None:
    ProposedPayee.objects.update_or_create(refund=refund, party=payee, defaults={"proved_at": now})
    record("refund.payee_proposed", refund, at=now, actor="claim", data={"payee": str(payee.id)})


def _locked(refunds: "QuerySet[Refund]") -> list[Refund]:
    """Lock them, by id; all refunds of one receipt are of one order, which is locked first."""
    return [
        lock_disbursement(Refund, key) for key in list(refunds.order_by("id").values_list("id", flat=True))
    ]
