"""Lock a payment link: of many who want its last place one gets it, and the others see that it is gone."""

from uuid import UUID

from zemi.common.db import inside_transaction
from zemi.links.models import PaymentLink


@inside_transaction
def lock_link(key: UUID) -> PaymentLink:
    """Lock the link with this key and read it afresh, with its seller. It exists: somebody has found it before."""
    # Of the link alone: two links of one seller don't wait for each other.
    return PaymentLink.objects.select_related("seller").select_for_update(of=("self",)).get(pk=key)
