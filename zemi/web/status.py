"""Which HTTP status a kind of refusal becomes (DOMAIN 4.2)."""

from zemi.common.errors import Kind, ZemiError

STATUS: dict[Kind, int] = {
    Kind.VALIDATION: 400,
    Kind.AUTHENTICATION: 401,
    Kind.DECLINED: 402,
    Kind.PERMISSION: 403,
    Kind.NOT_FOUND: 404,
    Kind.STATE: 409,
    Kind.IDEMPOTENCY: 409,
    Kind.AMOUNT: 422,
    Kind.VERIFICATION: 422,
    Kind.LOCKED: 423,
    Kind.RATE_LIMIT: 429,
    Kind.INTERNAL: 500,
    Kind.PROVIDER: 503,
}
# Of one kind, yet another status: the IETF's draft on the header Idempotency-Key wants it so.
_STATUS_OF_CODE = {
    "idempotency_key_invalid": 400,
    "idempotency_key_missing": 400,
    "idempotency_key_reused": 422,
}


def status_of(error: type[ZemiError]) -> int:
    """The HTTP status of a class of refusals."""
    return _STATUS_OF_CODE.get(error.code) or STATUS[error.kind]
