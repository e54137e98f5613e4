"""From refusals to HTTP: one table of statuses, one shape of body, two languages (DOMAIN 4.2, DESIGN 7)."""

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework.response import Response

from zemi.common.errors import InvalidInput, Kind, ZemiError
from zemi.common.logs import log
from zemi.common.texts import Text
from zemi.web import status as web_status
from zemi.web.requests import ERROR_CODE, REQUEST_ID, accepted, language_of


class ApiError(ZemiError):
    """A refusal by the interface itself, before the domain is asked."""

    http_status: ClassVar[int] = 400


class InvalidJson(ApiError):
    """The body is not JSON at all."""

    code = "invalid_json"
    kind = Kind.VALIDATION
    text = Text(en="The body is not valid JSON.", sw="Mwili wa ombi si JSON sahihi.")
    next_step = Text(
        en="Send one JSON object, as RFC 8259 defines it. Nothing was changed.",
        sw="Tuma kitu kimoja cha JSON, kama RFC 8259 inavyoeleza. Hakuna kilichobadilishwa.",
    )


class NotUtf8(ApiError):
    """The body is in another encoding."""

    code = "json_not_utf8"
    kind = Kind.VALIDATION
    text = Text(en="The body is not UTF-8 text.", sw="Mwili wa ombi si maandishi ya UTF-8.")
    next_step = Text(en="Encode the body as UTF-8.", sw="Andika mwili wa ombi kwa UTF-8.")


class NotAnObject(ApiError):
    """The body is a list, a text, a number: not an object."""

    code = "json_not_an_object"
    kind = Kind.VALIDATION
    text = Text(
        en="The body must be a JSON object: names and values in braces.",
        sw="Mwili wa ombi lazima uwe kitu cha JSON: majina na thamani ndani ya mabano ya mawimbi.",
    )
    next_step = Text(
        en='Send an object, such as {{"amount": 1500}}.', sw='Tuma kitu cha JSON, mfano {{"amount": 1500}}.'
    )


class TooDeep(ApiError):
    """Brackets within brackets."""

    code = "json_too_deep"
    kind = Kind.VALIDATION
    text = Text(
        en="The JSON is nested more than 16 levels deep.",
        sw="JSON imepangwa ndani kwa ndani zaidi ya ngazi 16.",
    )
    next_step = Text(en="Send a flatter object.", sw="Tuma kitu chenye ngazi zisizozidi 16.")


class DuplicateField(ApiError):
    """One object has the same name twice: which one counts would be a guess."""

    code = "json_duplicate_field"
    kind = Kind.VALIDATION
    text = Text(
        en="The same field stands twice in one JSON object.",
        sw="Sehemu moja imeandikwa mara mbili kwenye JSON.",
    )
    next_step = Text(en="Send each field once.", sw="Tuma kila sehemu mara moja.")


class NumberTooLong(ApiError):
    """A number that no field can hold."""

    code = "json_number_too_long"
    kind = Kind.VALIDATION
    text = Text(
        en="A number in the body has more than 40 characters.",
        sw="Namba moja kwenye ombi ina herufi zaidi ya 40.",
    )
    next_step = Text(
        en="Send fewer digits, or the value as text.",
        sw="Tuma tarakimu zisizozidi 40, au thamani kama maandishi.",
    )


class NotANumber(ApiError):
    """NaN and Infinity are not JSON."""

    code = "json_not_a_number"
    kind = Kind.VALIDATION
    text = Text(en="NaN and Infinity are not JSON numbers.", sw="NaN na Infinity si namba za JSON.")
    next_step = Text(en="Leave the field out, or send a number.", sw="Acha sehemu hiyo, au tuma namba.")


class UnusableText(ApiError):
    """A text that no database can keep."""

    code = "json_unusable_text"
    kind = Kind.VALIDATION
    text = Text(
        en="A text in the body holds a NUL or half of a surrogate pair.",
        sw="Maandishi kwenye ombi yana NUL au nusu ya jozi ya surrogate.",
    )
    next_step = Text(en="Take these characters out of the text.", sw="Ondoa herufi hizo kwenye maandishi.")


