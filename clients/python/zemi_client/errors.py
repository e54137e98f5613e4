"""What can go wrong with a call: Zemi refused it, or nobody knows whether it arrived."""

from collections.abc import Mapping
from typing import Any


class ZemiClientError(Exception):
    """The root of all errors of this package."""


class NotSent(ZemiClientError):
    """There was no connection: nothing arrived, and nothing was done."""


class NoAnswer(ZemiClientError):
    """It was sent and no answer came. It may have been done: read before you repeat it without an idempotency key."""


class Refused(ZemiClientError):
    """Zemi's own answer. Programs read `code`; `sentence` is for people; the list is at `doc_url`."""

    def __init__(
        self, status: int, body: Mapping[str, Any], *, request_id: str, retry_after_s: int | None
    ) -> None:
        self.status = status
        self.code = str(body.get("code", "unreadable_answer"))
        self.sentence = str(body.get("error", f"HTTP {status}"))
        details = body.get("details")
        self.details: Mapping[str, Any] = details if isinstance(details, dict) else {}
        self.doc_url = str(body.get("doc_url", ""))
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.code}: {self.sentence} ({self.request_id})")

    @property
    def next_step(self) -> str:
        """What Zemi says should be done about it."""
        return str(self.details.get("next_step", ""))

    @property
    def fields(self) -> dict[str, str]:
        """What is wrong with which field, by its code: {"amount": "max_decimals"}."""
        return {str(each["field"]): str(each["code"]) for each in self.details.get("errors", ())}


class InvalidRequest(Refused):
    """The request itself is wrong: correct it, then send it again."""


class NotAuthenticated(Refused):
    """There is no key, or not a valid one."""


class NotAllowed(Refused):
    """The key is not for this."""


class NotFound(Refused):
    """There is none, or it is somebody else's."""


class WrongState(Refused):
    """It can't be done as things stand: read the object and act on its status."""


class WrongAmount(Refused):
    """The amount does not fit."""


class NotVerified(Refused):
    """A code is wrong."""


class Locked(Refused):
    """Too many wrong codes: wait for `retry_after_s`."""


class PaymentDeclined(Refused):
    """The provider turned it down. No money moved."""


class KeyReused(Refused):
    """The idempotency key was used for something else, or its first call is still running."""


class TooManyRequests(Refused):
    """Slow down: wait for `retry_after_s`."""


class ProviderTrouble(Refused):
    """M-Pesa can't be reached, or what it did is not known yet."""


class ServerTrouble(Refused):
    """Zemi itself has a problem, or something between has: read before you repeat."""


_BY_TYPE: Mapping[str, type[Refused]] = {
    "validation_error": InvalidRequest,
    "authentication_error": NotAuthenticated,
    "permission_error": NotAllowed,
    "not_found": NotFound,
    "state_error": WrongState,
    "amount_error": WrongAmount,
    "verification_error": NotVerified,
    "locked": Locked,
    "payment_declined": PaymentDeclined,
    "idempotency_error": KeyReused,
    "rate_limit_error": TooManyRequests,
    "provider_error": ProviderTrouble,
    "internal_error": ServerTrouble,
}


def refusal(status: int, body: Mapping[str, Any], *, request_id: str, retry_after_s: int | None) -> Refused:
    """Make the error that an answer is, by its type; what has none is ServerTrouble from 500 on."""
    details = body.get("details")
    kind = str(details.get("type", "")) if isinstance(details, dict) else ""
    found = _BY_TYPE.get(kind, ServerTrouble if status >= 500 else Refused)
    return found(status, body, request_id=request_id, retry_after_s=retry_after_s)
