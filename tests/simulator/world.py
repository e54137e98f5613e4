"""A world for the simulator's tests: a virtual clock, a receiver of callbacks, and a client of its own.

The client builds its requests by hand, as published Daraja clients do, and shares no code with any product.
"""

import base64
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulator import Simulator

AMINA, BARAKA, OTIENO = "254722000111", "254711000222", "254733000333"
NOON = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)  # noon in Nairobi
FLOAT, WALLET, COLLECTED, FEES = (
    "shortcode:600000:utility",
    f"wallet:{AMINA}",
    "shortcode:174379:utility",
    "fees:safaricom",
)


class Receiver:
    """A merchant's server: keeps what comes, answers `status`, and may do something (`on_call`)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.status = "200 OK"
        self.forwarded_for: str | None = None
        self.on_call: Callable[[], None] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        assert environ["REQUEST_METHOD"] == "POST"
        is_form = environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded"
        assert is_form or environ["CONTENT_TYPE"] == "application/json"
        payload = dict(parse_qsl(raw.decode())) if is_form else json.loads(raw) if raw else None
        self.calls.append((environ["PATH_INFO"], payload))
        self.forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
        if self.on_call:
            self.on_call()
        start_response(self.status, [("Content-Type", "application/json")])
        return [b'{"ResultCode":0,"ResultDesc":"Accepted"}']

    def take(self) -> list[tuple[str, Any]]:
        """What came since the last time."""
        taken, self.calls = self.calls, []
        return taken


class DarajaClient:
    """What a published client sends: amounts and phones as strings unless told otherwise."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http
        self.config: dict[str, str] = http.get("/_sim/config").json()
        self.token = ""
        self.log_in()

    def log_in(self) -> None:
        answer = self.http.get(
            "/oauth/v1/generate",
            params={"grant_type": "client_credentials"},
            auth=(self.config["consumer_key"], self.config["consumer_secret"]),
        )
        self.token = answer.json()["access_token"]

    def post(self, path: str, body: object) -> httpx2.Response:
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.token}"})

    def password(self, timestamp: str) -> str:
        return base64.b64encode(
            f"{self.config['shortcode']}{self.config['passkey']}{timestamp}".encode()
        ).decode()

    def credential(self, password: str | None = None) -> str:
        key = x509.load_pem_x509_certificate(self.config["certificate"].encode()).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        secret = (password or self.config["initiator_password"]).encode()
        return base64.b64encode(key.encrypt(secret, padding.PKCS1v15())).decode()

    def push_body(self, phone: str = AMINA, amount: object = "1500", **changes: object) -> dict[str, object]:
        body: dict[str, object] = {
            "BusinessShortCode": self.config["shortcode"],
            "Password": self.password("20260701120000"),
            "Timestamp": "20260701120000",
            "TransactionType": "CustomerPayBillOnline",
            "Amount": amount,
            "PartyA": phone,
            "PartyB": self.config["shortcode"],
            "PhoneNumber": phone,
            "CallBackURL": "http://shop.test/stk",
            "AccountReference": "ZEM-A3F8B2K7",
            "TransactionDesc": "Order",
        }
        return _changed(body, changes)

    def push(self, phone: str = AMINA, amount: object = "1500", **changes: object) -> httpx2.Response:
        return self.post("/mpesa/stkpush/v1/processrequest", self.push_body(phone, amount, **changes))

    def query(self, checkout_request_id: str, **changes: object) -> httpx2.Response:
        body: dict[str, object] = {
            "BusinessShortCode": self.config["shortcode"],
            "Password": self.password("20260701120500"),
            "Timestamp": "20260701120500",
            "CheckoutRequestID": checkout_request_id,
        }
        return self.post("/mpesa/stkpushquery/v1/query", _changed(body, changes))

    def payout_body(
        self, own_id: str = "own-1", phone: str = BARAKA, amount: object = "1455", **changes: object
    ) -> dict[str, object]:
        body: dict[str, object] = {
            "OriginatorConversationID": own_id,
            "InitiatorName": self.config["initiator_name"],
            "SecurityCredential": self.credential(),
            "CommandID": "BusinessPayment",
            "Amount": amount,
            "PartyA": self.config["b2c_shortcode"],
            "PartyB": phone,
            "Remarks": "Payout",
            "QueueTimeOutURL": "http://shop.test/timeout",
            "ResultURL": "http://shop.test/result",
            "Occassion": "",
        }
        return _changed(body, changes)

    def payout(
        self, own_id: str = "own-1", phone: str = BARAKA, amount: object = "1455", **changes: object
    ) -> httpx2.Response:
        return self.post("/mpesa/b2c/v3/paymentrequest", self.payout_body(own_id, phone, amount, **changes))

    def status(self, **asked: object) -> httpx2.Response:
        body: dict[str, object] = {
            "Initiator": self.config["initiator_name"],
            "SecurityCredential": self.credential(),
            "CommandID": "TransactionStatusQuery",
            "PartyA": self.config["b2c_shortcode"],
            "IdentifierType": "4",
            "Remarks": "Check",
            "QueueTimeOutURL": "http://shop.test/timeout",
            "ResultURL": "http://shop.test/status",
        }
        return self.post("/mpesa/transactionstatus/v1/query", _changed(body, asked))


class World:
    """Simulator, receiver and client in one process, on a clock that stands until it is moved."""

    def __init__(self, store: Path | str = ":memory:") -> None:
        self.time = NOON
        self.shop = Receiver()
        self.sim = Simulator(store, transport=httpx2.WSGITransport(app=self.shop), now=lambda: self.time)
        self.http = httpx2.Client(
            transport=httpx2.WSGITransport(app=self.sim.wsgi), base_url="http://simulator.test"
        )
        self.daraja = DarajaClient(self.http)

    def run(self, seconds: float = 0) -> list[tuple[str, Any]]:
        """Let time pass, do what is due, and return the callbacks that came."""
        self.time += timedelta(seconds=seconds)
        self.sim.run_due()
        return self.shop.take()

    def books(self) -> dict[str, int]:
        """The accounts, which sum to zero whenever anybody looks."""
        accounts = self.sim.books()
        assert sum(accounts.values()) == 0
        return accounts

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.sim.close()


def result_items(result: Any) -> dict[str, Any]:
    """ResultParameters as a dict; a key without Value is None."""
    items = result["ResultParameters"]["ResultParameter"]
    return {item["Key"]: item.get("Value") for item in items}


def _changed(body: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """`changes` over `body`; None takes a field out."""
    return {key: value for key, value in {**body, **changes}.items() if value is not None}
