"""What is settled once for a merchant."""

from uuid import UUID

from zemi.identity.models import Merchant


def pin_api_version(merchant_id: UUID, version: str) -> str:
    """Keep `version` as the one in which this merchant is answered, unless one is kept already; the one that is kept.

    One statement, so that of two first calls at once only one decides.
    """
    Merchant.objects.filter(pk=merchant_id, api_version="").update(api_version=version)
    kept: str = Merchant.objects.values_list("api_version", flat=True).get(pk=merchant_id)
    return kept
