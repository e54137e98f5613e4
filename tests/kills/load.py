"""Buyers and sellers over HTTP, as a process of its own: python -m tests.kills.load BASE_URL JOURNAL THREADS SEED

What was acknowledged is written to the journal, one JSON object a line, before anything else is asked for: that is what
must be found again at the end. SIGTERM ends it: sales in hand are finished as far as they go within 20 seconds.
"""

import http.client
import json
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_READ_S = 15.0
_PAUSE_S = 0.1
# A callback that was lost while the web server was away is asked about after 25 s, and again later.
_PATIENCE_S = 90.0
# How long a sale in hand goes on when all is over.
_LAST_S = 20.0


class Away(Exception):
    """No answer, or one that says that the server could not: what became of the request is not known."""


class Client:
    """One caller with one connection, which is opened again after every failure."""

    def __init__(self, base_url: str) -> None:
        self._address = urlsplit(base_url).netloc
        self._connection: http.client.HTTPConnection | None = None
        self.requests = 0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Send one request; status and JSON of the answer.

        :raises Away: there was none, or a 5xx
        """
        self.requests += 1
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address, timeout=_READ_S)
        try:
            self._connection.request(
                method,
                path,
                None if body is None else json.dumps(body),
                {"content-type": "application/json"},
            )
            answer = self._connection.getresponse()
            status, raw = answer.status, answer.read()
            found: dict[str, Any] = json.loads(raw)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            self._connection = None
            raise Away(type(error).__name__) from error
        if status >= 500:
            raise Away(str(status))
        return status, found


class Sale:
    """One order from create to confirmation; each of its people is nobody else's."""

    def __init__(self, client: Client, draw: random.Random, over: threading.Event) -> None:
        self.client, self.over = client, over
        self.buyer, self.seller = (f"2547{draw.randrange(10_000_000, 99_999_999)}" for _ in range(2))
        self.shillings = draw.randrange(100, 5_000)
        self.reference = self.code = ""
        self._over_at: float | None = None

    def create(self) -> dict[str, Any]:
        """Make the order; its lost answer is a lost order, which nobody pays."""
        status, answer = self.client.send(
            "POST",
            "/api/orders/create",
            {
                "buyer_phone": self.buyer,
                "seller_phone": self.seller,
                "amount": f"{self.shillings}.00",
                "product_description": "Kitenge",
            },
        )
        if status != 201:
            raise Away(f"{status} {answer.get('code')}")
        self.reference, self.code = answer["data"]["order_reference"], answer["data"]["delivery_code"]
        return {"seller": self.seller, "shillings": self.shillings}

    def pay(self) -> bool:
        """Ask for the prompt until the order is paid; the person on the phone always pays."""
        deadline, asked = time.monotonic() + _PATIENCE_S, False
        while time.monotonic() < deadline and not self._late():
            try:
                if not asked:
                    status, _ = self.client.send(
                        "POST",
                        "/api/payments/mpesa/stk-push",
                        {
                            "phone_number": self.buyer,
                            "amount": f"{self.shillings}.00",
                            "account_reference": self.reference,
                            "transaction_desc": "Kitenge",
                        },
                    )
                    asked = status < 300
                if self.status() != "awaiting_payment":
                    return True
            except Away:
                pass
            threading.Event().wait(_PAUSE_S)
        return False

    def confirm(self) -> bool:
        """Give the code until the order is completed. A code is given again only when its answer was lost."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and not self._late():
            try:
                status, _ = self.client.send(
                    "POST",
                    "/api/orders/confirm-delivery",
                    {"order_reference": self.reference, "delivery_code": self.code},
                )
                if status < 300 or self.status() == "completed":
                    return True
            except Away:
                pass
            threading.Event().wait(_PAUSE_S)
        return False

    def _late(self) -> bool:
        """Whether it is over for so long that this sale is left as it is."""
        if self.over.is_set() and self._over_at is None:
            self._over_at = time.monotonic()
        return self._over_at is not None and time.monotonic() - self._over_at > _LAST_S

    def status(self) -> str:
        """The order's status as anybody is told."""
        status, answer = self.client.send("GET", f"/api/orders/{self.reference}")
        return str(answer["data"]["status"]) if status == 200 else ""


class Journal:
    """What was acknowledged, written through before the caller goes on."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file.open("a"), threading.Lock()

    def write(self, what: str, **facts: Any) -> None:
        """Add a line."""
        with self._lock:
            self._file.write(json.dumps({"what": what, **facts}) + "\n")
            self._file.flush()


def main() -> None:
    """Sell until told to stop."""
    base_url, file, threads, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    journal, over = Journal(file), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    sellers = [
        threading.Thread(target=_sell, args=(base_url, journal, random.Random(f"{seed}/{number}"), over))
        for number in range(threads)
    ]
    for seller in sellers:
        seller.start()
    for seller in sellers:
        seller.join()


def _sell(base_url: str, journal: Journal, draw: random.Random, over: threading.Event) -> None:
    with Client(base_url) as client:
        started = time.monotonic()
        _sell_with(client, journal, draw, over)
        journal.write("requests", number=client.requests, seconds=time.monotonic() - started)


def _sell_with(client: Client, journal: Journal, draw: random.Random, over: threading.Event) -> None:
    while not over.is_set():
        sale = Sale(client, draw, over)
        try:
            facts = sale.create()
        except Away:
            over.wait(_PAUSE_S)
            continue
        journal.write("created", reference=sale.reference, **facts)
        if sale.pay():
            journal.write("paid", reference=sale.reference)
            # Some goods are still under way when all is over.
            if draw.random() < 0.9 and sale.confirm():
                journal.write("confirmed", reference=sale.reference)


if __name__ == "__main__":
    main()
