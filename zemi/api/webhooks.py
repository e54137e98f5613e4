"""Merchants' endpoints for events, their deliveries, and the events themselves."""

from typing import Any, ClassVar, Literal

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Anyone, NeedsScope, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import (
    PhoneField,
    Shown,
    TextField,
    TimeField,
    Unreadable,
    Value,
    WordField,
    YesNoField,
)
from zemi.api.idempotency import Keys
from zemi.api.lists import OneOfField, created_fields, page_fields, query_shape
from zemi.api.shapes import LIVEMODE, MASKED_OR_NULL, TEXT_OR_NULL, TIME, TIME_OR_NULL
from zemi.common import clock
from zemi.common.clock import stamp
from zemi.common.ids import key_named, public_id
from zemi.common.outside import MOST_URL
from zemi.common.phone import Phone
from zemi.common.texts import Text
from zemi.events.public import PUBLIC, TOLD
from zemi.identity.api_keys import Scope
from zemi.snapshots.errors import CursorInvalid, ObjectNotFound
from zemi.snapshots.events import EventWish, list_events, read_event
from zemi.snapshots.lists import USUAL_LIMIT, Page
from zemi.snapshots.objects import API_VERSION
from zemi.snapshots.webhooks import STATUSES, list_deliveries, show_delivery
from zemi.webhooks import errors
from zemi.webhooks.deliveries import ping, redeliver
from zemi.webhooks.endpoints import (
    create_endpoint,
    delete_endpoint,
    get_endpoint,
    list_endpoints,
    rotate_secret,
    show_endpoint,
    update_endpoint,
)
from zemi.webhooks.models import Extent, WebhookDelivery, WebhookEndpoint, WebhookReplay
from zemi.webhooks.replays import ask_replay
from zemi.webhooks.signing import show_public_keys

_MOST_TYPES = 50
_ENDPOINT_ID = {"type": "string", "pattern": "^we_[0-9a-f]{32}$"}
_EVENT_ID = {"type": "string", "pattern": "^evt_[0-9a-f]{32}$"}
_TYPE = {
    "type": "string",
    "examples": ["order.paid"],
    "description": "An open list: skip what you don't know.",
}


_ALERT_PHONE = (
    "Who is texted when the endpoint is switched off because it failed for five days, or answered 410."
)


class TypesField(Value):
    """Types of events; none means every type."""

    schema = {
        "type": "array",
        "items": {"type": "string", "enum": sorted(TOLD)},
        "maxItems": _MOST_TYPES,
        "description": "Types to send; an empty list means every type.",
    }
    _NOT_TYPES = Text(
        en='List types of events, such as ["order.paid"]; 50 at most.',
        sw='Orodhesha aina za matukio, mfano ["order.paid"]; zisizidi 50.',
    )

    def read(self, raw: object) -> list[str]:
        """Read a list of words; which types there are is the domain's business."""
        if not isinstance(raw, list) or len(raw) > _MOST_TYPES or not all(type(word) is str for word in raw):
            raise Unreadable("invalid_types", self._NOT_TYPES)
        return raw


class UrlField(WordField):
    """Where to send to; whether that may be is the domain's business."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            pattern=r"https?://[!-~]+",
            most=MOST_URL,
            example="https://shop.example/hooks/zemi",
            sentence=Text(
                en="Write the URL in full, such as https://shop.example/hooks/zemi.",
                sw="Andika URL kamili, mfano https://shop.example/hooks/zemi.",
            ),
            **kwargs,
        )


class AlertPhoneField(Value):
    """A Kenyan mobile number; empty: nobody's any more."""

    schema = {
        "oneOf": [*PhoneField.schema["oneOf"], {"type": "string", "const": ""}],
        "examples": ["254712345678", ""],
    }
    _NUMBER = PhoneField()

    def read(self, raw: object) -> Phone | Literal[""]:
        """Read a number, or that there is none."""
        return "" if raw == "" else self._NUMBER.read(raw)


class WebhookEndpointData(Shape):
    """Where a merchant hears of events."""

    id = Shown(_ENDPOINT_ID)
    object = Shown({"type": "string", "const": "webhook_endpoint"})
    livemode = Shown(LIVEMODE)
    url = Shown({"type": "string", "format": "uri"})
    description = Shown({"type": "string"})
    types = Shown({"type": "array", "items": _TYPE, "description": "Empty: every type."})
    enabled = Shown({"type": "boolean"})
    disabled_at = Shown(TIME_OR_NULL)
    disabled_reason = Shown({"type": ["string", "null"], "enum": ["merchant", "gone", "failing", None]})
    failing_since = Shown({**TIME_OR_NULL, "description": "Null while the last delivery worked."})
    old_secret_until = Shown(
        {**TIME_OR_NULL, "description": "Until then the secret before the last rotation signs too."}
    )
    alert_phone_masked = Shown({**MASKED_OR_NULL, "description": "Who is texted when it is given up."})
    created_at = Shown(TIME)
    updated_at = Shown(TIME)