class BodyTooLarge(ApiError):
    """More than 64 KiB, many times what any endpoint needs."""

    code = "body_too_large"
    kind = Kind.VALIDATION
    http_status = 413
    text = Text(en="The body is larger than 64 KiB.", sw="Mwili wa ombi umezidi KiB 64.")
    next_step = Text(
        en="Send less: no request needs that much.", sw="Tuma kidogo: hakuna ombi linalohitaji kiasi hicho."
    )


class BadRequest(ApiError):
    """The request itself is broken."""

    code = "bad_request"
    kind = Kind.VALIDATION
    text = Text(en="The request could not be read.", sw="Ombi halikuweza kusomwa.")
    next_step = Text(
        en="Look at the address, the headers and the encoding of the body.",
        sw="Angalia anwani, vichwa na usimbaji wa mwili wa ombi.",
    )


class VersionUnknown(ApiError):
    """The header Zemi-Version names no version."""

    code = "version_unknown"
    kind = Kind.VALIDATION
    text = Text(
        en="There is no such version of the API; there are: {known}.",
        sw="Hakuna toleo kama hilo la API; yaliyopo: {known}.",
    )
    next_step = Text(
        en="Send a version that is named there, or leave out the header Zemi-Version.",
        sw="Tuma toleo lililotajwa hapo, au acha kichwa Zemi-Version.",
    )
    example = {"known": "2026-11-01"}


class UnsupportedMediaType(ApiError):
    """Something other than JSON."""

    code = "unsupported_media_type"
    kind = Kind.VALIDATION
    http_status = 415
    text = Text(
        en="Send the body as JSON, with the header Content-Type: application/json.",
        sw="Tuma mwili wa ombi kama JSON, na kichwa Content-Type: application/json.",
    )
    next_step = Text(en="Set that header, and send JSON.", sw="Weka kichwa hicho, na utume JSON.")


class NotAcceptable(ApiError):
    """An answer is wanted in a form that there is none in."""

    code = "not_acceptable"
    kind = Kind.VALIDATION
    http_status = 406
    text = Text(
        en="Answers are JSON: accept application/json.", sw="Majibu ni JSON: kubali application/json."
    )
    next_step = Text(
        en="Send Accept: application/json, or none.", sw="Tuma Accept: application/json, au usitume kabisa."
    )


