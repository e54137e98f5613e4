"""Queue and send text messages. A message is a row; sending is a sweep."""

from datetime import datetime
from typing import Any
from uuid import UUID

from zemi.common.db import outside_transaction
from zemi.common.logs import log
from zemi.common.phone import Phone
from zemi.common.work import back_off, claim_due, finish
from zemi.notifications.models import Message
from zemi.notifications.texts import TEXTS
from zemi.providers.base import Accepted, Refused
from zemi.providers.registry import messages as provider_of_messages

MOST_TRIES = 8


def compose(
    template: str,
    *,
    to: Phone,
    language: str,
    event_id: UUID,
    order_id: UUID | None,
    now: datetime,
    **facts: Any,
) -> Message:
    """Make a message, due at once; nothing is written yet."""
    message = Message(
        template=template, language=language, event_id=event_id, order_id=order_id, created_at=now, due_at=now
    )
    message.seal(to=to, text=TEXTS[template].render(language, **facts))
    return message


@outside_transaction
def send_due_messages(*, now: datetime, limit: int = 20) -> int:
    """Send what is due. A text message has no key against doubles and does no harm twice: a doubtful one is sent again."""
    messages = claim_due(Message, now=now, limit=limit)
    for message in messages:
        outcome = provider_of_messages().send_text(to=message.to, text=message.text)
        if isinstance(outcome, Accepted):
            # The words may hold a delivery code: they are destroyed with the same write that says "sent".
            finish(message, sent_at=now, text_sealed=None, provider_reference=outcome.provider_reference)
        elif message.tries >= MOST_TRIES or (isinstance(outcome, Refused) and not outcome.may_resend):
            log.error("message.failed", message=str(message.id), template=message.template, code=outcome.code)
            finish(message, failed_at=now, text_sealed=None, error=f"{outcome.code} {outcome.text}")
        else:
            finish(message, due_at=now + back_off(message.tries), error=f"{outcome.code} {outcome.text}")
    return len(messages)
