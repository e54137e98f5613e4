"""Match the provider's statement with our books, line by line and both ways; prove what was never heard of (SAFETY 5i)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet, Sum

from zemi.common.db import append, unit_of_work
from zemi.common.errors import ZemiError
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.disbursements.change import record_reversal
from zemi.disbursements.doubt import DISTANCE
from zemi.disbursements.locks import lock_disbursement
from zemi.disbursements.models import (
    Attempt,
    AttemptStatus,
    Disbursement,
    DisbursementStatus,
    Method,
    SuspenseCase,
)
from zemi.disbursements.settle import apply_outcome
from zemi.events.log import record
from zemi.payments.c2b import claim_by_statement, settle_c2b
from zemi.payments.collect import PROMPT_LIFE
from zemi.payments.models import PROVED, PayInReversal, Payment, Receipt, payer_index
from zemi.payments.queries import CLOCKS_APART
from zemi.payments.settle import settle_charge
from zemi.payouts.models import Payout, PayoutAttempt
from zemi.providers import registry
from zemi.providers.base import C2BReceipt, LineKind, Succeeded
from zemi.reconciliation.evidence import close_silent_attempts
from zemi.reconciliation.models import Direction, ItemKind, ReconciliationItem, StatementLine, Verdict
from zemi.refunds.models import Refund, RefundAttempt
from zemi.releases.reversal import record_pay_in_reversal
from zemi.topups.models import TopUp, TopUpStatus
from zemi.topups.move import settle_top_up

_MILLION = 1_000_000
# A statement cuts off parts of a second.
_CUT_OFF = timedelta(seconds=1)
# More tries of one sum in one day than anybody looks through for the payee of a line.
_MOST_ALIKE = 200


@dataclass(slots=True)
class Report:
    """What a run found. Amounts are of all lines and of what only we have."""

    matched: int = 0
    proved: int = 0
    items: list[ReconciliationItem] = field(default_factory=list)
    total: Money = field(default_factory=lambda: Money(0))
    explained: Money = field(default_factory=lambda: Money(0))

    @property
    def explained_ppm(self) -> int:
        """How much of the money has its counterpart, in millionths; rounded down, so that all means all."""
        return self.explained.minor * _MILLION // self.total.minor if self.total.minor else _MILLION


def reconcile(*, since: datetime | None = None, now: datetime) -> Report:
    """Match every line that has no counterpart yet, and every movement of ours in the time that the statement covers.

    A line that proves money which we never heard of is booked on the road of a late answer; what stays is an open item,
    never a posting. Opens transactions of its own. May be repeated.
    """
    report = Report()
    lines = StatementLine.objects.filter(provider=registry.mobile_money().name)
    if since is not None:
        lines = lines.filter(at__gte=since)
    found: dict[tuple[str, str, str], ReconciliationItem] = {}
    new = lines.exclude(verdict=Verdict.MATCHED).order_by("at", "id")
    # Fees last: they are of what the other lines prove.
    report.proved = _match(sorted(new, key=lambda line: line.kind == LineKind.FEE), found, now=now)
    extra = Money(0)
    for item in _extras(lines, now=now):
        found[item.receipt, item.direction, item.line_kind] = item
        extra += Money(item.ours_minor or 0)
    close_silent_attempts(now=now)
    matched = lines.filter(verdict=Verdict.MATCHED)
    report.matched = matched.count()
    report.explained = Money(matched.aggregate(total=Sum("amount_minor"))["total"] or 0)
    report.total = Money(lines.aggregate(total=Sum("amount_minor"))["total"] or 0) + extra
    report.items = _keep(found, complete=since is None, now=now)
    log.info(
        "reconciliation.done",
        explained_ppm=report.explained_ppm,
        matched=report.matched,
        items=len(report.items),
    )
    return report


def match_new_receipts(*, now: datetime) -> int:
    """Match what came in by lines that nobody has looked at yet; how many of them proved what was never heard of.

    As `reconcile`, without looking for what only we have: a provider may tell of the newest money a little later.
    """
    found: dict[tuple[str, str, str], ReconciliationItem] = {}
    new = StatementLine.objects.exclude(verdict=Verdict.MATCHED).filter(
        verdict=Verdict.NEW,
        provider=registry.mobile_money().name,
        direction=Direction.IN,
        kind=LineKind.PAYMENT,
    )
    proved = _match(new.order_by("at", "id"), found, now=now)
    close_silent_attempts(now=now)
    _keep(found, complete=False, now=now)
    return proved


def _match(
    lines: Iterable[StatementLine], found: dict[tuple[str, str, str], ReconciliationItem], *, now: datetime
) -> int:
    """Judge each line and book what it proves; how many did. What has no counterpart then is put into `found`."""
    proved = 0
    for line in lines:
        verdict, ours = _judge(line)
        if verdict == Verdict.MISSING and _prove(line, now=now):
            verdict, ours = _judge(line)
            proved += verdict == Verdict.MATCHED
        elif verdict == Verdict.MATCHED and line.direction == Direction.IN and line.reference:
            # Proved by its status alone, which doesn't tell what it was paid for.
            proved += claim_by_statement(line.receipt, order_reference=line.reference, now=now)
        if verdict != line.verdict:
            StatementLine.objects.filter(pk=line.pk).update(verdict=verdict)
        if verdict != Verdict.MATCHED:
            found[line.receipt, line.direction, line.kind] = _item(
                line, ItemKind(verdict.value), ours, now=now
            )
    return proved


def _judge(line: StatementLine) -> tuple[Verdict, Money | None]:
    """What the line is, and what we have for it."""
    ours = _FINDERS.get((line.direction, line.kind), _nothing)(line)
    if ours is None:
        return Verdict.MISSING, None
    return (Verdict.MATCHED if ours == line.amount else Verdict.DIFFERENT), ours


def _nothing(line: StatementLine) -> Money | None:
    """Nothing of ours stands for it: a transfer, say. It stays an open item until a person explains it."""
    del line
    return None


def _receipt(line: StatementLine) -> Money | None:
    found = Receipt.objects.filter(provider=line.provider, transaction_id=line.receipt).first()
    return None if found is None else found.amount


def _paid_out(line: StatementLine) -> Money | None:
    for model in (Payout, Refund):
        found = model._default_manager.filter(provider=line.provider, transaction_id=line.receipt).first()
        if found is not None:
            return found.amount
    case = SuspenseCase.objects.filter(transaction_id=line.receipt).first()
    return None if case is None else case.amount


def _reversed(line: StatementLine) -> Money | None:
    """A refund by reversal under its own number, or the provider's own reversal."""
    own = _paid_out(line)
    if own is not None or not line.linked_receipt:
        return own
    theirs = PayInReversal.objects.filter(provider=line.provider, transaction_id=line.receipt).first()
    return None if theirs is None else Money(theirs.amount_minor, line.currency)


