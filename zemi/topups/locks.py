"""Lock a top-up: of a result and a decision that come at once, the second sees what the first has settled."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.topups.models import OPEN, TopUp


@inside_transaction
def lock_top_up(key: UUID) -> TopUp | None:
    """Lock the top-up with this key and read it afresh; None when there is none."""
    return TopUp.objects.select_for_update().filter(pk=key).first()


@inside_transaction
def lock_open_top_up(reference: str) -> TopUp | None:
    """Lock the top-up with this reference; None when there is none, or its outcome is known."""
    return TopUp.objects.select_for_update().filter(reference=reference, status__in=OPEN).first()
