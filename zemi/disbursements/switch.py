"""The switch before everything that goes out: stopped by a person, or by the provider that refuses our credentials.

What a person stopped is still asked about. A question is signed as a payment is, and where the signature is refused each
one more brings the API user nearer to being locked for good (DARAJA, best integration no. 11): then none is asked either.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import connection

from zemi.common.db import aware, inside_transaction
from zemi.common.logs import log
from zemi.common.money import Money
from zemi.disbursements.locks import lock_switch
from zemi.disbursements.models import Dispatcher, SuspenseCase, SuspenseStatus
from zemi.events.log import record
from zemi.notifications.alerts import alert_operators
from zemi.providers.base import DisburseOutcome, Reason, Refused, Unknown

PAYOUTS, REFUNDS = "payout", "refund"
KINDS = (PAYOUTS, REFUNDS)
# Who stopped it, where no person did.
PROVIDER = "provider"
# After our account was found too low, the other payouts wait so long; refunds may try before them (DOMAIN 5.8 row 31).
FLOAT_LOW_WAIT = timedelta(minutes=10)
# What is queued while the switch is off is looked at again after this; switching on makes it due at once.
STOPPED_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    SUBJECT: ClassVar[str] = Dispatcher.SUBJECT
    timeline_id: None = None

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"zemi:dispatcher:{self.name}")


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something may be sent now; if not, why, and when to look again (None: when a person has acted)."""

    opens_at: datetime | None = None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Nothing stands in the way."""
        return not self.reason


@inside_transaction
def gate(name: str, *, party_id: UUID, now: datetime) -> Gate:
    """Say whether `name` may be sent to `party_id`, in the transaction that writes the intent.

    Holds a shared lock on the switch until the end of the unit: once a stop is committed, no intent is.
    """
    share = "FOR SHARE OF d" if connection.vendor == "postgresql" else ""
    statement = f"""
        SELECT d.stopped_at, d.waits_until, EXISTS (
            SELECT 1 FROM disbursements_suspensecase s WHERE s.party_id = %s AND s.status = %s)
        FROM disbursements_dispatcher d WHERE d.name = %s {share}"""  # noqa: S608 (no value in it)
    party: UUID | str = party_id if connection.vendor == "postgresql" else party_id.hex
    with connection.cursor() as cursor:
        cursor.execute(statement, [party, str(SuspenseStatus.OPEN), name])
        row = cursor.fetchone()
    # Without its row a switch is on; who has money of ours gets no more all the same.
    stopped_at, waits_until, is_suspended = row or (None, None, _is_suspended(party_id))
    if stopped_at is not None:
        return Gate(now + STOPPED_LOOK, "stopped")
    if is_suspended:
        return Gate(None, "suspense")
    if waits_until is not None and (opens_at := aware(waits_until)) > now:
        return Gate(opens_at, "float_low")
    return Gate()


def _is_suspended(party_id: UUID) -> bool:
    return SuspenseCase.objects.filter(party_id=party_id, status=SuspenseStatus.OPEN).exists()


@inside_transaction
def stop(name: str, *, by: str, reason: str, now: datetime) -> bool:
    """Send nothing more of this kind until somebody switches it on; False when it was off already.

    What has been sent is still settled, and asked about unless it is the provider who stops. It stops what a person had
    stopped too: until then that was asked about.
    """
    row = lock_switch(name)
    if row.stopped_at is not None:
        if by != PROVIDER or row.stopped_by == PROVIDER:
            return False
        # Who starts it again must see that another person had stopped it, and why.
        reason = f"{reason[:100]} (before that {row.stopped_by[:20]}: {row.stop_reason})"
    row.stopped_at, row.stopped_by, row.stop_reason = now, by[:60], reason[:200]
    row.save(update_fields=["stopped_at", "stopped_by", "stop_reason"])
    log.error("dispatcher.stopped", dispatcher=name, by=by, reason=reason)
    record("dispatcher.stopped", _Subject(name), at=now, actor=by[:60], data={"kind": name, "reason": reason})
    return True


@inside_transaction
def stop_if_refused(outcome: DisburseOutcome, *, now: datetime) -> None:
    """Stop all that the initiator signs if `outcome`, of whatever it signed, says that its credentials are refused."""
    if not isinstance(outcome, Refused | Unknown) or outcome.reason is not Reason.CREDENTIALS:
        return
    said = f"{outcome.code} {outcome.text}"
    stopped = [kind for kind in KINDS if stop(kind, by=PROVIDER, reason=said, now=now)]
    if stopped:
        alert_operators("alert.dispatcher_stopped", incident=f"refused.{now.isoformat()}", now=now)


def is_refused(*kinds: str) -> bool:
    """Whether the provider refuses our credentials, and nobody has started any of `kinds` again: then nothing is signed.

    None named: what is of no kind waits for all of them. No lock: what is on its way to the provider when it refuses could
    not be called back either.
    """
    return Dispatcher.objects.filter(name__in=kinds or KINDS, stopped_by=PROVIDER).exists()


@inside_transaction
def start(name: str, *, by: str, now: datetime) -> bool:
    """Switch on again; False when it was on. The caller makes what waited due."""
    changed = Dispatcher.objects.filter(name=name, stopped_at__isnull=False).update(
        stopped_at=None, stopped_by="", stop_reason="", waits_until=None
    )
    if changed:
        record("dispatcher.started", _Subject(name), at=now, actor=by[:60], data={"kind": name})
    return changed == 1


@inside_transaction
def wait_for_float(*, amount: Money, now: datetime) -> None:
    """Our account was too low for `amount`: payouts wait, refunds go first."""
    Dispatcher.objects.bulk_create([Dispatcher.of(PAYOUTS)], ignore_conflicts=True)
    told = Dispatcher.objects.filter(name=PAYOUTS).exclude(waits_until__gt=now)
    if told.update(waits_until=now + FLOAT_LOW_WAIT):
        log.error("dispatcher.float_low", amount=str(amount))
        alert_operators(
            "alert.float_low", incident=f"float_low.{now.date()}", now=now, amount=f"{amount.shillings:,}"
        )
        record(
            "dispatcher.float_low", _Subject(PAYOUTS), at=now, actor="provider", data={"amount": str(amount)}
        )


@inside_transaction
def float_is_back() -> None:
    """Something was paid after our account had been too low: nothing waits for it any more."""
    Dispatcher.objects.filter(name=PAYOUTS, waits_until__isnull=False).update(waits_until=None)


def state() -> list[Dispatcher]:
    """The switches of all kinds, on or off."""
    rows = {row.name: row for row in Dispatcher.objects.all()}
    return [rows.get(name) or Dispatcher.of(name) for name in KINDS]
