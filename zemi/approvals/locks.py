"""Lock a request: of two people who decide at once, one does."""

from uuid import UUID

from zemi.approvals.errors import ApprovalNotFound
from zemi.approvals.models import Approval
from zemi.common.db import inside_transaction


@inside_transaction
def lock_approval(approval_id: UUID) -> Approval:
    """Lock a request and read it afresh.

    :raises ApprovalNotFound: there is none
    """
    try:
        return Approval.objects.select_for_update().get(pk=approval_id)
    except Approval.DoesNotExist as error:
        raise ApprovalNotFound from error
