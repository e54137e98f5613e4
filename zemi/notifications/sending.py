"""Queue and send text messages. A message is a row; sending is a sweep."""

from datetime import datetime
from typing import Any
from uuid import UUID

from zemi.common.db import outside_transaction
from zemi.common.logs import log
from zemi.common.phone import Phone
from zemi.common.work import back_off, claim_due, finish, handle_each
from zemi.notifications.models import Message
from zemi.notifications.texts import TEXTS
from zemi.providers.base import Accepted, Reason, Refused
from zemi.providers.registry import messages as provider_of_messages

# From this try on somebody is told each time: delivery codes do not arrive.
ALARM_AFTER = 8


def compose(
    template: str,
    *,
    to: Phone,
    language: str,
    event_id: UUID | None,
    order_id: UUID | None,
    now: datetime,
    **facts: Any,
) -> Message:
    """Make a message, due at once; nothing is written yet."""
    message = Message(
        template=template, language=language, event_id=event_id, order_id=order_id, created_at=now, due_at=now
    )
    message.seal(to=to, text=TEXTS[template].render(language, **facts).rstrip())
    return message


@outside_transaction
def send_due_messages(*, now: datetime, limit: int = 20) -> int:
    """Send what is due. A text message has no key against doubles and does no harm twice: a doubtful one is sent again.

    The words are destroyed only when they have gone out: a delivery code that nobody got is kept, sealed. Only a
    number that can't be reached ends the tries; an empty account with the provider or its outage does not.
    """
    messages = claim_due(Message, now=now, limit=limit)
    handle_each(messages, _send, now=now)
    return len(messages)


def _send(message: Message, now: datetime) -> None:
    outcome = provider_of_messages().send_text(to=message.to, text=message.text)
    if isinstance(outcome, Accepted):
        finish(message, sent_at=now, text_sealed=None, provider_reference=outcome.provider_reference)
        return
    said = f"{outcome.code} {outcome.text}"
    if message.tries >= ALARM_AFTER:
        log.error("message.not_sent", message=str(message.id), template=message.template, code=outcome.code)
    if isinstance(outcome, Refused) and outcome.reason is Reason.PAYEE_INVALID:
        finish(message, failed_at=now, error=said)
    else:
        finish(message, due_at=now + back_off(message.tries, key=message.id), error=said)
