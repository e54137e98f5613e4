"""Africa's Talking's text messages, thin and typed (DARAJA 9.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from zemi.common import http_client
from zemi.common.http_client import Answer, NoAnswer, NotSent
from zemi.common.phone import Phone
from zemi.providers import wire
from zemi.providers.base import Accepted, Reason, Refused, Unknown, UnreadableCallback

_PATH = "/version1/messaging"
_ACCEPTED = frozenset({"100", "101", "102"})
_HTTP_REFUSALS = {401: Reason.CREDENTIALS, 403: Reason.CREDENTIALS, 429: Reason.BUSY}

# A recipient's statusCode; HTTP 201 can still carry a refused one.
REFUSALS: Mapping[str, Reason] = MappingProxyType(
    {
        "401": Reason.OTHER,  # RiskHold
        "402": Reason.INVALID_REQUEST,  # InvalidSenderId
        "403": Reason.PAYEE_INVALID,  # InvalidPhoneNumber
        "404": Reason.PAYEE_INVALID,  # UnsupportedNumberType
        "405": Reason.FLOAT_LOW,  # InsufficientBalance: ours, and delivery codes stop until it is topped up
        "406": Reason.OTHER,  # UserInBlacklist
        "407": Reason.OTHER,  # CouldNotRoute
        "409": Reason.OTHER,  # DoNotDisturbRejection
        "500": Reason.BUSY,  # InternalServerError
        "501": Reason.BUSY,  # GatewayError
        "502": Reason.OTHER,  # RejectedByGateway
    }
)


@dataclass(frozen=True, slots=True)
class AfricasTalkingConfig:
    """What Africa's Talking knows us by; without a sender id it uses one of its own."""

    base_url: str
    username: str
    api_key: str = field(repr=False)
    sender_id: str = ""


class AfricasTalking:
    """Africa's Talking as a provider of text messages."""

    name = "africastalking"

    def __init__(self, config: AfricasTalkingConfig) -> None:
        self._config = config

    def send_text(self, *, to: Phone, text: str) -> Accepted | Refused | Unknown:
        """Send one message, once. There is no key against doubles: Unknown was possibly sent."""
        form = {"username": self._config.username, "to": to.e164, "message": text, "bulkSMSMode": "1"}
        if self._config.sender_id:
            form["from"] = self._config.sender_id
        try:
            answer = http_client.send(
                "POST",
                self._config.base_url.rstrip("/") + _PATH,
                headers={"apiKey": self._config.api_key, "Accept": "application/json"},
                form=form,
            )
        except NotSent as problem:
            return Refused(Reason.NOT_SENT, text=str(problem))
        except NoAnswer as problem:
            return Unknown(text=str(problem))
        return read_answer(answer)


def read_answer(answer: Answer) -> Accepted | Refused | Unknown:
    """Read what became of the one recipient of a message."""
    status = f"http_{answer.status}"
    if 400 <= answer.status < 500:
        return Refused(_HTTP_REFUSALS.get(answer.status, Reason.INVALID_REQUEST), status)
    if answer.status not in {200, 201}:
        return Unknown(status, "no answer to rely on")
    try:
        data = wire.child(wire.read_object(answer.body), "SMSMessageData")
        if data.get("Recipients") == []:
            # Refused as a whole; the reason is in the sentence, such as "InvalidSenderId".
            return Refused(Reason.INVALID_REQUEST, status, wire.words(data, "Message"))
        return _read_recipient(data)
    except UnreadableCallback as problem:
        return Unknown(status, f"unreadable answer: {problem}")


def _read_recipient(data: Mapping[str, object]) -> Accepted | Refused | Unknown:
    recipients = data.get("Recipients")
    if not isinstance(recipients, list) or len(recipients) != 1 or not isinstance(recipients[0], dict):
        raise UnreadableCallback("not exactly one recipient")
    recipient = recipients[0]
    code, text = wire.code(recipient, "statusCode"), wire.words(recipient, "status")
    if code in _ACCEPTED:
        message_id = wire.identifier(recipient, "messageId")
        return Accepted(code, text, "" if message_id == "None" else message_id)
    if code in REFUSALS:
        return Refused(REFUSALS[code], code, text)
    return Unknown(code, text)
