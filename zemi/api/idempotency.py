"""Idempotency keys over HTTP: which requests are the same, and what of an answer is kept (DOMAIN 4.1)."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from zemi.api.auth import caller, holder_of, key_of
from zemi.common import crypto
from zemi.common.keyed import note_key
from zemi.idempotency import answers
from zemi.idempotency.answers import Claim, Kept
from zemi.idempotency.errors import KeyInvalid, KeyMissing
from zemi.web.requests import REQUEST_ID

HEADER = "Idempotency-Key"
# Decided after the act began: of what was wrong with the request itself, or with us, nothing is kept.
_KEPT = frozenset({402, 409, 422, 423})
_KEY = r"[!-~](?:[ -~]{0,253}[!-~])?"
_FORM = re.compile(_KEY, re.ASCII)
KEY_PATTERN = f"^{_KEY}$"


class Keys(Enum):
    """What an endpoint does with the header."""

    NONE = "not looked at: a provider calls, or nothing is changed"
    OPTIONAL = "what the seed has, and what does no harm when it is done twice"
    REQUIRED = "what moves money or power"


class Answered(Exception):
    """The request was answered before: the endpoint is not run again."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("answered before")
        self.response = response


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps the answer to one request that carried a key."""

    claim: Claim

    def keep_with_effect(self, response: HttpResponse, secret_of: UUID | None) -> None:
        """Keep it in the transaction that is open."""
        answers.keep_with_effect(
            self.claim, status=response.status_code, body=_packed(response), secret_of=secret_of
        )

    def settle(self, response: HttpResponse, secret_of: UUID | None) -> None:
        """Keep it, where nothing was kept with the effect; or free the key for another try."""
        status = response.status_code
        if 200 <= status < 300 or status in _KEPT:
            answers.keep(self.claim, status=status, body=_packed(response), secret_of=secret_of)
        else:
            answers.give_up(self.claim)


def begin(
    request: Request,
    *,
    keys: Keys,
    moves_money: bool,
    tells_key: bool = False,
    body: Callable[[], object],
    now: datetime,
) -> Keeper | None:
    """Claim the request's key; None when it carries none. The caller has been let in already: that comes first.

    `body` reads what came: a mapping, or bytes. It is asked only when there is a key. With `tells_key` the answer shows
    an API key, which a key of the same merchant that may do less must not be shown again.

    :raises KeyMissing, KeyInvalid: there is none where one is needed, or none that can be read
    :raises KeyReused, InProgress, AnswerGone: the key is taken
    :raises Answered: the request was answered before; the answer is in it
    """
    header = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        if keys is Keys.REQUIRED:
            raise KeyMissing
        return None
    key = _read(header)
    if key_of(request) is not None:
        # What people's own requests carry is no merchant's business.
        note_key(key)
    found = answers.begin(
        # One stranger's key is not another's.
        account=caller(request),
        key=key,
        fingerprint=_fingerprint(request, body(), scopes=holder_of(request).scopes if tells_key else ()),
        request_id=str(request.META.get(REQUEST_ID, "")),
        life=answers.MONEY_LIFE if moves_money else answers.LIFE,
        now=now,
    )
    if isinstance(found, Kept):
        raise Answered(_replay(found, now=now))
    return Keeper(found)


def _read(header: str) -> str:
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _FORM.fullmatch(key):
        raise KeyInvalid
    return key


def _fingerprint(request: Request, body: object, *, scopes: Iterable[str]) -> bytes:
    match = request.resolver_match
    said: dict[str, Any] = {
        "method": request.method,
        "route": match.route if match is not None else "",
        "arguments": match.kwargs if match is not None else {},
        "version": request.version or "",
        "body": body if isinstance(body, Mapping) else bytes(body).hex() if isinstance(body, bytes) else "",
    }
    if scopes:
        said["scopes"] = sorted(scopes)
    # Keyed, since a body may be guessed from a plain hash: phones are few.
    return crypto.blind_index("idempotency-fingerprint", json.dumps(said, sort_keys=True, default=str))


def _packed(response: HttpResponse) -> str:
    """Type and body, one line after the other; behind the type, when a refusal said how long to wait, for how long."""
    wait_s = response.headers.get("Retry-After")
    head = response.headers["Content-Type"] + (f"\t{wait_s}" if wait_s is not None else "")
    return f"{head}\n{response.content.decode()}"


def _replay(kept: Kept, *, now: datetime) -> HttpResponse:
    head, _, body = kept.body.partition("\n")
    content_type, _, wait_s = head.partition("\t")
    headers: dict[str, Any] = {
        "Cache-Control": "no-store",
        "Idempotent-Replayed": "true",
        "Original-Request-Id": kept.request_id,
    }
    if wait_s:
        # Of the wait some is over by now.
        headers["Retry-After"] = max(0, int(wait_s) - int((now - kept.asked_at).total_seconds()))
    return HttpResponse(body.encode(), status=kept.status, content_type=content_type, headers=headers)
