"""Find people by their phones."""

from collections.abc import Iterable
from datetime import datetime

from zemi.common import crypto
from zemi.common.db import columns, fetch, insert, inside_transaction
from zemi.common.ids import new_key
from zemi.common.phone import Phone
from zemi.identity.models import Party


def phone_index(phone: Phone) -> bytes:
    """The hash by which a party is found."""
    return crypto.blind_index("party-phone", phone.e164)


@inside_transaction
def find_or_create_parties(phones: Iterable[Phone], *, now: datetime) -> dict[Phone, Party]:
    """Find the parties of `phones`, made where there were none. Two statements, whatever races it."""
    drafts = {phone_index(phone): _draft(phone, now=now) for phone in phones}
    # In one order, so that two orders with the same two people can't wait for each other.
    insert(*(drafts[key] for key in sorted(drafts)), ignore_conflicts=True)
    marks = ", ".join(["%s"] * len(drafts))
    statement = f"SELECT {columns(Party, 'p')} FROM identity_party p WHERE p.phone_hash IN ({marks})"  # noqa: S608 (own names)
    found = {bytes(party.phone_hash): party for (party,) in fetch(statement, list(drafts), Party)}
    return {phone: found[phone_index(phone)] for phone in phones}


def _draft(phone: Phone, *, now: datetime) -> Party:
    key = new_key()
    return Party(
        id=key,
        phone_hash=phone_index(phone),
        phone_last4=phone.last4,
        created_at=now,
        phone_sealed=crypto.seal(phone.e164, context=f"identity|phone|{key}"),
    )
