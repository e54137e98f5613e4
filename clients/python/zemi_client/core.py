"""One conversation about one call, without any input or output of its own: what to send, when to try again, what the
answer means. `Zemi` and `AsyncZemi` only carry out what it says."""

import json
import random
import types
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import quote

from zemi_client.errors import NoAnswer, NotSent, Refused, ZemiClientError, refusal

T = TypeVar("T")
# What an amount may be given as: never a float, which can't hold 0.10.
Amount = str | int | Decimal

# What an answer says of the gateway between, not of the request: it may have been carried out.
_GATEWAY = frozenset({502, 503, 504})
_IN_PROGRESS = "idempotency_in_progress"
# What reading JSON of another shape raises; of a Decimal that is none, decimal.InvalidOperation.
_UNREADABLE = (ValueError, KeyError, TypeError, ArithmeticError)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of many; `next_cursor` leads to those that come after them, and is None at the end."""

    items: list[T]
    next_cursor: str | None
    total: int | None = None


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One call of one operation. `returns` is the model of its answer; `is_list`: of each item in it."""

    method: str
    path: str
    returns: type[Any]
    is_list: bool = False
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotency_key: str | None = None

    @property
    def may_be_repeated(self) -> bool:
        """Whether sending it twice does what sending it once does: reading, or anything with an idempotency key."""
        return self.method == "GET" or self.idempotency_key is not None


def segment(value: str) -> str:
    """Write a value as one segment of a path: a reference that a stranger typed can't lead to another address.

    :raises ValueError: it is empty, "." or "..", which no escaping keeps in its place
    """
    if value in {"", ".", ".."}:
        raise ValueError(f"{value!r} can't be part of a path")
    return quote(value, safe="")


@dataclass(frozen=True, slots=True)
class Config:
    """How to reach Zemi. `tries` counts the first one; `longest_wait_s` is the most that one pause may last."""

    base_url: str
    api_key: str | None = None
    language: str = "en"
    version: str | None = None
    tries: int = 3
    longest_wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send this request, and come back with an `Answer`, a `NotSent` or a `NoAnswer`."""

    method: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


Step = Send | Wait
Heard = Answer | NotSent | NoAnswer | None


def converse(call: Call[T], config: Config) -> Generator[Step, Heard, T]:
    """Say step by step what to do; what it returns is the answer to the call.

    Tried again are: what was never sent; what was refused for its rate, since it was not begun; and, only where repeating
    is safe, what got no answer, a gateway's error, or is still in progress. A call that moves money and has no
    idempotency key is never sent twice.

    :raises ZemiClientError: Zemi refused it, or it isn't known whether it arrived
    """
    request = _request(call, config)
    for number in range(1, config.tries + 1):
        heard = yield request
        if isinstance(heard, Answer):
            if 200 <= heard.status < 300:
                return _read_answer(call, heard)
            problem: ZemiClientError = _read_refusal(heard)
        elif isinstance(heard, NotSent | NoAnswer):
            problem = heard
        else:
            raise TypeError("a request was to be sent")
        pause_s = _pause(call, problem, number)
        if pause_s is None or pause_s > config.longest_wait_s or number == config.tries:
            raise problem
        yield Wait(pause_s)
    raise ValueError("tries is 1 or more")


def _pause(call: Call[Any], problem: ZemiClientError, number: int) -> float | None:
    """How long to wait before the next try; None when there must be none."""
    # Everybody comes back at another moment (equal jitter): 0.25 to 0.5 s, 0.5 to 1 s, 1 to 2 s ...
    backoff_s: float = 0.5 * 2 ** (number - 1) * random.uniform(0.5, 1)  # noqa: S311 (nothing secret)
    if isinstance(problem, NotSent):
        return backoff_s
    if isinstance(problem, NoAnswer):
        return backoff_s if call.may_be_repeated else None
    if not isinstance(problem, Refused):
        return None
    if problem.status == 429:
        # Not begun: refused before anything was done.
        return _told(problem) or backoff_s
    if problem.status in _GATEWAY or problem.code == _IN_PROGRESS:
        return (_told(problem) or backoff_s) if call.may_be_repeated else None
    return None


def _told(refused: Refused) -> float | None:
    """As long as Retry-After says, and up to a second more: those who were told the same don't come back as one."""
    if not refused.retry_after_s:
        return None
    return refused.retry_after_s + random.uniform(0, 1)  # noqa: S311 (nothing secret)


def _request(call: Call[Any], config: Config) -> Send:
    headers = {
        "Accept": "application/json",
        "Accept-Language": config.language,
        "User-Agent": "zemi-client/0.1",
    }
    if config.api_key is not None:
        headers["Authorization"] = f"Bearer {config.api_key}"
    if config.version is not None:
        headers["Zemi-Version"] = config.version
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = call.idempotency_key
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        given = {name: value for name, value in call.body.items() if value is not None}
        content = json.dumps(given, default=_plain).encode()
    query = {name: str(value) for name, value in call.query.items() if value is not None}
    return Send(call.method, f"{config.base_url.rstrip('/')}{call.path}", query, headers, content)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} can't be sent")


def _read_answer(call: Call[T], answer: Answer) -> T:
    try:
        body = json.loads(answer.content)
        if not call.is_list:
            return cast("T", read(call.returns, body["data"]))
        items, meta = [read(call.returns, item) for item in body["data"]], body["meta"]
        return cast("T", Page(items, meta["next_cursor"], meta.get("total")))
    except _UNREADABLE as error:
        # It says that it was done; what it says of it can't be read.
        raise NoAnswer(f"an answer of {answer.status} that can't be read: {error}") from error


def _read_refusal(answer: Answer) -> Refused:
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    after = answer.headers.get("retry-after", "")
    return refusal(
        answer.status,
        body if isinstance(body, dict) else {},
        request_id=answer.headers.get("request-id", ""),
        retry_after_s=int(after) if after.isdecimal() else None,
    )


def read(model: Any, value: Any) -> Any:
    """Read JSON as `model`: a dataclass, datetime, Decimal, or a plain type. Unknown fields are left out: Zemi adds some.

    :raises ValueError, KeyError, TypeError, ArithmeticError: it isn't one
    """
    if value is None or model is Any:
        return value
    if get_origin(model) in {Union, types.UnionType}:
        [model] = [each for each in get_args(model) if each is not type(None)]
    if get_origin(model) is list:
        return [read(get_args(model)[0], item) for item in value]
    if model is datetime:
        return datetime.fromisoformat(value)
    if model is Decimal:
        return Decimal(value)
    if not (isinstance(model, type) and is_dataclass(model)):
        return value
    hints = get_type_hints(model)
    return model(
        **{
            each.name: read(hints[each.name], value[each.name])
            for each in fields(model)
            if each.name in value
        }
    )
