"""Which HTTP status a kind of refusal becomes (DOMAIN 4.2)."""

from zemi.common.errors import Kind

STATUS: dict[Kind, int] = {
    Kind.VALIDATION: 400,
    Kind.AUTHENTICATION: 401,
    Kind.DECLINED: 402,
    Kind.PERMISSION: 403,
    Kind.NOT_FOUND: 404,
    Kind.STATE: 409,
    Kind.AMOUNT: 422,
    Kind.VERIFICATION: 422,
    Kind.LOCKED: 423,
    Kind.RATE_LIMIT: 429,
    Kind.INTERNAL: 500,
    Kind.PROVIDER: 503,
}