class WebhookSecretData(WebhookEndpointData):
    """An endpoint with its secret, which is there only this once."""

    secret = Shown({"type": "string", "pattern": "^whsec_[A-Za-z0-9+/=]{44}$"})


class WebhookDeliveryData(Shape):
    """What one endpoint is owed for one event, and every try."""

    id = Shown({"type": "string", "pattern": "^wd_[0-9a-f]{32}$"})
    object = Shown({"type": "string", "const": "webhook_delivery"})
    livemode = Shown(LIVEMODE)
    endpoint = Shown(_ENDPOINT_ID)
    event = Shown(_EVENT_ID)
    event_type = Shown(_TYPE)
    status = Shown({"type": "string", "enum": list(STATUSES)})
    next_attempt_at = Shown(TIME_OR_NULL)
    delivered_at = Shown(TIME_OR_NULL)
    failed_at = Shown(TIME_OR_NULL)
    created_at = Shown(TIME)
    attempts = Shown(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "status", "error", "duration_ms", "answer"],
                "properties": {
                    "at": TIME,
                    "status": {"type": ["integer", "null"], "description": "Null when no answer came."},
                    "error": TEXT_OR_NULL,
                    "duration_ms": {"type": "integer"},
                    "answer": {"type": "string", "description": "The first 2 kB."},
                },
            },
        }
    )


class WebhookKeysData(Shape):
    """The public keys of this Zemi. One that no longer signs is there as long as its master key is."""

    keys = Shown(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number", "public_key", "signs"],
                "properties": {
                    "number": {"type": "integer"},
                    "public_key": {"type": "string", "pattern": "^whpk_[A-Za-z0-9+/=]{44}$"},
                    "signs": {"type": "boolean", "description": "Whether it signs now."},
                },
            },
        }
    )


class GetWebhookKeys(Endpoint):
    """Read the public keys that prove the `v1a` signatures (Ed25519) of webhooks, without any secret."""

    access = Anyone()
    tag = "webhooks"
    output = WebhookKeysData

    def get(self, request: Request) -> Response:
        """Read them."""
        return self.answer({"keys": show_public_keys()})


class EventData(Shape):
    """What happened: word for word what webhooks send. Drop what has a lower `sequence` than you know of its object."""

    id = Shown(_EVENT_ID)
    object = Shown({"type": "string", "const": "event"})
    type = Shown(_TYPE)
    timestamp = Shown(TIME)
    livemode = Shown(LIVEMODE)
    api_version = Shown({"type": "string", "examples": [API_VERSION]})
    sequence = Shown({"type": "integer", "description": "Increases with each event of the same object."})
    data = Shown(  # type: ignore[assignment]  # the field of that name, not DRF's property
        {
            "type": "object",
            "required": ["object"],
            "properties": {
                "object": {"type": "object", "description": "The object, as the API shows it."},
                "previous": {"type": "object", "description": "What it was before, where its status moved."},
            },
        }
    )
    request = Shown(
        {
            "type": "object",
            "description": "In which request it happened; nulls where it happened by itself.",
            "properties": {
                "id": TEXT_OR_NULL,
                "idempotency_key_hash": {
                    "type": ["string", "null"],
                    "pattern": "^[0-9a-f]{64}$",
                    "description": "SHA-256, in hex, of the Idempotency-Key that your program sent with it.",
                },
            },
        }
    )


class WebhookView(Endpoint):
    """Of one merchant's endpoints."""

    access = NeedsScope(Scope.WEBHOOKS)
    tag = "webhooks"
    output: ClassVar[type[Shape] | None] = WebhookEndpointData

    def find(self, request: Request, endpoint_id: str) -> WebhookEndpoint:
        """Find the endpoint that the address names.

        :raises WebhookEndpointNotFound: there is none, or it is somebody else's
        """
        return get_endpoint(key_named("we", endpoint_id), merchant_id=merchant_of(request))


