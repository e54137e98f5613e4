"""What a sandbox starts with: a merchant with an API key, money in both books, and a paybill that announces payments."""

from datetime import datetime

from django.conf import settings

from zemi.cli.providers import register_c2b, register_pull
from zemi.identity.api_keys import Scope, authenticate, create_api_key
from zemi.providers import registry
from zemi.sandbox.demo_key import keep_demo_key, read_demo_key

MERCHANT = "Duka la Zemi (demo)"
# With keys: the developers' pages have something to show. A sandbox's keys open no real money.
SCOPES = (Scope.ORDERS, Scope.PAYMENTS, Scope.PAYOUTS, Scope.WEBHOOKS, Scope.READ, Scope.KEYS)
# The operator's number that pulling is registered with; one of the simulator's.
_NOMINATED = "254722000111"


def ensure(now: datetime) -> str:
    """Make the demo data that isn't there yet; return the demo merchant's API key.

    Needs a running simulator and a migrated database. May run any number of times; sandbox mode only.
    """
    if settings.LIVE:
        raise RuntimeError("demo data is for sandbox mode")

    _ensure_opening_float(now)
    _register_paybill()
    return _ensure_api_key(now)


def _ensure_api_key(now: datetime) -> str:
    """The key of earlier starts if it still works, else a new one; its text is sealed in a file."""
    token = read_demo_key()
    if authenticate(token, now=now) is None:
        _, token = create_api_key(merchant_name=MERCHANT, scopes=SCOPES, now=now)
        keep_demo_key(token)
    return token


def _register_paybill() -> None:
    """Have payments by hand announced here, and nowhere else: the port may be another one than last time."""
    registry.sandbox().forget_c2b_urls()
    register_c2b()
    register_pull(_NOMINATED)
    # This process makes no other calls: none would come to write what it has counted.
    registry.circuits().counts.write()


def _ensure_opening_float(now: datetime) -> None:
    """Book what the simulator's shortcodes hold before anything happens, so that both books start alike."""
    from zemi.reconciliation.opening import ensure_opening_float

    ensure_opening_float(now=now)
