"""Callbacks of M-Pesa: stored raw, answered at once, handled by the worker (SAFETY 4.5). Never throttled."""

from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.request import Request

from zemi.api.auth import Anyone
from zemi.api.endpoint import Endpoint
from zemi.api.idempotency import Keys
from zemi.common import clock
from zemi.web.requests import client_address
from zemi.webhooks import inbox, tokens
from zemi.webhooks.tokens import CallbackKind

_ACCEPTED = {"ResultCode": 0, "ResultDesc": "Accepted"}


class MpesaCallback(Endpoint):
    """Take a callback of an STK push, at the seed's own address.

    Anybody can send here, so what comes is a hint: it counts only if its checkout id is known and M-Pesa,
    when asked, says the same.
    """

    access = Anyone()
    keys = Keys.NONE
    has_toll = False
    authentication_classes = ()
    is_versioned = False
    tag = "webhooks"
    statuses = {200: "Stored."}
    answer_schema = {
        "type": "object",
        "required": ["ResultCode", "ResultDesc"],
        "properties": {"ResultCode": {"type": "integer", "const": 0}, "ResultDesc": {"type": "string"}},
    }

    def post(self, request: Request) -> HttpResponse:
        """Store it."""
        return self._stored(request, CallbackKind.STK.webhook_type, None)

    def _stored(self, request: Request, webhook_type: str, subject_id: UUID | None) -> HttpResponse:
        inbox.receive(
            webhook_type=webhook_type,
            provider="mpesa",
            body=request._request.body,
            content_type=_printable(request.META.get("CONTENT_TYPE", "")),
            user_agent=_printable(request.META.get("HTTP_USER_AGENT", "")),
            source_address=client_address(request._request),
            subject_id=subject_id,
            now=clock.now(),
        )
        return self.answer_bare(_ACCEPTED)


class SecretCallback(MpesaCallback):
    """Take a callback at the address that was made for one attempt and told to nobody but M-Pesa."""

    def post(self, request: Request, token: str) -> HttpResponse:  # type: ignore[override]
        """Store it, if the address is one of ours."""
        proof = tokens.read(token)
        if proof is None:
            raise Http404
        return self._stored(request, proof.kind.webhook_type, proof.subject_id)


def _printable(header: str) -> str:
    """A header that any database can keep: it comes from anybody."""
    return "".join(character for character in header if character.isascii() and character.isprintable())