def _taken_back(line: StatementLine) -> Money | None:
    """A payout or refund that the provider took back (Y19), found by the one that was undone."""
    for model in (Payout, Refund):
        found = model._default_manager.filter(
            provider=line.provider, transaction_id=line.linked_receipt, status=DisbursementStatus.REVERSED
        ).first()
        if found is not None:
            return found.amount
    return None


def _fee(line: StatementLine) -> Money | None:
    """The fee of a payout or a refund: the statement gives it that one's receipt, as its own or as linked."""
    for receipt in (line.linked_receipt, line.receipt):
        for model in (Payout, Refund):
            found = model._default_manager.filter(provider=line.provider, transaction_id=receipt).first()
            if found is not None:
                return registry.mobile_money().disbursement_fee(found.amount)
    return None


def _moved(line: StatementLine) -> Money | None:
    """A move of our own between our accounts, by the reference that both statements show."""
    found = TopUp.objects.filter(reference=line.reference or None, status=TopUpStatus.SUCCEEDED).first()
    return None if found is None else found.amount


_FINDERS: dict[tuple[str, str], Callable[[StatementLine], Money | None]] = {
    (Direction.IN, LineKind.PAYMENT): _receipt,
    (Direction.OUT, LineKind.PAYMENT): _paid_out,
    (Direction.OUT, LineKind.REVERSAL): _reversed,
    (Direction.IN, LineKind.REVERSAL): _taken_back,
    (Direction.OUT, LineKind.TRANSFER): _moved,
    (Direction.IN, LineKind.TRANSFER): _moved,
    (Direction.OUT, LineKind.FEE): _fee,
}


