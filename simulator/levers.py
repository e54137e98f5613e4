"""What people do around M-Pesa: float, initiator, forged callbacks, where delivery reports go."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from simulator import credentials, forgery, sms
from simulator.books import SHILLING, utility
from simulator.clock import SECOND
from simulator.control import ControlError, read_amount, read_number, read_text, refuse_others
from simulator.state import State


def change_float(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """`set` the utility account of a shortcode to whole shillings, `top_up` by some, or `take` some away.

    The difference comes from, or goes to, the world outside.

    :raises ControlError: not exactly one of them, no such shortcode, or less than nothing would be left
    """
    refuse_others(wishes, "shortcode", "set", "top_up", "take")
    shortcode = str(wishes.get("shortcode", credentials.PAYOUT_SHORTCODE))
    given = [key for key in ("set", "top_up", "take") if wishes.get(key) is not None]
    if len(given) != 1:
        raise ControlError(400, "give one of set, top_up and take")
    amount = 0 if wishes[given[0]] == 0 else read_amount(wishes[given[0]], called=given[0])
    account = utility(shortcode)
    with state.transaction():
        if not state.books.knows(account):
            raise ControlError(400, "there is no such shortcode")
        before = state.books.balance(account)
        after = {"set": amount, "top_up": before + amount, "take": before - amount}[given[0]]
        if after < 0:
            raise ControlError(409, f"there are only KES {before // SHILLING} to take")
        state.books.set_balance(account, to=after, at=state.clock.micros())
    return {"account": account, "balance": after}


def set_password(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Give the initiator a new password, or the one it has for another 90 days; unlocks it too.

    :raises ControlError: not a password
    """
    refuse_others(wishes, "password")
    with state.transaction():
        password = read_text(wishes, "password") or state.credentials.initiator_password()
        try:
            state.credentials.set_initiator_password(password)
        except ValueError as error:
            raise ControlError(400, str(error)) from None
        return state.credentials.initiator()


def lock_initiator(state: State) -> dict[str, object]:
    """Lock the initiator, as three wrong credentials in a row do."""
    with state.transaction():
        state.credentials.lock_initiator()
        return state.credentials.initiator()


def forge(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Send a forged callback (forgery.py).

    :raises ControlError: it can't be made so
    """
    refuse_others(wishes, "url", "callback", "body", "amount", "forwarded_for")
    callback = wishes.get("callback")
    if callback is not None and callback != "last" and type(callback) is not int:
        raise ControlError(400, 'callback is the id of one in GET /_sim/callbacks, or "last"')
    amount = wishes.get("amount")
    amount = None if amount is None else read_amount(amount, called="amount") // SHILLING
    url, forwarded_for = read_text(wishes, "url"), read_text(wishes, "forwarded_for")
    try:
        ref = forgery.forge(
            state,
            url=url,
            callback=callback,
            body=wishes.get("body"),
            amount=amount,
            forwarded_for=forwarded_for,
        )
    except forgery.NotSeen as error:
        raise ControlError(409, str(error)) from None
    except ValueError as error:
        raise ControlError(400, str(error)) from None
    return {"id": ref, "kind": "forged"}


def set_sms_reports(state: State, wishes: Mapping[str, object]) -> dict[str, object]:
    """Where delivery reports go (url; null: nowhere) and when: sent_after_s, delivered_after_s.

    :raises ControlError: not a URL, or not in this order
    """
    refuse_others(wishes, "url", "sent_after_s", "delivered_after_s")
    url = read_text(wishes, "url")
    if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise ControlError(400, "url is an http or https URL, or null")
    sent_s = read_number(wishes, "sent_after_s")
    delivered_s = read_number(wishes, "delivered_after_s")
    sent_s = 1 if sent_s is None else sent_s
    delivered_s = sent_s + 2 if delivered_s is None else delivered_s
    if not 0 <= sent_s <= delivered_s:
        raise ControlError(400, "sent_after_s is not negative, and delivered_after_s not before it")
    with state.transaction():
        sms.set_reports(state, url, int(sent_s * SECOND), int(delivered_s * SECOND))
    return sms.reports(state)
