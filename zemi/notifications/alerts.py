"""Tell the operators: an event and a text message for each of their phones, once per incident."""

from datetime import datetime

from django.conf import settings

from zemi.common.db import append, inside_transaction
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.events.log import record
from zemi.notifications.models import OperatorAlert
from zemi.notifications.sending import compose


@inside_transaction
def alert_operators(kind: str, *, incident: str, now: datetime, **facts: str) -> bool:
    """Record the event `kind` and queue its text message for each of ZEMI_OPERATOR_PHONES, unless `incident` was told.

    `kind` is an event type with words in `notifications.texts`; `facts` fill them in and stand in the event: no phone,
    code or name. `incident` is any stable key, at most 120 characters. False: this incident was told before.
    """
    alert = OperatorAlert(id=new_key(), kind=kind, incident=incident, at=now)
    # Of two processes exactly one finds its own row; the other waits here until the first has committed.
    OperatorAlert.objects.bulk_create([alert], ignore_conflicts=True)
    if not OperatorAlert.objects.filter(pk=alert.pk).exists():
        return False
    event = record(kind, alert, at=now, actor="watch", data={"incident": incident, **facts})
    append(
        *(
            compose(
                kind,
                to=Phone(phone),
                language=settings.OPERATOR_LANGUAGE,
                # One event, several phones: what keeps them from being doubled is the alert's own row.
                event_id=None,
                order_id=None,
                now=event.at,
                **facts,
            )
            for phone in settings.OPERATOR_PHONES
        )
    )
    return True