def _prove(line: StatementLine, *, now: datetime) -> bool:
    """Book what the line proves, if it says what it belongs to. False: it proves nothing that can be told."""
    prove = _PROVERS.get((line.direction, line.kind))
    if prove is None:
        return False
    try:
        return prove(line, now)
    except ZemiError as error:
        log.error("reconciliation.not_booked", line=str(line.id), error=error.code)
        return False


def _prove_receipt(line: StatementLine, now: datetime) -> bool:
    """Book money that came in: of the order's one prompt that it can be, or else as paid by hand (DOMAIN 5.8 row 11).

    In doubt by hand: then it is the money of whichever prompt is proved without a number, before or after.
    """
    # What is paid long after a prompt was dead was typed.
    first, last = line.at - PROMPT_LIFE, line.at + _CUT_OFF
    attempts = Payment.objects.filter(
        order__order_reference=line.reference,
        provider=line.provider,
        amount_minor=line.amount_minor,
        created_at__gt=first - CLOCKS_APART,
        created_at__lt=last + CLOCKS_APART,
    )
    if line.payer is not None:
        attempts = attempts.filter(payer_phone_hash=payer_index(line.payer))
    # Proved by a query, which tells no number (M9): this is its number.
    unnumbered = attempts.filter(receipts__id__isnull=False, receipts__transaction_id__isnull=True)
    candidates = [*unnumbered[:2], *attempts.exclude(status__in=PROVED)[:2]]
    _tell(line, now=now)
    if len(candidates) == 1 and first < candidates[0].created_at < last:
        settle_charge(candidates[0].id, _said(line), now=now)
        return True
    settle_c2b(
        C2BReceipt(
            receipt=line.receipt,
            amount=line.amount,
            at=line.at,
            reference=line.reference,
            payer=line.payer,
            shortcode=registry.mobile_money().collection_account,
        ),
        now=now,
    )
    return True


def _prove_payment_out(line: StatementLine, now: datetime) -> bool:
    """Money that went out for a try of ours: that try succeeded, whatever was heard of it before."""
    attempt = _attempt_of(line)
    # While the tries were looked through, a result may have told whose number it is.
    if attempt is None or _paid_out(line) is not None:
        return False
    _tell(line, now=now)
    apply_outcome(type(attempt), attempt.id, _said(line), now=now)
    return True


def _attempt_of(line: StatementLine) -> Attempt | None:
    """The try that the line is of: by our id, where it names one, or else the only one it can be by payee, sum and time.

    Of several that pay one person the same sum a line is given to one that was proved without a number. The others are
    proved by lines when there is a line for each of them: then it does not matter which is whose. With fewer lines it
    does, as one of them may never have left; so it does where one has failed, or they are of two kinds: in doubt none,
    and a person decides. What has failed is not said to be paid by a clock that may be slow.
    """
    for model in (PayoutAttempt, RefundAttempt):
        named = model._default_manager.filter(originator_conversation_id=line.reference or None).first()
        if named is not None:
            return named
    candidates = _candidates(line)
    has_failed = any(one.status == AttemptStatus.FAILED for one in candidates)
    if len(candidates) > 1 and (has_failed or len({type(one) for one in candidates}) > 1):
        return None
    one = min(candidates, key=lambda one: (one.is_open, one.created_at), default=None)
    if one is None or (has_failed and one.created_at >= line.at + _CUT_OFF):
        return None
    return one if len(candidates) == 1 or not one.is_open or _has_line_for_each(line) else None


