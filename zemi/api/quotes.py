"""Quotes over HTTP: what an order will cost whom, before it is made."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import AmountField, Shown, TextField
from zemi.api.idempotency import Keys
from zemi.api.shapes import AMOUNT, CURRENCY, LIVEMODE, TIME
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.orders import errors
from zemi.providers.errors import ProviderNotReady
from zemi.releases.quotes import Quote, quote


class QuoteInput(Shape):
    """What is to be sold."""

    amount = AmountField(help_text="The price in Kenyan shillings, whole shillings only.")
    release_policy = TextField(required=False, most=20, example="instant")


class QuoteData(Shape):
    """Who pays what. Send the id as `quote` when the order is made, and these terms are kept."""

    id = Shown({"type": "string", "pattern": "^qt_[A-Za-z0-9_-]+$"})
    object = Shown({"type": "string", "const": "quote"})
    livemode = Shown(LIVEMODE)
    currency = Shown(CURRENCY)
    buyer_pays = Shown(AMOUNT)
    commission = Shown(AMOUNT)
    seller_receives = Shown(AMOUNT)
    provider_fees = Shown(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["leg", "amount", "borne_by"],
                "properties": {
                    "leg": {"type": "string", "examples": ["payout"]},
                    "amount": AMOUNT,
                    "borne_by": {"type": "string", "examples": ["operator"]},
                },
            },
        }
    )
    buyer_gets_back = Shown(AMOUNT | {"description": "If all of it is refunded before it was released."})
    release_policy = Shown({"type": "string"})
    expires_at = Shown(TIME)


class CreateQuote(Endpoint):
    """Ask what an order will cost.

    To the shilling, for a quarter of an hour. Nothing is kept here.
    """

    access = Anyone()
    tag = "quotes"
    # Asking twice is asking twice: nothing is written.
    keys = Keys.NONE
    input = QuoteInput
    output = QuoteData
    statuses = {201: "This is what it will cost."}
    errors = (
        errors.AmountOutOfRange,
        errors.AmountNotWholeShilling,
        errors.ReleasePolicyUnknown,
        ProviderNotReady,
    )

    def post(self, request: Request) -> Response:
        """Say it."""
        return self.answer(_shown(quote(**self.read(request), now=clock.now())), status=201)


def _shown(quoted: Quote) -> dict[str, Any]:
    return {
        "id": quoted.id,
        "object": "quote",
        "livemode": settings.LIVE,
        "currency": quoted.terms.amount.currency,
        "buyer_pays": str(quoted.buyer_pays),
        "commission": str(quoted.commission),
        "seller_receives": str(quoted.seller_receives),
        "provider_fees": [{"leg": "payout", "amount": str(quoted.payout_fee), "borne_by": "operator"}],
        "buyer_gets_back": str(quoted.buyer_gets_back),
        "release_policy": quoted.terms.release_policy,
        "expires_at": stamp(quoted.expires_at),
    }