class ListWebhookEndpoints(WebhookView):
    """List your endpoints for events. There are at most 16."""

    lists = True

    def get(self, request: Request) -> Response:
        """List them."""
        found = [show_endpoint(endpoint) for endpoint in list_endpoints(merchant_of(request))]
        return self.answer_page(Page(found, None), limit=WebhookEndpoint.MOST)


class CreateEndpointInput(Shape):
    """Where to, and what."""

    url = UrlField()
    types = TypesField(required=False)
    description = TextField(least=0, most=200, required=False, example="orders of the shop")
    alert_phone = PhoneField(required=False, help_text=_ALERT_PHONE)


class CreateWebhookEndpoint(WebhookView):
    """Make an endpoint for events. Its secret is in this answer and nowhere else.

    Everything that happens from now on is sent to it, signed by the Standard Webhooks scheme.
    """

    keys = Keys.REQUIRED
    input = CreateEndpointInput
    output = WebhookSecretData
    statuses = {201: "It was made."}
    errors = (errors.WebhookUrlRefused, errors.EventTypeUnknown, errors.TooManyEndpoints)

    def post(self, request: Request) -> Response:
        """Make it."""
        return self.present(
            create_endpoint(merchant_id=merchant_of(request), **self.read(request), now=clock.now())
        )

    def present(self, result: tuple[WebhookEndpoint, str]) -> Response:
        """Show it with its secret, once."""
        return self.answer(_with_secret(*result), status=201)


class GetWebhookEndpoint(WebhookView):
    """Read an endpoint."""

    errors = (errors.WebhookEndpointNotFound,)

    def get(self, request: Request, endpoint_id: str) -> Response:
        """Read it."""
        return self.answer(show_endpoint(self.find(request, endpoint_id)))


class UpdateEndpointInput(Shape):
    """What is to change; what is left out stays."""

    url = UrlField(required=False)
    types = TypesField(required=False)
    description = TextField(least=0, most=200, required=False, example="orders of the shop")
    enabled = YesNoField(required=False)
    alert_phone = AlertPhoneField(required=False, help_text=f"{_ALERT_PHONE} Empty: nobody is.")


class UpdateWebhookEndpoint(WebhookView):
    """Change an endpoint, switch it off or on. What happened while it was off is sent by a redelivery."""

    input = UpdateEndpointInput
    errors = (errors.WebhookEndpointNotFound, errors.WebhookUrlRefused, errors.EventTypeUnknown)

    def post(self, request: Request, endpoint_id: str) -> Response:
        """Change it."""
        endpoint = update_endpoint(
            key_named("we", endpoint_id),
            merchant_id=merchant_of(request),
            **self.read(request),
            now=clock.now(),
        )
        return self.answer(show_endpoint(endpoint))


class DeletedData(Shape):
    """It is gone."""

    id = Shown(_ENDPOINT_ID)
    deleted = Shown({"type": "boolean", "const": True})


class DeleteWebhookEndpoint(WebhookView):
    """Delete an endpoint: nothing more is sent to it, and its secrets are forgotten."""

    output = DeletedData
    errors = (errors.WebhookEndpointNotFound,)

    def post(self, request: Request, endpoint_id: str) -> Response:
        """Delete it."""
        delete_endpoint(key_named("we", endpoint_id), merchant_id=merchant_of(request), now=clock.now())
        return self.answer({"id": endpoint_id, "deleted": True})


class RotateWebhookSecret(WebhookView):
    """Give an endpoint a new secret, shown only here. For 24 hours the old one signs too, so that nothing is missed."""

    keys = Keys.REQUIRED
    output = WebhookSecretData
    errors = (errors.WebhookEndpointNotFound, errors.WebhookSecretJustRotated)

    def post(self, request: Request, endpoint_id: str) -> Response:
        """Rotate it."""
        return self.present(
            rotate_secret(key_named("we", endpoint_id), merchant_id=merchant_of(request), now=clock.now())
        )

    def present(self, result: tuple[WebhookEndpoint, str]) -> Response:
        """Show the endpoint with its new secret, once."""
        return self.answer(_with_secret(*result))


class PingWebhookEndpoint(WebhookView):
    """Send an endpoint a test event, `webhook_endpoint.ping`."""

    output = WebhookDeliveryData
    statuses = {202: "It is on its way; its delivery says what became of it."}
    errors = (errors.WebhookEndpointNotFound, errors.WebhookEndpointDisabled)

    def post(self, request: Request, endpoint_id: str) -> Response:
        """Send it."""
        delivery = ping(key_named("we", endpoint_id), merchant_id=merchant_of(request), now=clock.now())
        return self.answer(show_delivery(delivery), status=202)


