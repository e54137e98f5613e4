"""Make a payment link, and stop one."""

from datetime import datetime, timedelta
from uuid import UUID

from zemi.common.db import append, conclude, insert, inside_transaction, unit_of_work
from zemi.common.ids import key_of_form
from zemi.common.money import Money
from zemi.common.phone import Phone
from zemi.common.work import due_keys
from zemi.events.log import record, transition
from zemi.identity.models import Party
from zemi.identity.parties import find_or_create_parties
from zemi.links.errors import LinkNotActive, LinkStockInvalid, LinkTimeInvalid, PayeeNotProved
from zemi.links.locks import lock_link
from zemi.links.models import MOST_STOCK, LinkStatus, PaymentLink, Photo
from zemi.links.photos import next_look
from zemi.links.queries import Owner, get_link
from zemi.links.terms import hash_of, write_terms
from zemi.links.tokens import give_token
from zemi.orders.errors import SellerPhoneRequired
from zemi.orders.models import ReleasePolicy
from zemi.orders.terms import Terms, terms_now
from zemi.trust.limits import charge, named, too_many

LONGEST_LIFE = timedelta(days=366)


def create_link(
    *,
    amount: Money,
    product_description: str,
    seller_phone: Phone | None = None,
    release_policy: str = ReleasePolicy.INSTANT,
    stock: int = 1,
    expires_at: datetime | None = None,
    merchant_id: UUID | None = None,
    signed_in: Party | None = None,
    photo: bytes | None = None,
    once: UUID | None = None,
    now: datetime,
) -> PaymentLink:
    """Offer something for sale: the terms are frozen here, and every order that is made by the link has them.

    A merchant (`merchant_id`) names whose money it will be; a person (`signed_in`) sells for the own phone. `stock` is how
    many orders can be made, 1 to MOST_STOCK; `photo` is a picture that `read_photo` has made. `once` is the key of the form
    that asks: sent twice and said the same, it makes one link, which both are answered. Opens its own transaction.

    :raises SellerPhoneRequired: a merchant has to say who is paid
    :raises PayeeNotProved: a person can't sell for another phone
    :raises LinkStockInvalid: it would sell nothing, or more than MOST_STOCK
    :raises LinkTimeInvalid: it would end in the past, or in more than a year
    :raises AmountOutOfRange, AmountNotWholeShilling, ReleasePolicyUnknown: nobody could order on such terms
    :raises TooManyAttempts: too many links were made for this seller's phone
    """
    payee = _payee(seller_phone, signed_in)
    if not 1 <= stock <= MOST_STOCK:
        raise LinkStockInvalid(most=MOST_STOCK)
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        raise LinkTimeInvalid
    terms = terms_now(amount=amount, release_policy=release_policy)

    with unit_of_work():
        seller = find_or_create_parties({payee}, now=now)[payee]
        link = _draft(terms, product_description=product_description, photo=photo, seller=seller, now=now)
        link.merchant_id, link.stock, link.expires_at = merchant_id, stock, expires_at
        if once is not None:
            link.form_key = key_of_form(once, link.terms_hash, stock, expires_at)
        # Now, not at the end: of two at once the second waits here, and then finds what the first has made.
        if not insert(link, ignore_conflicts=once is not None):
            return conclude(
                PaymentLink.objects.select_related("seller").get(seller=seller, form_key=link.form_key)
            )
        budget = named("links_per_phone", str(seller.id))
        if not charge(budget, now=now):
            raise too_many(budget, now=now)
        if photo is not None:
            append(Photo(link=link, picture=photo, created_at=now, look_at=next_look(now)))
        record(
            "link.created",
            link,
            at=now,
            actor=offerer_of(link),
            data={"amount": str(link.amount), "currency": link.currency, "terms_hash": link.terms_hash},
        )
        return conclude(link)


def disable_link(key: UUID | None, *, owner: Owner, now: datetime) -> PaymentLink:
    """Stop a link: no further order is made by it; those that were made go on. Opens its own transaction.

    One that is stopped already stays so.

    :raises LinkNotFound: there is none, or it is somebody else's
    :raises LinkNotActive: its time is over
    """
    found = get_link(key, owner=owner)
    with unit_of_work():
        link = lock_link(found.id)
        if link.status_at(now) == LinkStatus.EXPIRED:
            raise LinkNotActive(status=LinkStatus.EXPIRED)
        if link.status != LinkStatus.DISABLED:
            transition(link, LinkStatus.DISABLED, at=now, actor=offerer_of(link), updated_at=now)
        return conclude(link)


def expire_due_links(*, now: datetime, limit: int = 50) -> int:
    """End links whose time is over, the oldest first, each in a transaction of its own."""
    open_ones = [LinkStatus.ACTIVE, LinkStatus.USED_UP]
    keys = due_keys(PaymentLink, "expires_at", now=now, limit=limit, statuses=open_ones)
    for key in keys:
        with unit_of_work():
            link = lock_link(key)
            if link.status in open_ones:
                transition(link, LinkStatus.EXPIRED, at=now, actor="worker", updated_at=now)
    return len(keys)


def offerer_of(link: PaymentLink) -> str:
    """Who made the link, and so agreed to its terms: its merchant or its seller."""
    return "merchant" if link.merchant_id is not None else "seller"


def _payee(seller_phone: Phone | None, signed_in: Party | None) -> Phone:
    own = signed_in.phone if signed_in is not None else None
    if own is not None and seller_phone not in {None, own}:
        raise PayeeNotProved
    payee = own or seller_phone
    if payee is None:
        raise SellerPhoneRequired
    return payee


@inside_transaction
def _draft(
    terms: Terms, *, product_description: str, photo: bytes | None, seller: Party, now: datetime
) -> PaymentLink:
    text = write_terms(terms, product_description=product_description, photo=photo, seller_id=seller.id)
    link = PaymentLink(
        seller=seller,
        product_description=product_description,
        amount_minor=terms.amount.minor,
        currency=terms.amount.currency,
        fee_bps=terms.fee_bps,
        release_policy=terms.release_policy,
        pay_within_h=terms.pay_within_h,
        terms=text,
        terms_hash=hash_of(text),
        created_at=now,
        updated_at=now,
    )
    give_token(link)
    return link
