"""The one HTTP client tells what was certainly not sent from what nobody knows."""

from collections.abc import Iterator

import httpx2
import pytest

from zemi.common import http_client


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    yield
    http_client.use_transport(None)


def answer_with(response: httpx2.Response | Exception) -> None:
    def handle(_: httpx2.Request) -> httpx2.Response:
        if isinstance(response, Exception):
            raise response
        return response

    http_client.use_transport(httpx2.MockTransport(handle))


@pytest.mark.parametrize("error", [httpx2.ConnectError("no"), httpx2.ConnectTimeout("no")])
def test_what_could_not_connect_was_not_sent(error: Exception) -> None:
    answer_with(error)

    with pytest.raises(http_client.NotSent):
        http_client.send("POST", "http://provider.test/pay")


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout("no"),
        httpx2.ReadError("no"),
        httpx2.RemoteProtocolError("no"),
        httpx2.WriteError("no"),
    ],
)
def test_what_was_on_its_way_is_unknown(error: Exception) -> None:
    answer_with(error)

    with pytest.raises(http_client.NoAnswer):
        http_client.send("POST", "http://provider.test/pay")


def test_an_answer_that_is_too_large_is_none() -> None:
    answer_with(httpx2.Response(200, content=b"x" * (http_client.MOST_BYTES + 1)))

    with pytest.raises(http_client.NoAnswer, match="large"):
        http_client.send("GET", "http://provider.test/")


def test_a_redirect_is_not_followed() -> None:
    answer_with(httpx2.Response(302, headers={"Location": "http://elsewhere.test/"}))

    assert http_client.send("GET", "http://provider.test/").status == 302
