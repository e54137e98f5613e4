"""JSON as M-Pesa writes it: amounts are decimals with two places (1.00), never made from a float."""

import json
import re
from decimal import Decimal

_MARK = "\ue000"  # private use: in no text that a client sends
_MARKED = re.compile(r'"\\ue000(-?[0-9]+\.[0-9]{2})\\ue000"')


def dumps(payload: object) -> str:
    """JSON of a payload whose Decimals become numbers with two places."""
    return _MARKED.sub(r"\1", json.dumps(payload, default=_decimal))


def cents(amount: int) -> Decimal:
    """Integer cents as the decimal shillings of a payload."""
    return Decimal(amount).scaleb(-2)


def _decimal(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value:.2f}{_MARK}"
    raise TypeError(f"no JSON for {type(value).__name__}")