class MethodNotAllowed(ApiError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    kind = Kind.VALIDATION
    http_status = 405
    text = Text(
        en="This address does not take that HTTP method; the header Allow names those that it takes.",
        sw="Anwani hii haipokei njia hiyo ya HTTP; kichwa Allow kinataja zinazokubalika.",
    )
    next_step = Text(en="Use a method from the header Allow.", sw="Tumia njia iliyo kwenye kichwa Allow.")


class AddressNotFound(ApiError):
    """No such address here."""

    code = "not_found"
    kind = Kind.NOT_FOUND
    http_status = 404
    text = Text(en="There is nothing at this address.", sw="Hakuna kitu kwenye anwani hii.")
    next_step = Text(en="See /docs for every address.", sw="Tazama /docs kwa anwani zote.")


class ApiKeyRequired(ApiError):
    """The act needs a merchant's key."""

    code = "api_key_required"
    kind = Kind.AUTHENTICATION
    http_status = 401
    text = Text(
        en="This needs an API key: send the header Authorization: Bearer zk_...",
        sw="Hii inahitaji ufunguo wa API: tuma kichwa Authorization: Bearer zk_...",
    )
    next_step = Text(
        en="Send a key; in the sandbox `zemi api-key create` makes one.",
        sw="Tuma ufunguo; kwenye majaribio `zemi api-key create` hutengeneza mmoja.",
    )


class ApiKeyInvalid(ApiError):
    """The key is unknown, expired, revoked, of the other mode, or no key at all; which is not said."""

    code = "api_key_invalid"
    kind = Kind.AUTHENTICATION
    http_status = 401
    text = Text(en="The API key is not valid.", sw="Ufunguo wa API si sahihi.")
    next_step = Text(
        en="Check that the key is whole, valid and of this mode, or leave out the header Authorization.",
        sw="Hakikisha ufunguo ni kamili, haujaisha muda, na ni wa mfumo huu; au ondoa kichwa Authorization.",
    )


class SignInRequired(ApiError):
    """Only for somebody who has proved a phone."""

    code = "sign_in_required"
    kind = Kind.AUTHENTICATION
    http_status = 401
    text = Text(
        en="Say who you are: send the header Authorization: Bearer zs_... of your phone, or zk_... where merchants may.",
        sw="Sema wewe ni nani: tuma Authorization: Bearer zs_... ya simu yako, au zk_... panaporuhusiwa wafanyabiashara.",
    )
    next_step = Text(
        en="With a phone: ask for a one-time code (purpose sign_in) and exchange it at POST /api/v1/sessions. Merchants"
        " send their API key.",
        sw="Kwa simu: omba namba ya mara moja (kusudi sign_in) na uibadilishe kwenye POST /api/v1/sessions."
        " Wafanyabiashara hutuma ufunguo wao wa API.",
    )


class SessionInvalid(ApiError):
    """The session's token is unknown, or the session is over; which is not said."""

    code = "session_invalid"
    kind = Kind.AUTHENTICATION
    http_status = 401
    text = Text(en="You are not signed in any more.", sw="Muda wako wa kuingia umekwisha.")
    next_step = Text(
        en="Sign in again with a new one-time code, or leave out the header Authorization.",
        sw="Ingia tena kwa namba mpya ya mara moja, au ondoa kichwa Authorization.",
    )


class ScopeMissing(ApiError):
    """The key is good, but not for this."""

    code = "scope_missing"
    kind = Kind.PERMISSION
    http_status = 403
    text = Text(
        en="The API key does not have the scope {scope}.", sw="Ufunguo wa API hauna ruhusa ya {scope}."
    )
    next_step = Text(en="Use a key with the scope {scope}.", sw="Tumia ufunguo wenye ruhusa ya {scope}.")
    example = {"scope": "payouts"}


class Forbidden(ApiError):
    """Not allowed, whoever asks."""

    code = "forbidden"
    kind = Kind.PERMISSION
    http_status = 403
    text = Text(en="This is not allowed.", sw="Hii hairuhusiwi.")
    next_step = Text(en="Use an account that may do this.", sw="Tumia akaunti yenye ruhusa.")


class TemporarilyUnavailable(ApiError):
    """The database did not answer in time. At a commit that is an unknown outcome: the caller has to look."""

    code = "temporarily_unavailable"
    kind = Kind.INTERNAL
    http_status = 503
    text = Text(
        en="We are too busy right now and cannot say whether this was done.",
        sw="Tuna shughuli nyingi sasa na hatuwezi kusema kama hili limefanyika.",
    )
    next_step = Text(
        en="GET the order and look before you repeat this.", sw="Soma oda kwanza kabla ya kurudia ombi hili."
    )
    retryable = True


class InternalError(ApiError):
    """A fault of ours."""

    code = "internal_error"
    kind = Kind.INTERNAL
    http_status = 500
    text = Text(
        en="Something went wrong on our side. We have been told.",
        sw="Hitilafu imetokea upande wetu. Tumejulishwa.",
    )
    next_step = Text(
        en="GET the order and look before you repeat this; quote the request_id when you ask us.",
        sw="Soma oda kwanza kabla ya kurudia; taja request_id unapotuuliza.",
    )


# More special classes first: the first that fits is taken.
_TRANSLATIONS: tuple[tuple[type[Exception], type[ApiError]], ...] = (
    (drf.ParseError, InvalidJson),
    (drf.NotAuthenticated, ApiKeyRequired),
    (drf.AuthenticationFailed, ApiKeyInvalid),
    (drf.PermissionDenied, Forbidden),
    (drf.NotFound, AddressNotFound),
    (drf.MethodNotAllowed, MethodNotAllowed),
    (drf.NotAcceptable, NotAcceptable),
    (drf.UnsupportedMediaType, UnsupportedMediaType),
    (Http404, AddressNotFound),
    (PermissionDenied, Forbidden),
    (RequestDataTooBig, BodyTooLarge),
    (SuspiciousOperation, BadRequest),
    (UnreadablePostError, BadRequest),
)


def status_of(error: ZemiError | type[ZemiError]) -> int:
    """The HTTP status of a refusal, or of a class of them."""
    kind = error if isinstance(error, type) else type(error)
    return kind.http_status if issubclass(kind, ApiError) else web_status.status_of(kind)


def _wants_problem(request: HttpRequest) -> bool:
    """Whether `Accept` names RFC 9457's media type; who only takes anything gets the body of old."""
    wanted = accepted(request.META.get("HTTP_ACCEPT", ""))
    return any(name == "application/problem+json" and weight > 0 for name, weight in wanted)


def doc_url_of(error: ZemiError | type[ZemiError]) -> str:
    """Where the refusal is explained."""
    return f"/docs/errors#{error.code}"


def details_of(error: ZemiError, language: str) -> dict[str, Any]:
    """The facts of a refusal: its type, what is known, what to do next, and the fields that are wrong."""
    details: dict[str, Any] = {"type": str(error.kind)}
    details |= {name: _plain(value) for name, value in error.facts.items()}
    details["retryable"] = error.retryable
    details["next_step"] = error.advice(language)
    if isinstance(error, InvalidInput):
        details["errors"] = [
            {"field": problem.field, "code": problem.code, "message": problem.text.render(language)}
            for problem in error.problems
        ]
    return details


def body_of(error: ZemiError, *, language: str, request_id: str) -> dict[str, Any]:
    """The body that the seed's clients read, with `error` as a sentence (DOMAIN 4.2)."""
    return {
        "success": False,
        "error": error.sentence(language),
        "code": error.code,
        "details": details_of(error, language),
        "doc_url": doc_url_of(error),
        "request_id": request_id,
    }


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any exception of a view: DRF's single exception handler."""
    request: Request = context["request"]
    error = _translate(exc, request._request)
    status, headers, content_type, body = _answer(error, request._request)
    return Response(body, status=status, headers=headers, content_type=content_type)


def json_answer(request: HttpRequest, error: ZemiError) -> HttpResponse:
    """Answer a refusal outside of DRF, in the same shape."""
    status, headers, content_type, body = _answer(error, request)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(content, status=status, headers=headers, content_type=content_type)


def not_found(request: HttpRequest) -> HttpResponse:
    """Nothing is at that address."""
    return json_answer(request, AddressNotFound())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django could not read the request."""
    return json_answer(request, _translate(exception, request))


def permission_denied(request: HttpRequest) -> HttpResponse:
    """Django refused it."""
    return json_answer(request, Forbidden())


def server_error(request: HttpRequest) -> HttpResponse:
    """It failed; the exception is logged by Django itself."""
    return json_answer(request, InternalError())


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, and not a person."""
    return request.path.startswith(("/api", "/hooks"))


def _translate(exc: Exception, request: HttpRequest) -> ZemiError:
    if isinstance(exc, ZemiError):
        return exc
    for raised, error in _TRANSLATIONS:
        if isinstance(exc, raised):
            return error()
    _log_unhandled(exc)
    # Error trackers and Django's test client listen to this, as for any view that fails.
    got_request_exception.send(sender=None, request=request)
    if isinstance(exc, OperationalError | InterfaceError):
        return TemporarilyUnavailable(retry_after_s=2)
    return InternalError()


def _log_unhandled(exc: Exception) -> None:
    # The first line only: the second of a database's message shows the row. No locals: they hold phones.
    first_line = next(iter(str(exc).splitlines()), "")[:300]
    where = "".join(traceback.format_tb(exc.__traceback__))
    log.error("request.failed", error=type(exc).__qualname__, message=first_line, where=where)


def _answer(error: ZemiError, request: HttpRequest) -> tuple[int, dict[str, str], str, dict[str, Any]]:
    status = status_of(error)
    language = language_of(request)
    request_id = str(request.META.get(REQUEST_ID, ""))
    request.META[ERROR_CODE] = error.code
    headers = {"Content-Language": language, "Vary": "Accept, Accept-Language", "Cache-Control": "no-store"}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="zemi"'

    body = body_of(error, language=language, request_id=request_id)
    if not _wants_problem(request):
        return status, headers, "application/json", body
    problem = {
        "type": _absolute(request, doc_url_of(error)),
        # RFC 9457, 3.1.3: the same for every occurrence of a type, and the type is the code.
        "title": error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": body["error"],
        "instance": request.get_full_path(),
        "code": error.code,
        "details": body["details"],
        "request_id": request_id,
    }
    return status, headers, "application/problem+json", problem


def _absolute(request: HttpRequest, url: str) -> str:
    try:
        return request.build_absolute_uri(url)
    except DisallowedHost:
        return url


def _plain(value: Any) -> Any:
    """What JSON can say of a fact; what it can't (money, keys) is said as the text that it prints as."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)
