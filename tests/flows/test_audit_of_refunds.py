"""Whatever is changed by hand of a refund that is under way, the audit names."""

from collections.abc import Callable

import pytest

from tests import story
from tests.conftest import triggers_off
from tests.domain.test_guards import undone
from zemi.payments.models import Receipt
from zemi.refunds.models import Refund, RefundedReceipt

CORRUPTIONS: dict[str, tuple[Callable[[], object], str]] = {
    "it was called failed": (
        lambda: Refund.objects.update(status="failed"),
        "is failed and 1500.00 is in flight, not 0.00",
    ),
    "its sources were changed": (
        lambda: Refund.objects.update(sources={"2100": 100}),
        "its sources don't sum to 1500.00",
    ),
    "less of its receipt was counted": (
        lambda: RefundedReceipt.objects.update(refunded_minor=100),
        "1500.00 refunded, 1.00 counted",
    ),
    "none of its receipt was counted": (
        lambda: RefundedReceipt.objects.all().delete(),
        "refunds of 1500.00 were not counted",
    ),
    "its receipt is of somebody unknown": (
        lambda: (Refund.objects.update(payer=None, status="failed"), Receipt.objects.update(status="orphan")),
        "is not in the unallocated receipts again",
    ),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_audit_names_it(owed_refund: Refund, name: str) -> None:
    corrupt, named = CORRUPTIONS[name]

    with undone():
        with triggers_off():
            corrupt()
        found = story.problems()

    assert any(named in problem for problem in found), found
