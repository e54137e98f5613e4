"""How often one caller may ask: a budget for each kind of caller, told in the headers (DOMAIN 4.7)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponseBase
from rest_framework.request import Request

from zemi.api.auth import caller, key_of, session_of
from zemi.common.limits import LIMITS
from zemi.trust.limits import Spent, charge_or_refuse, named


@dataclass(frozen=True, slots=True)
class Toll:
    """What a request took from its caller's budget."""

    limit: str
    most: int
    window_s: int
    spent: Spent
    now: datetime

    def show(self, response: HttpResponseBase) -> None:
        """Tell the caller how much is left: in the IETF's words, and in the older ones."""
        reset_s = max(0, int(-(-(self.spent.resets_at - self.now).total_seconds() // 1)))
        response.headers["RateLimit-Policy"] = f'"{self.limit}";q={self.most};w={self.window_s}'
        response.headers["RateLimit"] = f'"{self.limit}";r={self.spent.left};t={reset_s}'
        response.headers["X-RateLimit-Limit"] = str(self.most)
        response.headers["X-RateLimit-Remaining"] = str(self.spent.left)
        response.headers["X-RateLimit-Reset"] = str(int(self.spent.resets_at.timestamp()))


def pay_toll(request: Request, *, link_token: str, now: datetime) -> Toll:
    """Charge a request to its caller; `link_token` is that of the link which let the caller in.

    Phones behind one address share the address's budget only as strangers: a link, a key and a person have their own.

    :raises TooManyAttempts: nothing is left
    """
    reading = request.method in {"GET", "HEAD"}
    if link_token:
        limit, subject = ("link_reads" if reading else "link_writes"), f"link:{link_token}"
    elif key_of(request) is not None or session_of(request) is not None:
        limit, subject = "authenticated", caller(request)
    else:
        limit, subject = ("anonymous_reads" if reading else "anonymous_writes"), caller(request)
    allowance = named(limit, subject)
    spent = charge_or_refuse(allowance, now=now)
    return Toll(limit, allowance.most, int(LIMITS[limit].window.total_seconds()), spent, now)
