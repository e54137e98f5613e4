"""The two ends that the contract suite talks to: the simulator, and what Daraja was recorded to say.

Both play the same scenarios by name. The recorded ones are rewritten from DARAJA.md into
recorded/scenarios.json: answers per path in their order (the last one repeats), and the callbacks after them.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx2

from simulator import Simulator
from zemi.common import clock, http_client
from zemi.common.money import Money, kes
from zemi.common.phone import Phone
from zemi.providers.base import ChargeRequest, DisburseRequest
from zemi.providers.mpesa.client import Mpesa, MpesaConfig
from zemi.providers.mpesa.tokens import ProcessTokens

RECORDED = Path(__file__).parent / "recorded"
SCENARIOS: dict[str, Any] = json.loads((RECORDED / "scenarios.json").read_text())

PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
B2C, STATUS = "/mpesa/b2c/v3/paymentrequest", "/mpesa/transactionstatus/v1/query"
TOKEN = "/oauth/v1/generate"

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # noon in Nairobi
AMINA = Phone("+254722000111")
BARAKA = Phone("+254711000222")
OUR_ID = "zemi-0001"


class Wire(httpx2.BaseTransport):
    """Passes requests on and remembers them."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self.sent: list[tuple[str, Any]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        raw = request.read()
        body = json.loads(raw) if raw[:1] == b"{" else raw.decode()
        self.sent.append((request.url.path, body))
        return self._inner.handle_request(request)

    def bodies(self, path: str) -> list[Any]:
        """What was sent to `path`, oldest first."""
        return [body for sent_to, body in self.sent if sent_to == path]


