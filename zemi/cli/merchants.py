"""Whom a command is about."""

import sys

from zemi.identity.models import Merchant


def find_merchant(name: str) -> Merchant | None:
    """Find a merchant by its name; None after saying that there is none."""
    merchant = Merchant.objects.filter(name=name).first()
    if merchant is None:
        print(f"There is no merchant called {name!r}: `zemi api-key create` makes one.", file=sys.stderr)
    return merchant
