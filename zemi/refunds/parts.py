"""Divide what goes back among the receipts that it is of. Pure: whole shillings in, whole shillings out."""

from collections.abc import Sequence


def split(amount: int, most: Sequence[int], *, least: int) -> list[int]:
    """Divide `amount` among receipts of which at most `most` each can go back, the first ones first.

    A part is `least` or more, which M-Pesa pays out, wherever giving less of an earlier one allows it. Only what can't be
    paid out in such parts stands in smaller ones: those are credit (DOMAIN R8).

    :raises ValueError: nothing, or more than all of them together
    """
    if not 0 < amount <= sum(most):
        raise ValueError("not between one shilling and all of the receipts")
    payable = [part if part >= least else 0 for part in most]
    rest = paid = max(min(amount, high) for low, high in _spans(payable, least) if low <= amount)
    parts = []
    for number, here in enumerate(payable, start=1):
        lowest = rest - here
        left = min(max(low, lowest) for low, high in _spans(payable[number:], least) if high >= lowest)
        parts.append(rest - left if rest - left >= least else 0)
        rest -= parts[-1]
    credit = amount - paid
    for index, here in enumerate(most):
        if not parts[index]:
            parts[index] = min(here, credit)
            credit -= parts[index]
    return parts


def _spans(payable: Sequence[int], least: int) -> list[tuple[int, int]]:
    """All sums of parts of `least` or more: from the one to the other, for none of the receipts, one, two and so on."""
    spans, high = [(0, 0)], 0
    for count, here in enumerate(sorted(filter(None, payable), reverse=True), start=1):
        high += here
        spans.append((count * least, high))
    return spans