class ListWebhookDeliveries(WebhookView):
    """List what was sent to an endpoint, with every try and what it answered, newest first."""

    lists = True
    query = query_shape("DeliveriesQuery", {**page_fields(), "status": OneOfField(*STATUSES, required=False)})
    output = WebhookDeliveryData
    errors = (errors.WebhookEndpointNotFound, CursorInvalid)

    def get(self, request: Request, endpoint_id: str) -> Response:
        """List them."""
        wish = {"limit": USUAL_LIMIT, **self.read_query(request)}
        return self.answer_page(list_deliveries(self.find(request, endpoint_id), **wish), limit=wish["limit"])


class RedeliverOne(WebhookView):
    """Send one delivery again at once, whatever became of it."""

    output = WebhookDeliveryData
    statuses = {202: "It is on its way."}
    errors = (errors.WebhookEndpointNotFound, errors.WebhookDeliveryNotFound, errors.WebhookEndpointDisabled)

    def post(self, request: Request, endpoint_id: str, delivery_id: str) -> Response:
        """Send it."""
        endpoint = self.find(request, endpoint_id)
        return self.present(redeliver(key_named("wd", delivery_id), endpoint=endpoint, now=clock.now()))

    def present(self, result: WebhookDelivery) -> Response:
        """Show the delivery with its tries."""
        return self.answer(show_delivery(result), status=202)


class RedeliverInput(Shape):
    """The span of time in which it happened: [since, until), 30 days at most."""

    since = TimeField()
    until = TimeField(required=False, help_text="Now, if not said.")
    include_delivered = YesNoField(required=False, help_text="Also what arrived before; false if not said.")


class ReplayData(Shape):
    """What was asked for."""

    endpoint = Shown(_ENDPOINT_ID)
    since = Shown(TIME)
    until = Shown(TIME)
    include_delivered = Shown({"type": "boolean"})
    status = Shown({"type": "string", "const": "queued"})


class Redeliver(WebhookView):
    """Bring a receiver level that was down: all events of a span of time that did not reach it are sent, in order.

    Also what was tried for the last time, and what happened while the endpoint was switched off.
    """

    keys = Keys.REQUIRED
    input = RedeliverInput
    output = ReplayData
    statuses = {202: "They are queued; the list of deliveries says what becomes of them."}
    errors = (errors.WebhookEndpointNotFound, errors.WebhookEndpointDisabled, errors.ReplayTooLong)

    def post(self, request: Request, endpoint_id: str) -> Response:
        """Queue them."""
        given, now = self.read(request), clock.now()
        return self.present(
            ask_replay(
                endpoint=self.find(request, endpoint_id),
                since=given["since"],
                until=given.get("until", now),
                all_again=given.get("include_delivered", False),
                now=now,
            )
        )

    def present(self, result: WebhookReplay) -> Response:
        """Say what was asked for."""
        return self.answer(
            {
                "endpoint": public_id("we", result.endpoint_id),
                "since": stamp(result.since),
                "until": stamp(result.until),
                "include_delivered": result.extent == Extent.ALL,
                "status": "queued",
            },
            status=202,
        )


class ListEvents(Endpoint):
    """List what happened, newest first, in the words in which webhooks tell it."""

    access = NeedsScope(Scope.READ)
    tag = "webhooks"
    lists = True
    query = query_shape(
        "EventsQuery",
        {**page_fields(), **created_fields(), "type": OneOfField(*sorted(PUBLIC), required=False)},
    )
    output = EventData
    errors = (CursorInvalid,)

    def get(self, request: Request) -> Response:
        """List them."""
        given = self.read_query(request)
        wish = EventWish(
            limit=given.get("limit", USUAL_LIMIT),
            cursor=given.get("cursor", ""),
            type=given.get("type", ""),
            created_from=given.get("created[gte]"),
            created_until=given.get("created[lt]"),
        )
        page = list_events(merchant_id=merchant_of(request), wish=wish, now=clock.now())
        return self.answer_page(page, limit=wish.limit)


class GetEvent(Endpoint):
    """Read an event, in the words in which webhooks tell it."""

    access = NeedsScope(Scope.READ)
    tag = "webhooks"
    output = EventData
    errors = (ObjectNotFound,)

    def get(self, request: Request, event_id: str) -> Response:
        """Read it."""
        return self.answer(read_event(event_id, merchant_id=merchant_of(request), now=clock.now()))


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> dict[str, Any]:
    return {**show_endpoint(endpoint), "secret": secret}
