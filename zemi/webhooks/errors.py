"""What is refused about merchants' endpoints."""

from zemi.common.errors import Kind, ZemiError
from zemi.common.texts import Text


class WebhookEndpointNotFound(ZemiError):
    """No such endpoint, or not one of the caller's: the answer is the same."""

    code = "webhook_endpoint_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no webhook endpoint with this id.", sw="Hakuna webhook yenye id hii.")
    next_step = Text(en="List your endpoints.", sw="Orodhesha webhook zako.")


class WebhookDeliveryNotFound(ZemiError):
    """No such delivery, or not one of this endpoint's."""

    code = "webhook_delivery_not_found"
    kind = Kind.NOT_FOUND
    text = Text(en="There is no delivery with this id.", sw="Hakuna utumaji wenye id hii.")
    next_step = Text(en="List the endpoint's deliveries.", sw="Orodhesha utumaji wa webhook hii.")


class WebhookUrlRefused(ZemiError):
    """The URL can't be a receiver's: it is malformed, not https, or on a port that is not allowed."""

    code = "webhook_url_refused"
    kind = Kind.VALIDATION
    text = Text(
        en="This URL cannot receive events: {reason}. Nothing was changed.",
        sw="URL hii haiwezi kupokea matukio: {reason}. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Give an https URL on the public internet; in the sandbox http://localhost works too.",
        sw="Tumia URL ya https iliyo kwenye mtandao wa umma; kwenye sandbox http://localhost pia inakubalika.",
    )
    example = {"reason": Text(en="it must start with https://", sw="lazima ianze na https://")}

    def __init__(self, *, reason: Text) -> None:
        # Programs read the reason in English.
        super().__init__(reason=reason.en)
        self.reason = reason

    def sentence(self, language: str = "en") -> str:
        """Say it with the reason in the same language."""
        return self.text.render(language, reason=self.reason.render(language))


class EventTypeUnknown(ZemiError):
    """A filter names a type that merchants are never sent."""

    code = "event_type_unknown"
    kind = Kind.VALIDATION
    text = Text(
        en="There is no event type {event_type}. Nothing was changed.",
        sw="Hakuna aina ya tukio {event_type}. Hakuna kilichobadilishwa.",
    )
    next_step = Text(
        en="Use types from the list of events, such as order.paid.",
        sw="Tumia aina zilizo kwenye orodha ya matukio, mfano order.paid.",
    )
    example = {"event_type": "order.bought"}


class TooManyEndpoints(ZemiError):
    """A merchant has as many endpoints as it may have."""

    code = "too_many_webhook_endpoints"
    kind = Kind.STATE
    text = Text(
        en="You have {most} webhook endpoints, which is the most. None was made.",
        sw="Una webhook {most}, ambazo ni nyingi zaidi zinazoruhusiwa. Hakuna iliyotengenezwa.",
    )
    next_step = Text(en="Delete one that you do not need.", sw="Futa moja usiyoihitaji.")
    example = {"most": 16}


class WebhookSecretJustRotated(ZemiError):
    """Two rotations at once: the one that came second gets no secret."""

    code = "webhook_secret_just_rotated"
    kind = Kind.STATE
    text = Text(
        en="Another request has just rotated this endpoint's secret. This one changed nothing.",
        sw="Ombi jingine limebadilisha siri ya webhook hii sasa hivi. Ombi hili halikubadilisha kitu.",
    )
    next_step = Text(
        en="Use the secret that the other request was answered, or rotate again.",
        sw="Tumia siri iliyotolewa kwa ombi lile jingine, au ibadilishe tena.",
    )


class WebhookEndpointDisabled(ZemiError):
    """Nothing is sent to an endpoint that is disabled."""

    code = "webhook_endpoint_is_disabled"
    kind = Kind.STATE
    text = Text(
        en="This webhook endpoint is disabled: nothing is sent to it.",
        sw="Webhook hii imezimwa: hakuna kinachotumwa kwake.",
    )
    next_step = Text(
        en="Enable it (enabled: true), then ask again.", sw="Iwashe (enabled: true), kisha uombe tena."
    )


class ReplayTooLong(ZemiError):
    """A redelivery is asked for a span that is empty or longer than is kept for it."""

    code = "redelivery_span_refused"
    kind = Kind.VALIDATION
    text = Text(
        en="Events are redelivered for a span of at most {days} days that begins before it ends.",
        sw="Matukio hutumwa tena kwa muda wa siku {days} zaidi, unaoanza kabla ya kuisha.",
    )
    next_step = Text(en="Ask for a shorter span, several times.", sw="Omba muda mfupi zaidi, mara kadhaa.")
    example = {"days": 30}
