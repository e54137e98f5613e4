"""How often one caller may ask: a budget for each kind of caller, told in the headers (DOMAIN 4.7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponseBase
from rest_framework.request import Request

from zemi.api.auth import caller, key_of, session_of
from zemi.trust.errors import TooManyAttempts
from zemi.trust.limits import Allowance, Spent, charge_or_refuse, named


@dataclass(slots=True)
class Toll:
    """What a request takes from its caller's budget, and what is left of it then."""

    allowance: Allowance
    now: datetime
    spent: Spent | None = None

    def pay(self) -> None:
        """Charge it.

        :raises TooManyAttempts: nothing is left
        """
        try:
            self.spent = charge_or_refuse(self.allowance, now=self.now)
        except TooManyAttempts as refusal:
            self.spent = Spent(left=0, resets_at=self.now + timedelta(seconds=refusal.retry_after_s or 0))
            raise

    def show(self, response: HttpResponseBase) -> None:
        """Tell the caller how much is left, if it was asked: in the IETF's words, and in the older ones."""
        if self.spent is None:
            return
        limit, most, window = self.allowance.purpose, self.allowance.most, self.allowance.window
        reset_s = max(0, int(-(-(self.spent.resets_at - self.now).total_seconds() // 1)))
        response.headers["RateLimit-Policy"] = f'"{limit}";q={most};w={int(window.total_seconds())}'
        response.headers["RateLimit"] = f'"{limit}";r={self.spent.left};t={reset_s}'
        response.headers["X-RateLimit-Limit"] = str(most)
        response.headers["X-RateLimit-Remaining"] = str(self.spent.left)
        response.headers["X-RateLimit-Reset"] = str(int(self.spent.resets_at.timestamp()))


def toll_of(request: Request, *, link_token: str, now: datetime) -> Toll:
    """The toll of a request, to be paid by its caller; `link_token` is that of the link which let the caller in.

    Phones behind one address share the address's budget only as strangers: a link, a key and a person have their own.
    """
    reading = request.method in {"GET", "HEAD"}
    if link_token:
        limit, subject = ("link_reads" if reading else "link_writes"), f"link:{link_token}"
    elif key_of(request) is not None or session_of(request) is not None:
        limit, subject = "authenticated", caller(request)
    else:
        limit, subject = ("anonymous_reads" if reading else "anonymous_writes"), caller(request)
    return Toll(named(limit, subject), now)
