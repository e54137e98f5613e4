"""Limits by name: how often something may be done before it has to wait. The seed's numbers, as data.

`ZEMI_LIMITS` gives another number to those that it names; what each is charged to stands where it is charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in a `window`, which begins with the first; `why` says of what, and for whom."""

    name: str
    most: int
    window: timedelta
    why: str


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIMITS: Mapping[str, Limit] = {
    limit.name: limit
    for limit in (
        Limit("anonymous_writes", 10, _MINUTE, "POSTs from one address, without a key, session or link"),
        Limit("anonymous_reads", 120, _MINUTE, "GETs to the API from one address, without a key or session"),
        Limit("authenticated", 100, _MINUTE, "requests of one merchant, by all its keys, or of one person who is signed in"),
        Limit("link_reads", 120, _MINUTE, "looks at one order by its link: a page that waits asks every two seconds"),
        Limit("link_writes", 20, _MINUTE, "acts on one order by its link"),
        Limit("staff_sign_ins", 20, 15 * _MINUTE, "passwords and codes tried at the console, by an address or for a name"),
        Limit("orders_per_phone", 5, _HOUR, "orders of one buyer's phone"),
        Limit("cancel_requests", 3, _DAY, "requests to the other side to cancel one paid order: each is a text message"),
        Limit("links_per_phone", 100, _HOUR, "payment links that are made for one seller's phone"),
        Limit("photos_per_phone", 100, _HOUR, "photos that one seller's phone uploads"),
        Limit("codes_of_a_caller", 20, _HOUR, "one-time codes that one address or merchant has sent"),
        Limit("codes_to_a_phone", 3, _HOUR, "one-time codes to one phone, whoever asks for them: each is a text message"),
        Limit("sign_ins", 30, _HOUR, "tries of one address to sign in by a one-time code"),
        Limit("cancels", 10, _HOUR, "tries of one address to call an order off by a one-time code"),
        Limit("claims", 10, _HOUR, "tries to claim money by its receipt, of one address and of one phone"),
        Limit("refunds_elsewhere", 10, _HOUR, "tries to send a refund to another phone, of one address and of each phone"),
        Limit("endpoint_alerts", 3, _DAY, "texts to one phone that webhook endpoints were given up"),
        Limit("receipt_questions", 120, _HOUR, "questions about confirmations that prove nothing, for all of them together"),
        Limit("kes_per_phone", 50_000, _DAY, "shillings that one buyer orders in a Nairobi day, but for cancelled orders"),
    )
}  # fmt: skip


def read_limits(written: str) -> dict[str, int]:
    """Read "name=number" by commas into what each limit is here.

    :raises ValueError: no limit has that name, or the number isn't one from 1 to 2 billion
    """
    found = {name: limit.most for name, limit in LIMITS.items()}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, _, number = (word.strip() for word in part.partition("="))
        if name not in found:
            raise ValueError(f"no limit is called {name!r}; there are {', '.join(found)}")
        if not number.isdecimal() or not 1 <= int(number) <= 2_000_000_000:
            raise ValueError(f"{name} is a whole number from 1 to 2000000000, not {number!r}")
        found[name] = int(number)
    return found
