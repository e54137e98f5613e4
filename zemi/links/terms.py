"""What both sides of a payment link agree on, frozen as one text with its hash.

The text is the proof: its SHA-256 stands on the link and on each order's agreement, so that any change would show.
"""

import hashlib
import json
from uuid import UUID

from zemi.common.ids import public_id
from zemi.links.models import PaymentLink
from zemi.orders.terms import Terms

# Of the text's shape. A change of what stands in it is a new version; texts of old ones stay as they are (ADR 0015).
VERSION = 2


def write_terms(terms: Terms, *, product_description: str, photo: bytes | None, seller_id: UUID) -> str:
    """Write what is agreed on as one text: JSON, its names in order, nothing between its words.

    Of the photo the SHA-256 stands there, of the file as it is shown; null says that there is none.
    """
    facts = {
        "version": VERSION,
        "product_description": product_description,
        "amount": str(terms.amount),
        "currency": terms.amount.currency,
        "fee_bps": terms.fee_bps,
        "release_policy": terms.release_policy,
        "pay_within_h": terms.pay_within_h,
        "payee": public_id("pty", seller_id),
        "photo_sha256": hashlib.sha256(photo).hexdigest() if photo is not None else None,
    }
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hash_of(text: str) -> str:
    """The SHA-256 of a terms' text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def terms_of(link: PaymentLink) -> Terms:
    """The terms of each order that is made by `link`."""
    return Terms(link.amount, link.fee_bps, link.release_policy, link.pay_within_h)