class Peer(Protocol):
    """Somebody who plays Daraja."""

    wire: Wire

    def config(self) -> MpesaConfig:
        """What it knows its client by."""
        ...

    def play(self, scenario: str) -> None:
        """Behave as `scenario` says from now on."""
        ...

    def callbacks(self) -> list[tuple[str, bytes]]:
        """Let time pass; give what was called back since the last time, as (path's last word, body)."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class RecordedPeer:
    """Says what was recorded."""

    def __init__(self) -> None:
        self.wire = Wire(httpx2.MockTransport(self._answer))
        self._answers: dict[str, list[Any]] = {}
        self._callbacks: list[tuple[str, bytes]] = []
        self._tokens = 0

    def config(self) -> MpesaConfig:
        with Simulator() as lender:  # for a certificate; its private key is of no use here
            certificate = lender.config()["certificate"]
        return MpesaConfig(
            base_url="http://recorded.test",
            consumer_key="key",
            consumer_secret="secret",
            shortcode="174379",
            passkey="passkey",
            b2c_shortcode="600000",
            initiator_name="testapi",
            initiator_password="Password#1",
            certificate_pem=certificate,
        )

    def play(self, scenario: str) -> None:
        found = SCENARIOS[scenario]
        self._answers = {path: list(answers) for path, answers in found["answers"].items()}
        self._callbacks = [(row["kind"], json.dumps(row["json"]).encode()) for row in found["callbacks"]]

    def callbacks(self) -> list[tuple[str, bytes]]:
        came, self._callbacks = self._callbacks, []
        return came

    def close(self) -> None:
        pass

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == TOKEN:
            self._tokens += 1
            return httpx2.Response(200, json={"access_token": f"token{self._tokens}", "expires_in": "3599"})
        answers = self._answers[request.url.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.get("lost"):
            raise httpx2.ReadTimeout("the answer is lost", request=request)
        if "text" in answer:
            return httpx2.Response(answer["status"], text=answer["text"])
        return httpx2.Response(answer["status"], json=answer["json"])


class SimulatorPeer:
    """The simulator in this process."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, bytes]] = []
        self.simulator = Simulator(
            now=lambda: NOON, transport=httpx2.WSGITransport(app=self._receive), seed=7
        )
        self.wire = Wire(httpx2.WSGITransport(app=self.simulator.wsgi))

    def config(self) -> MpesaConfig:
        found = self.simulator.config()
        return MpesaConfig(
            base_url=found["base_url"],
            consumer_key=found["consumer_key"],
            consumer_secret=found["consumer_secret"],
            shortcode=found["shortcode"],
            passkey=found["passkey"],
            b2c_shortcode=found["b2c_shortcode"],
            initiator_name=found["initiator_name"],
            initiator_password=found["initiator_password"],
            certificate_pem=found["certificate"],
        )

    def play(self, scenario: str) -> None:
        sim = self.simulator
        plans: dict[str, Callable[[], object]] = {
            "cancelled": lambda: sim.set_phone(AMINA.msisdn, next="cancel"),
            "too_little_money": lambda: sim.set_phone(AMINA.msisdn, next="no_balance"),
            "no_answer": lambda: sim.set_phone(AMINA.msisdn, next="unreachable"),
            "wrong_pin": lambda: sim.set_phone(AMINA.msisdn, next="wrong_pin"),
            "prompt_open": lambda: sim.set_phone(AMINA.msisdn, next="wait"),
            "prompt_open_4999": self._wait_with_4999,
            "second_prompt": lambda: sim.set_phone(AMINA.msisdn, next="wait"),
            "spike_arrest": lambda: sim.fault("http_error_before"),
            "garbage": lambda: sim.fault("http_garbage_after"),
            "answer_lost": lambda: sim.fault("http_timeout_after"),
            "stale_token": lambda: self._steal_token(sim.config()),
            "paid_out_under_their_id": lambda: sim.fault("gateway_originator_id"),
            "float_too_low": self._spend_the_float,
            "queue_timeout": lambda: sim.fault("b2c_timeout_notice", delay_s=10**9),
        }
        plans.get(scenario, lambda: None)()

    def callbacks(self) -> list[tuple[str, bytes]]:
        self.simulator.run_due()
        self.simulator.advance(30)
        self.simulator.run_due()
        came, self._calls = self._calls, []
        return came

    def close(self) -> None:
        self.simulator.close()

    def _receive(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self._calls.append((environ["PATH_INFO"].rpartition("/")[2], body))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"ResultCode":0,"ResultDesc":"Accepted"}']

    def _wait_with_4999(self) -> None:
        self.simulator.switch(query_pending_form="4999")
        self.simulator.set_phone(AMINA.msisdn, next="wait")

    def _steal_token(self, config: dict[str, str]) -> None:
        """Somebody else asks for a token, which kills ours."""
        with httpx2.Client(transport=httpx2.WSGITransport(app=self.simulator.wsgi)) as other:
            answer = other.get(
                f"{config['base_url']}{TOKEN}?grant_type=client_credentials",
                auth=(config["consumer_key"], config["consumer_secret"]),
            )
        assert answer.status_code == 200

    def _spend_the_float(self) -> None:
        """Pay out until less is left than the next payout needs."""
        mpesa = Mpesa(self.config(), ProcessTokens())
        # All of it goes to one phone, whose wallet has a ceiling.
        self.simulator.switch(customer_limits=False)
        for number in range(40):
            mpesa.disburse(payout(f"spend-{number}", amount=kes(250_000)))
        self.simulator.advance(5)
        self.simulator.run_due()
        self._calls.clear()


def client(peer: Peer) -> Mpesa:
    """A client of `peer`, which is put at the other end of the wire; it is noon."""
    clock.use(lambda: NOON)
    http_client.use_transport(peer.wire)
    return Mpesa(peer.config(), ProcessTokens())


def prompt(amount: Money | None = None, **changes: Any) -> ChargeRequest:
    """A prompt for Amina."""
    wishes: dict[str, Any] = {
        "amount": amount or kes(1_500),
        "payer": AMINA,
        "reference": "ZEM-0A1B2C3D",
        "description": "Order",
        "callback_url": "https://zemi.test/hooks/stk",
    }
    return ChargeRequest(**(wishes | changes))


def payout(originator_id: str = OUR_ID, *, amount: Money | None = None) -> DisburseRequest:
    """A payout to Baraka."""
    return DisburseRequest(
        originator_id=originator_id,
        amount=amount or kes(1_500),
        payee=BARAKA,
        reference="ZEM-0A1B2C3D",
        result_url="https://zemi.test/hooks/b2c",
        timeout_url="https://zemi.test/hooks/timeout",
    )