def _candidates(line: StatementLine) -> list[Attempt]:
    """The tries that the line can be of by payee, sum and time, and that have no number yet."""
    candidates: list[Attempt] = []
    day_before = line.at - DISTANCE
    for model in (PayoutAttempt, RefundAttempt):
        # What provably did not leave goes out later as the same try.
        went_later = Q(is_open=True, **{f"{model.OWNER}__sent_at__gte": day_before})
        sent = model._default_manager.filter(
            Q(created_at__gte=day_before) | went_later,
            method=Method.B2C,
            amount_minor=line.amount_minor,
            created_at__lt=line.at + _CUT_OFF + CLOCKS_APART,
        )
        # One that was proved without a number may be told its number here.
        open_ones = sent.exclude(
            status=AttemptStatus.SUCCEEDED, **{f"{model.OWNER}__transaction_id__isnull": False}
        )
        alike = list(open_ones.order_by("created_at")[: _MOST_ALIKE + 1])
        if len(alike) > _MOST_ALIKE:
            return []
        candidates += [one for one in alike if one.owed.has_payee and one.paid_to == line.payer]
    return candidates


def _has_line_for_each(line: StatementLine) -> bool:
    """Whether the lines like this one that have no counterpart are as many as the tries that they can be of."""
    alike = StatementLine.objects.exclude(verdict=Verdict.MATCHED).filter(
        provider=line.provider,
        direction=line.direction,
        kind=line.kind,
        amount_minor=line.amount_minor,
        reference=line.reference,
        at__gt=line.at - DISTANCE,
        at__lt=line.at + DISTANCE,
    )
    candidates = [_candidates(one) for one in alike[:_MOST_ALIKE] if one.payer == line.payer]
    tries = {(type(one), one.pk) for group in candidates for one in group}
    return len(tries) <= sum(1 for group in candidates if group)


def _prove_reversal(line: StatementLine, now: datetime) -> bool:
    """A receipt that was undone: by a refund of ours, whatever was heard of it, or else by the provider itself."""
    if not line.linked_receipt:
        return False
    ours = RefundAttempt.objects.filter(refund__reverses=line.linked_receipt, method=Method.REVERSAL).first()
    if ours is not None:
        _tell(line, now=now)
        apply_outcome(RefundAttempt, ours.id, _said(line), now=now)
        return True
    record_pay_in_reversal(
        receipt_number=line.linked_receipt,
        reversal_number=line.receipt,
        amount=line.amount,
        actor="statement",
        now=now,
    )
    return True


def _prove_taken_back(line: StatementLine, now: datetime) -> bool:
    """A payout or refund that the provider took back: its money is owed again (Y19, P12)."""
    for model in (Payout, Refund):
        found = model._default_manager.filter(
            provider=line.provider,
            transaction_id=line.linked_receipt or None,
            amount_minor=line.amount_minor,
            status=DisbursementStatus.SUCCEEDED,
        ).first()
        if found is not None:
            with unit_of_work():
                locked = lock_disbursement(model, found.pk)
                record_reversal(locked, receipt=line.receipt, actor="statement", now=now)
            return True
    return False


def _prove_moved(line: StatementLine, now: datetime) -> bool:
    """A top-up whose result was lost: it has left the one account, or reached the other."""
    found = TopUp.objects.filter(reference=line.reference or None).first()
    if found is None:
        return False
    _tell(line, now=now)
    settle_top_up(found.id, _said(line), now=now)
    return True


def _said(line: StatementLine) -> Succeeded:
    return Succeeded("statement", receipt=line.receipt, amount=line.amount, at=line.at)


