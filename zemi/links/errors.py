"""What payment links refuse."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text
from zemi.orders.errors import OrderNotFound


class LinkNotFound(OrderNotFound):
    """No payment link has this id or token, or it is not one of the caller's: the answer is the same."""

    # A kind of the other, so that tokens that open nothing are charged to whoever tries them.
    code = "link_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no such payment link.", sw="Hakuna kiungo cha malipo kama hiki.")
    next_step = Text(
        en="Open the link exactly as it was sent to you, or ask the seller for a new one.",
        sw="Fungua kiungo kama kilivyotumwa kwako, au muombe muuzaji kipya.",
    )


class LinkNotActive(ZemiError):
    """The link is used up, was stopped by its owner, or its time is over."""

    code = "link_not_active"
    kind = Kind.STATE
    text = Text(
        en="This payment link is closed. No order was made, and nothing was paid.",
        sw="Kiungo hiki cha malipo kimefungwa. Oda haikutengenezwa, na hakuna kilicholipwa.",
    )
    next_step = Text(en="Ask the seller for a new link.", sw="Muombe muuzaji kiungo kipya.")
    example = {"status": "used_up"}


class TermsMismatch(ZemiError):
    """The terms that the buyer says to have seen are not the link's."""

    code = "terms_mismatch"
    kind = Kind.STATE
    text = Text(
        en="These are not the terms of this payment link. No order was made.",
        sw="Haya si masharti ya kiungo hiki cha malipo. Oda haikutengenezwa.",
    )
    next_step = Text(
        en="Read the link again, show its terms to the buyer, and send their terms_hash.",
        sw="Soma kiungo tena, mwonyeshe mnunuzi masharti yake, kisha tuma terms_hash yake.",
    )


class BuyerIsSeller(ZemiError):
    """The one who would buy is the one who sells."""

    code = "buyer_is_seller"
    kind = Kind.STATE
    text = Text(
        en="This is the seller's own number: nobody can buy from themselves. No order was made.",
        sw="Hii ni namba ya muuzaji mwenyewe: mtu hawezi kujiuzia. Oda haikutengenezwa.",
    )
    next_step = Text(en="Give the buyer's own number.", sw="Andika namba ya mnunuzi mwenyewe.")


class PayeeNotProved(ZemiError):
    """A person makes links for the phone that they have proved, and for no other."""

    code = "payee_not_proved"
    kind = Kind.PERMISSION
    text = Text(
        en="The money of your links goes to the phone that you signed in with. No link was made.",
        sw="Pesa ya viungo vyako huenda kwa simu uliyoingia nayo. Kiungo hakikutengenezwa.",
    )
    next_step = Text(
        en="Leave seller_phone out, or sign in with that phone.",
        sw="Acha seller_phone, au ingia kwa simu hiyo.",
    )


class PhotoUnreadable(ZemiError):
    """What was uploaded is no JPEG, PNG or WebP, or a broken one."""

    code = "photo_unreadable"
    kind = Kind.VALIDATION
    text = Text(
        en="This is no photo that can be read. No link was made.",
        sw="Hii si picha inayosomeka. Kiungo hakikutengenezwa.",
    )
    next_step = Text(
        en="Choose another photo (JPEG, PNG or WebP), or leave it out.",
        sw="Chagua picha nyingine (JPEG, PNG au WebP), au iache.",
    )


class PhotoMoves(ZemiError):
    """An animation was uploaded as the photo."""

    code = "photo_moves"
    kind = Kind.VALIDATION
    text = Text(
        en="This picture moves. No link was made.",
        sw="Picha hii inasonga. Kiungo hakikutengenezwa.",
    )
    next_step = Text(
        en="Choose a photo that stands still, or leave it out.", sw="Chagua picha iliyotulia, au iache."
    )


class PhotoTooLarge(ZemiError):
    """More than 8 MB were uploaded as the photo, or it has more than 24 million pixels."""

    code = "photo_too_large"
    kind = Kind.VALIDATION
    text = Text(
        en="This photo is too large: 8 MB and 24 megapixels are the most. No link was made.",
        sw="Picha hii ni kubwa mno: mwisho ni MB 8 na megapikseli 24. Kiungo hakikutengenezwa.",
    )
    next_step = Text(en="Choose a smaller photo, or leave it out.", sw="Chagua picha ndogo zaidi, au iache.")


class LinkStockInvalid(ZemiError):
    """A link sells one thing or several, up to 1,000."""

    code = "link_stock_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="By one payment link 1 to {most} orders can be made. No link was made.",
        sw="Kwa kiungo kimoja cha malipo oda 1 hadi {most} zinaweza kutengenezwa. Kiungo hakikutengenezwa.",
    )
    next_step = Text(
        en="Write stock as a whole number from 1 to {most}, or leave it out: then it is 1.",
        sw="Andika stock kama namba kamili kuanzia 1 hadi {most}, au iache: basi ni 1.",
    )
    example = {"most": 1_000}


class LinkTimeInvalid(ZemiError):
    """A link ends in the future, and within a year."""

    code = "link_time_invalid"
    kind = Kind.VALIDATION
    text = Text(
        en="A payment link ends later than now, and within a year. No link was made.",
        sw="Kiungo cha malipo huisha baada ya sasa, ndani ya mwaka mmoja. Kiungo hakikutengenezwa.",
    )
    next_step = Text(
        en="Correct expires_at, or leave it out: then the link has no end.",
        sw="Sahihisha expires_at, au iache: basi kiungo hakina mwisho.",
    )
