"""`zemi demo`: one order from create to paid seller, over HTTP, with every message and the ledger after each step."""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from zemi.cli import audit
from zemi.cli.ports import free_port
from zemi.cli.running import Instance, find_instance
from zemi.common.http_client import NoAnswer, NotSent, send
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.ledger.balances import transfers_of, trial_balance
from zemi.providers import registry

_PATIENCE_S = 45.0
_START_S = 90.0


class DemoFailed(Exception):
    """A step did not end as it has to."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser(
        "demo",
        description="Use the running instance (see `zemi up`), or start a private one and stop it afterwards.",
        epilog="Exit code 0 only if the seller was paid and the books agree with the simulator's.",
    )
    parser.add_argument(
        "--amount", type=int, default=1500, help="price in whole shillings (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Find or start an instance, walk through the order, audit the books."""
    if settings.LIVE:
        print("The demo needs sandbox mode: it makes up people and money.", file=sys.stderr)
        return 2
    here = find_instance()
    if here is None:
        return _in_private_instance(args.amount)
    try:
        _Story(here, args.amount).tell()
    except (DemoFailed, NotSent, NoAnswer) as error:
        print(f"\nThe demo stopped: {error}", file=sys.stderr)
        return 1
    print("\n== The books ==")
    return audit.run(argparse.Namespace(json=False, no_provider=False))


class _Story:
    """Amina buys, Baraka sells; everything goes through HTTP as anybody's client would send it."""

    def __init__(self, instance: Instance, shillings: int) -> None:
        self.instance = instance
        self.amount, self.net = (
            str(kes(shillings)),
            str(kes(shillings) - kes(shillings).share(settings.FEE_BPS)),
        )
        self.sandbox = registry.sandbox()
        self.buyer, self.seller = _made_up_phone(), _made_up_phone()
        self.shown_messages = 0
        self.shown_transfers = 0

    def tell(self) -> None:
        """Walk through the order.

        :raises DemoFailed: a step did not end as it has to
        """
        order = self._post(
            "Amina orders a phone from Baraka",
            "/api/orders/create",
            {
                "buyer_phone": self.buyer.msisdn,
                "seller_phone": self.seller.msisdn,
                "amount": self.amount,
                "product_description": "iPhone 13 Pro Max 256GB",
            },
        )
        reference, code = order["order_reference"], order["delivery_code"]
        order_id = UUID(self._order(reference)["id"])
        self._ledger(order_id)

        self._post(
            "She asks for the M-Pesa prompt and enters her PIN",
            "/api/payments/mpesa/stk-push",
            {
                "phone_number": self.buyer.msisdn,
                "amount": self.amount,
                "account_reference": reference,
                "transaction_desc": "Payment for iPhone 13",
            },
        )
        self._wait("the payment", lambda: self._order(reference)["status"] == "paid")
        self._wait("the messages", lambda: len(self._messages()) >= self.shown_messages + 2)
        self._show_messages()
        self._ledger(order_id)

        self._post(
            "The goods are in her hands: she gives the code",
            "/api/orders/confirm-delivery",
            {
                "order_reference": reference,
                "delivery_code": code,
            },
        )
        self._ledger(order_id)

        self._post(
            "The payout is asked for (it arises by itself; asking never pays twice)",
            "/api/payments/mpesa/b2c-payout",
            {"phone_number": self.seller.msisdn, "amount": self.net, "order_reference": reference},
        )
        self._wait("the payout", lambda: self._order(reference)["payout_status"] == "completed")
        self._wait("the seller's message", lambda: len(self._messages()) >= self.shown_messages + 1)
        self._show_messages()
        self._ledger(order_id)
        wallet = self.sandbox.accounts().get(f"wallet:{self.seller.msisdn}")
        print(f"\nBaraka's M-Pesa wallet in the simulator's books: KES {(wallet or 0) / 100:,.2f}")

    def _post(self, title: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        print(f"\n== {title} ==\nPOST {path}\n  {json.dumps(body)}")
        answer = send(
            "POST",
            self.instance.base_url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.instance.api_key}"}
            if path.endswith("b2c-payout")
            else {},
        )
        print(f"{answer.status} {answer.body.decode()}")
        if answer.status not in {200, 201, 202}:
            raise DemoFailed(f"{path} answered {answer.status}")
        data: dict[str, Any] = json.loads(answer.body)["data"]
        return data

    def _order(self, reference: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(
            send("GET", f"{self.instance.base_url}/api/orders/{reference}").body
        )["data"]
        return data

    def _wait(self, what: str, arrived: Callable[[], bool]) -> None:
        deadline, pause = time.monotonic() + _PATIENCE_S, threading.Event()
        while not arrived():
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not come within {_PATIENCE_S:.0f} s")
            pause.wait(0.2)

    def _messages(self) -> list[dict[str, Any]]:
        found = self.sandbox.messages(self.buyer) + self.sandbox.messages(self.seller)
        return sorted(found, key=lambda message: str(message["at"]))

    def _show_messages(self) -> None:
        for message in self._messages()[self.shown_messages :]:
            who = "Amina" if message["to"] == self.buyer.e164 else "Baraka"
            print(f"SMS to {who}: {message['text']}")
            self.shown_messages += 1

    def _ledger(self, order_id: UUID) -> None:
        transfers = transfers_of(order_id)
        for transfer in transfers[self.shown_transfers :]:
            print(f"  booked: {transfer}")
        self.shown_transfers = len(transfers)
        print("  ledger: " + " | ".join(f"{row.code} {row.name} {row.balance}" for row in trial_balance()))


def _made_up_phone() -> Phone:
    return Phone.parse(f"2547{20_000_000 + secrets.randbelow(9_000_000)}")


def _in_private_instance(amount: int) -> int:
    """Start everything in a directory of its own, tell the story there, stop it."""
    with tempfile.TemporaryDirectory(prefix="zemi-demo-") as var:
        environment = os.environ | {
            "ZEMI_VAR": var,
            "ZEMI_PORT": str(free_port()),
            "ZEMI_SIM_PORT": str(free_port()),
            "DATABASE_URL": "",
            "DB_NAME": "",
        }
        print("No instance is running here: starting a private one.")
        log = Path(var) / "demo.log"
        with log.open("wb") as output:
            up = subprocess.Popen(
                [sys.executable, "-m", "zemi", "up", "--with-parent"],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            if not _comes_up(up, Path(var) / "run.json"):
                print(f"The private instance did not start:\n{log.read_text()[-3000:]}", file=sys.stderr)
                return 1
            return subprocess.run(  # noqa: S603 (this very program)
                [sys.executable, "-m", "zemi", "demo", "--amount", str(amount)], env=environment, check=False
            ).returncode
        finally:
            up.terminate()
            up.wait(timeout=30)


def _comes_up(process: "subprocess.Popen[bytes]", run_file: Path) -> bool:
    deadline, pause = time.monotonic() + _START_S, threading.Event()
    while time.monotonic() < deadline and process.poll() is None:
        if run_file.exists():
            return True
        pause.wait(0.2)
    return False
