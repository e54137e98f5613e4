"""The token of a payment link: 128 bits that stand in its address and nowhere in the clear."""

import re
import secrets

from django.conf import settings

from zemi.common import crypto
from zemi.links.models import PaymentLink
from zemi.orders.links import TOKEN_BYTES

# Where the pages of payment links are; short, since it goes out by text message.
PATH = "/l/"
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def give_token(link: PaymentLink) -> None:
    """Give a link that is about to be written a token of its own."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link.token_hash = index_of(token)
    link.token_sealed = crypto.seal(token, context=_context(link))


def index_of(token: str) -> bytes:
    """The hash by which a link is found."""
    return crypto.blind_index("payment-link", token)


def token_of(link: PaymentLink) -> str:
    """The token that opens this link, for its owner."""
    return crypto.unseal(link.token_sealed, context=_context(link))


def address_of(link: PaymentLink) -> str:
    """The address to share, such as "https://zemi.co.ke/l/Xq3vN8ZtLw2RkP5yBd7MhA"."""
    return f"{settings.PUBLIC_ORIGIN}{PATH}{token_of(link)}"


def _context(link: PaymentLink) -> str:
    return f"links|token|{link.id}"
