"""Lock what was set apart."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.unclaimed.models import UnclaimedBalance


@inside_transaction
def lock_unclaimed(unclaimed_id: UUID) -> UnclaimedBalance:
    """Lock one balance that was set apart, and read it afresh.

    :raises UnclaimedBalance.DoesNotExist: there is none
    """
    return UnclaimedBalance.objects.select_for_update().get(pk=unclaimed_id)
