"""Who and what the machine plays with: people, amounts, faults, forgeries, and how they are drawn."""

from dataclasses import dataclass

import hypothesis.strategies as st

from tests import characters
from tests.characters import AMINA, BARAKA, CHEBET, OTIENO
from zemi.common.phone import Phone
from zemi.webhooks.tokens import CallbackKind

# Ordinary people first: they pay after a second, so that most runs get somewhere.
PAYERS = (
    AMINA,
    OTIENO,
    CHEBET,
    characters.PAYS_IN_3_S,
    characters.PAYS_IN_45_S,
    characters.CANCELS,
    characters.HAS_NO_MONEY,
    characters.UNREACHABLE,
    characters.WRONG_PIN,
    characters.CALLBACK_LOST,
    characters.CALLBACK_TWICE,
)
STAFF = ("Wanjiku", "Kamau", "Njeri")
SELLERS = (BARAKA, CHEBET, characters.PAYOUT_UNKNOWN)
AMOUNTS = ("1500.00", "20", "9000", "25000", "10")
FULL_FLOAT_KES, LOW_FLOAT_KES = 10_000_000, 1_000
ORDINARY_STATUSES = frozenset({200, 201, 202, 400, 401, 402, 403, 404, 409, 422, 423, 429})
# The only refusals with a 5xx: the provider can't be reached, and the answer says so.
PROVIDER_CODES = frozenset({"provider_unreachable", "provider_not_ready"})

# What a run may be ridden with, each by a rate of its own; "usual" is where the simulator lets it bite by default.
FAULTS = (
    ("callback_lost", "usual"),
    ("callback_lost", "any"),
    ("callback_twice", "any"),
    ("callback_late", "any"),
    ("callback_early", "any"),
    ("http_timeout_after", "usual"),
    ("http_timeout_after", "any"),
    ("http_garbage_after", "any"),
    ("http_error_before", "usual"),
    ("http_error_before", "any"),
    ("b2c_result_lost", "usual"),
    ("b2c_timeout_notice", "usual"),
    ("gateway_originator_id", "usual"),
    ("query_pending", "usual"),
    ("callback_lost", "reversal,c2b"),
    ("queue_timeout", "reversal"),
    ("http_timeout_after", "reversal"),
    ("callback_failure_first", "b2c"),
    ("callback_failure_first", "usual"),
    ("callback_stray_failure", "usual"),
    ("callback_stray_failure", "b2c"),
    ("b2c_duplicate", "usual"),
    ("http_reset_after", "any"),
    ("http_garbage_before", "any"),
    ("status_timeout_notice", "usual"),
    ("stk_phone", "usual"),
    ("result_code_text", "any"),
    ("result_filler_id", "any"),
    ("result_single_item", "any"),
    ("result_extra_keys", "any"),
    ("b2c_unregistered", "usual"),
    ("b2c_wallet_full", "usual"),
    ("status_silent", "usual"),
    ("status_not_found", "usual"),
    ("token_invalidated", "usual"),
)
# How the paybill's receipts are announced: not at all, or with the payer's number in one of these forms.
ANNOUNCES = (None, "full", "full", "full", "masked", "missing")
RATES = (0.1, 0.3, 0.6)

calm = st.just(())
stormy = st.lists(
    st.tuples(st.sampled_from(FAULTS), st.sampled_from(RATES)), max_size=6, unique_by=lambda f: f[0]
)
which = st.integers(min_value=0, max_value=39)
# How far a process comes before it is killed: most runs of the worker pass a handful of places.
deaths = st.tuples(st.sampled_from(("between", "inside")), st.integers(min_value=1, max_value=9))
maybe_death = st.none() | st.none() | deaths
# How far the orders have come with which a run begins: buyer, seller, amount, made by a merchant, last thing done.
beginnings = st.lists(
    st.tuples(
        which,
        which,
        st.sampled_from(AMOUNTS),
        st.booleans(),
        st.sampled_from(("created", "asked", "paid", "released")),
    ),
    min_size=1,
    max_size=4,
)

FORGED_PATHS = (
    "known checkout id", "known checkout id", "unknown checkout id", "random secret", "truncated secret",
    "altered secret", "secret of another kind", "secret of another attempt",
)  # fmt: skip


def altered(secret: str, how: str, place: int) -> str:
    """A path that is not `secret`, and looks like it."""
    return {
        "random secret": f"{place:02d}" + "5f" * 49,
        "truncated secret": secret[:place] or "0",
        "altered secret": f"{secret[:place]}{(int(secret[place], 16) + 1) % 16:x}{secret[place + 1 :]}",
        "secret of another kind": f"{CallbackKind.B2C_RESULT:02x}{secret[2:]}",
        "secret of another attempt": f"{secret[:4]}{'0' * 32}{secret[36:]}",
    }[how]


@dataclass(slots=True)
class Sale:
    """What the outside world knows of one order."""

    reference: str
    amount: str
    buyer: Phone
    seller: Phone
    code: str | None

    @property
    def shillings(self) -> int:
        """The price."""
        return int(self.amount.partition(".")[0])
