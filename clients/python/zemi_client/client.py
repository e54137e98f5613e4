"""`Zemi` and `AsyncZemi`: the same calls, one after the other or at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import httpx2

from zemi_client.core import Answer, Call, Config, Heard, Page, Send, Step, converse
from zemi_client.errors import NoAnswer, NotSent
from zemi_client.operations import AsyncOperations, Operations

T = TypeVar("T")
P = ParamSpec("P")

# Long enough for an M-Pesa prompt, whose answer Zemi waits for.
_TIMEOUT = httpx2.Timeout(40.0, connect=5.0)
# Nothing has left: name look-up, connection, TLS, or no connection of the pool became free.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Zemi(Operations):
    """A client for one API key. Use it as a context, or `close` it.

    >>> with Zemi("http://localhost:8000", api_key="zk_test_...") as zemi:
    ...     order = zemi.create_order(buyer_phone="0712 345 678", amount=1500, product_description="Kitenge")
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        language: str = "en",
        version: str | None = None,
        tries: int = 3,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._config = Config(base_url, api_key, language, version, tries)
        self._http = httpx2.Client(timeout=_TIMEOUT, transport=transport)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def each(self, operation: Callable[P, Page[T]], *args: P.args, **filters: P.kwargs) -> Iterator[T]:
        """All of a list, page by page: `for order in zemi.each(zemi.list_orders, status="paid")`."""
        while True:
            page = operation(*args, **filters)
            yield from page.items
            if page.next_cursor is None:
                return
            filters["cursor"] = page.next_cursor

    def _call(self, call: Call[T]) -> T:
        conversation = converse(call, self._config)
        heard: Heard = None
        while True:
            try:
                step: Step = conversation.send(heard)
            except StopIteration as end:
                answer: T = end.value
                return answer
            if isinstance(step, Send):
                heard = self._send(step)
            else:
                self._sleep(step.seconds)
                heard = None

    def _send(self, step: Send) -> Heard:
        try:
            found = self._http.request(
                step.method,
                step.url,
                params=dict(step.query),
                headers=dict(step.headers),
                content=step.content,
            )
        except _NOT_SENT as error:
            return NotSent(str(error))
        except httpx2.HTTPError as error:
            return NoAnswer(f"{type(error).__name__}: {error}")
        return Answer(found.status_code, dict(found.headers), found.content)


class AsyncZemi(AsyncOperations):
    """`Zemi` for asyncio: `async with AsyncZemi(...) as zemi: await zemi.create_order(...)`."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        language: str = "en",
        version: str | None = None,
        tries: int = 3,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._config = Config(base_url, api_key, language, version, tries)
        self._http = httpx2.AsyncClient(timeout=_TIMEOUT, transport=transport)
        self._sleep = sleep or asyncio.sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def each(
        self, operation: Callable[P, Awaitable[Page[T]]], *args: P.args, **filters: P.kwargs
    ) -> AsyncIterator[T]:
        """All of a list, page by page: `async for order in zemi.each(zemi.list_orders)`."""
        while True:
            page = await operation(*args, **filters)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            filters["cursor"] = page.next_cursor

    async def _call(self, call: Call[T]) -> T:
        conversation = converse(call, self._config)
        heard: Heard = None
        while True:
            try:
                step: Step = conversation.send(heard)
            except StopIteration as end:
                answer: T = end.value
                return answer
            if isinstance(step, Send):
                heard = await self._send(step)
            else:
                await self._sleep(step.seconds)
                heard = None

    async def _send(self, step: Send) -> Heard:
        try:
            found = await self._http.request(
                step.method,
                step.url,
                params=dict(step.query),
                headers=dict(step.headers),
                content=step.content,
            )
        except _NOT_SENT as error:
            return NotSent(str(error))
        except httpx2.HTTPError as error:
            return NoAnswer(f"{type(error).__name__}: {error}")
        return Answer(found.status_code, dict(found.headers), found.content)