_PROVERS: dict[tuple[str, str], Callable[[StatementLine, datetime], bool]] = {
    (Direction.IN, LineKind.PAYMENT): _prove_receipt,
    (Direction.OUT, LineKind.PAYMENT): _prove_payment_out,
    (Direction.OUT, LineKind.REVERSAL): _prove_reversal,
    (Direction.IN, LineKind.REVERSAL): _prove_taken_back,
    (Direction.OUT, LineKind.TRANSFER): _prove_moved,
    (Direction.IN, LineKind.TRANSFER): _prove_moved,
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as the subject of the event that it caused a correction."""

    id: object
    SUBJECT = "statement_line"
    timeline_id = None


def _tell(line: StatementLine, *, now: datetime) -> None:
    """A correction by the statement is an event of its own; what it books follows with its own."""
    with unit_of_work():
        record(
            "statement.proved",
            _Line(line.id),  # type: ignore[arg-type]  # a subject is any id
            at=now,
            actor="statement",
            data={"receipt": line.receipt, "amount": str(line.amount), "direction": line.direction},
        )


def _extras(lines: "QuerySet[StatementLine]", *, now: datetime) -> Iterator[ReconciliationItem]:
    """What only we have, in the time from the first to the last line of its direction."""
    for direction in Direction.values:
        mine = lines.filter(direction=direction)
        covered = mine.aggregate(first=Min("at"), last=Max("at"))
        if covered["first"] is None:
            continue
        for receipt, minor in _ours(direction, covered["first"], covered["last"], mine):
            yield ReconciliationItem(
                kind=ItemKind.EXTRA,
                provider=registry.mobile_money().name,
                receipt=receipt,
                direction=direction,
                line_kind=LineKind.PAYMENT,
                ours_minor=minor,
                opened_at=now,
            )


def _ours(
    direction: str, first: datetime, last: datetime, lines: "QuerySet[StatementLine]"
) -> Iterator[tuple[str, int]]:
    models: tuple[type[Receipt | Disbursement], ...] = (
        (Receipt,) if direction == Direction.IN else (Payout, Refund)
    )
    for model in models:
        at = "received_at" if model is Receipt else "sent_at"
        rows = model._default_manager.filter(**{f"{at}__gte": first, f"{at}__lte": last})
        rows = rows.exclude(transaction_id__in=lines.values("receipt"))
        if model is not Receipt:
            # What has not been paid yet. A receipt without a number was proved by a query, and no line told its number.
            rows = rows.filter(transaction_id__isnull=False)
        found = rows.order_by(at).values_list("id", "transaction_id", "amount_minor")
        for key, receipt, minor in found.iterator():
            yield str(receipt or key), minor


def _item(line: StatementLine, kind: ItemKind, ours: Money | None, *, now: datetime) -> ReconciliationItem:
    return ReconciliationItem(
        kind=kind,
        provider=line.provider,
        receipt=line.receipt,
        direction=line.direction,
        line_kind=line.kind,
        theirs_minor=line.amount_minor,
        ours_minor=None if ours is None else ours.minor,
        opened_at=now,
    )


def _keep(
    found: dict[tuple[str, str, str], ReconciliationItem], *, complete: bool, now: datetime
) -> list[ReconciliationItem]:
    """Open what is new, close what was explained since (a run over a part of the time closes nothing)."""
    kept = []
    with unit_of_work():
        for item in ReconciliationItem.objects.filter(closed_at__isnull=True):
            again = found.pop((item.receipt, item.direction, item.line_kind), None)
            if again is not None and again.kind == item.kind:
                kept.append(item)
            elif again is not None or complete:
                ReconciliationItem.objects.filter(pk=item.pk).update(closed_at=now)
                record("reconciliation.explained", item, at=now, actor="statement", data={"kind": item.kind})
                if again is not None:
                    found[item.receipt, item.direction, item.line_kind] = again
        for item in found.values():
            append(item)
            record("reconciliation.differs", item, at=now, actor="statement", data={"kind": item.kind})
            kept.append(item)
    return kept
