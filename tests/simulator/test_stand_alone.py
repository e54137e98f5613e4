"""The simulator as its own process, spoken to over real HTTP as a published Daraja client speaks.

Time passes by moving the simulator's clock; the tests wait on what arrives, never by the clock on the wall.
"""

import http.server
import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.simulator.world import AMINA, BARAKA, COLLECTED, DarajaClient, result_items

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20


class _Shop(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: queue.Queue = queue.Queue()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def next_call(self):
        return self.calls.get(timeout=PATIENCE_S)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Shop

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.calls.put((self.path, json.loads(raw)))

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    server = _Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def _running(*options: str) -> Iterator[tuple["subprocess.Popen[str]", httpx2.Client]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert ready.startswith("simulator ready on http://127.0.0.1:"), ready
        with httpx2.Client(base_url=ready.split()[-1], timeout=PATIENCE_S, trust_env=False) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        process.stdout.close()


def _advance(client, seconds):
    assert client.post("/_sim/clock", json={"advance_s": seconds}).status_code == 200


def test_a_published_client_collects_and_pays_out(shop):
    with _running("--pay-after-s", "30", "--result-after-s", "30") as (process, client):
        daraja = DarajaClient(client)
        assert daraja.config["base_url"] == str(client.base_url).rstrip("/")

        # Strings everywhere, as the documentation's samples have them.
        pushed = daraja.push(AMINA, "1500", CallBackURL=shop.url("/stk")).json()
        assert daraja.query(pushed["CheckoutRequestID"]).json()["errorCode"] == "500.001.1001"
        _advance(client, 30)
        path, payload = shop.next_call()
        assert path == "/stk"
        assert payload["Body"]["stkCallback"]["ResultCode"] == 0
        assert daraja.query(pushed["CheckoutRequestID"]).json()["ResultCode"] == "0"

        # v1 without an id of its own, and `Occasion` with one s, as many libraries still send it.
        body = daraja.payout_body(
            ResultURL=shop.url("/result"), QueueTimeOutURL=shop.url("/timeout"), Occasion="July"
        )
        del body["OriginatorConversationID"], body["Occassion"]
        accepted = daraja.post("/mpesa/b2c/v1/paymentrequest", body).json()
        _advance(client, 30)
        path, payload = shop.next_call()
        assert (path, payload["Result"]["ResultCode"]) == ("/result", 0)
        assert payload["Result"]["ConversationID"] == accepted["ConversationID"]

        daraja.status(TransactionID=payload["Result"]["TransactionID"], ResultURL=shop.url("/status"))
        _advance(client, 30)
        path, payload = shop.next_call()
        assert result_items(payload["Result"])["TransactionStatus"] == "Completed"

        books = client.get("/_sim/books").json()
        assert books["sum"] == 0
        assert books["accounts"][COLLECTED] == 150_000
        assert books["accounts"][f"wallet:{BARAKA}"] == 30_145_500

        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_a_lost_answer_is_a_connection_closed_without_one(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        client.post("/_sim/faults", json={"fault": "http_timeout_after", "count": 1})

        with pytest.raises(httpx2.RemoteProtocolError):
            daraja.push(CallBackURL=shop.url("/stk"))

        _advance(client, 5)
        _, payload = shop.next_call()
        assert payload["Body"]["stkCallback"]["ResultCode"] == 0


def test_a_receiver_that_is_gone_stops_nobody(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        daraja.push(CallBackURL="http://127.0.0.1:9/nobody")
        daraja.push(BARAKA, CallBackURL=shop.url("/stk"))
        _advance(client, 5)

        path, _ = shop.next_call()

        assert path == "/stk"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_prompt_and_its_callback_survive_the_end_of_the_process(shop, tmp_path, end):
    state = str(tmp_path / "state" / "simulator.sqlite3")
    with _running("--state", state, "--pay-after-s", "50") as (process, client):
        daraja = DarajaClient(client)
        checkout = daraja.push(CallBackURL=shop.url("/stk")).json()["CheckoutRequestID"]
        process.send_signal(end)
        assert process.wait(PATIENCE_S) == (-9 if end == signal.SIGKILL else 0)

    with _running("--state", state) as (_, client):
        assert client.get("/_sim/phones/0722000111").json()["prompts"][0]["open"] is True
        _advance(client, 50)

        _, payload = shop.next_call()

        assert payload["Body"]["stkCallback"]["CheckoutRequestID"] == checkout
        assert client.get("/_sim/books").json()["accounts"][COLLECTED] == 150_000


def test_many_people_at_once_leave_balanced_books(shop):
    with _running("--pay-after-s", "0") as (_, client):
        daraja = DarajaClient(client)
        refused: queue.Queue = queue.Queue()

        def pay(start):
            for number in range(start, start + 20):
                answer = daraja.push(f"2547100{number:05d}", "10", CallBackURL=shop.url("/stk"))
                if answer.status_code != 200:
                    refused.put(answer.text)

        threads = [threading.Thread(target=pay, args=(start,)) for start in (0, 100, 200, 300)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        receipts = {
            shop.next_call()[1]["Body"]["stkCallback"]["CallbackMetadata"]["Item"][1]["Value"]
            for _ in range(80)
        }
        assert refused.empty()
        assert len(receipts) == 80
        books = client.get("/_sim/books").json()
        assert (books["sum"], books["accounts"][COLLECTED]) == (0, 80_000)


def test_a_taken_state_file_is_named(tmp_path):
    state = tmp_path / "simulator.sqlite3"
    with _running("--state", str(state)):
        second = subprocess.run(
            [sys.executable, "-m", "simulator", "--port", "0", "--state", str(state)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    assert second.returncode == 1
    assert "in use by another simulator" in second.stderr


def test_http_reset_after_resets_the_connection(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        client.post("/_sim/faults", json={"fault": "http_reset_after", "count": 1})

        with pytest.raises(httpx2.ReadError):
            daraja.push(CallBackURL=shop.url("/stk"))

        _advance(client, 5)
        _, payload = shop.next_call()
        assert payload["Body"]["stkCallback"]["ResultCode"] == 0


def test_an_answer_may_hang_longer_than_a_client_waits(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        client.post("/_sim/faults", json={"fault": "http_timeout_after", "count": 1, "delay_s": 60})

        with pytest.raises(httpx2.ReadTimeout):
            client.post(
                "/mpesa/stkpush/v1/processrequest",
                json=daraja.push_body(CallBackURL=shop.url("/stk")),
                headers={"Authorization": f"Bearer {daraja.token}"},
                timeout=0.2,
            )

        _advance(client, 5)
        assert shop.next_call()[0] == "/stk"


def test_http_slow_is_answered_after_its_time(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        client.post("/_sim/faults", json={"fault": "http_slow", "count": 1, "delay_s": 0.3})

        answer = daraja.push(CallBackURL=shop.url("/stk"))

        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() >= 0.3


def test_a_scenario_is_started_with_the_process():
    with _running("--scenario", "payout_trouble") as (_, client):
        steps = client.get("/_sim/scenario").json()["steps"]
        assert [step["state"] for step in steps] == ["done"] + ["waiting"] * 8
        assert client.get("/_sim/books").json()["accounts"]["shortcode:600000:utility"] == 100_000

        _advance(client, 600)
        client.post("/_sim/clock", json={"advance_s": 0.001})

        topped_up = 10_100_000
        for _ in range(1_000):  # the agenda is looked at as soon as the clock was moved
            if client.get("/_sim/books").json()["accounts"]["shortcode:600000:utility"] == topped_up:
                break
        else:
            pytest.fail("the float was not topped up")


@pytest.mark.parametrize(
    ("content", "words"),
    [("{}", "steps is a list of 1 to 1000 steps"), ("nothing", "is no JSON"), (None, "No such file")],
)
def test_a_scenario_that_cannot_be_followed_stops_the_start(tmp_path, content, words):
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)

    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "--port", "0", "--scenario", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert ended.returncode == 1
    assert words in ended.stderr


def test_a_payment_by_hand_is_validated_booked_and_confirmed_over_real_http(shop):
    with _running() as (_, client):
        daraja = DarajaClient(client)
        client.post("/_sim/switches", json={"c2b_validation": True})
        urls = {
            "ShortCode": "174379",
            "ResponseType": "Completed",
            "ConfirmationURL": shop.url("/paid"),
            "ValidationURL": shop.url("/may-they"),
        }
        assert daraja.post("/mpesa/c2b/v2/registerurl", urls).json()["ResponseCode"] == "0"

        wish = {"msisdn": AMINA, "amount": 20, "account_reference": "ZEM-A3F8B2K7"}
        paid = client.post("/_sim/paybill", json=wish).json()

        # This shop's answer is empty, which is none: it was registered as Completed.
        assert [shop.next_call()[0], shop.next_call()[0]] == ["/may-they", "/paid"]
        (payment,) = client.get("/_sim/paybill").json()["payments"]
        assert (payment["receipt"], payment["state"]) == (paid["receipt"], "completed")
        statement = client.get("/_sim/statement", params={"shortcode": "174379"}).text
        assert f"\r\n{paid['receipt']}," in statement
