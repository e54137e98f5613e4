"""Clients and collections against a running product: one order each, from create to paid seller."""

import asyncio
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from zemi_client import AsyncZemi, NotFromZemi, NotSent, Refused, Zemi, key_hash, read_event
from zemi_client.errors import NotAuthenticated, NotVerified, WrongAmount

from tests.architecture.references import ROOT
from tests.clients.collections import Request, read_bruno, read_postman
from tests.clients.conftest import Product
from tests.webhooks.receiver import serve
from tools.clients.requests import MAIN_PATH
from zemi.cli.ports import free_port
from zemi.common.http_client import use_transport
from zemi.common.ids import new_key

CLIENTS = ROOT / "clients"
_PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _no_connection_is_kept() -> Any:
    yield
    use_transport(None)


def test_a_sale_through_the_synchronous_client(product: Product) -> None:
    with Zemi(product.base_url) as buyer, Zemi(product.base_url, api_key=product.api_key) as merchant:
        order = buyer.create_order(
            buyer_phone="0712 000 001",
            seller_phone="0722 000 001",
            amount=1500,
            product_description="Kitenge",
        )
        buyer.stk_push(phone_number="0712 000 001", amount="1500.00", account_reference=order.order_reference)
        _wait(lambda: buyer.get_order(order.order_reference).status == "paid")
        assert order.delivery_code is not None
        with pytest.raises(NotVerified) as wrong:
            buyer.confirm_delivery(
                order_reference=order.order_reference, delivery_code=_another(order.delivery_code)
            )
        done = buyer.confirm_delivery(
            order_reference=order.order_reference, delivery_code=order.delivery_code
        )
        # As long as the worker has it in hand and has not written the try down, there is no id yet.
        _wait(
            lambda: bool(
                merchant.b2c_payout(
                    phone_number="0722 000 001", amount=1500, order_reference=order.order_reference
                ).originator_conversation_id
            )
        )

    assert str(order.amount) == "1500.00"
    assert wrong.value.code == "delivery_code_wrong"
    assert wrong.value.request_id.startswith("req_")
    assert done.payout_initiated
    assert done.completed_at is not None


def test_several_sales_at_once_through_the_asynchronous_client(product: Product) -> None:
    async def sell(zemi: AsyncZemi, number: int) -> str:
        buyer = f"25471200001{number}"
        order = await zemi.create_order(
            buyer_phone=buyer, seller_phone="0722 000 002", amount="1500", product_description="Kitenge"
        )
        await zemi.simulated_payment(
            order_reference=order.order_reference,
            transaction_id=f"ASYNC{number}",
            amount=order.amount,
            payment_method="mpesa",
        )
        return (await zemi.get_order(order.order_reference)).status

    async def tell() -> list[str]:
        async with AsyncZemi(product.base_url) as zemi:
            return await asyncio.gather(*(sell(zemi, number) for number in range(4)))

    assert asyncio.run(tell()) == ["paid"] * 4


def test_refusals_say_why(product: Product) -> None:
    with Zemi(product.base_url, language="sw") as zemi:
        with pytest.raises(Refused) as wrong:
            zemi.create_order(buyer_phone="12", amount="1.234", product_description="Kitenge")
        with pytest.raises(WrongAmount):
            zemi.create_order(buyer_phone="0712 000 003", amount=1, product_description="Kitenge")
        with pytest.raises(NotAuthenticated):
            zemi.advance_clock(seconds=60)

    assert wrong.value.fields == {"buyer_phone": "invalid_phone", "amount": "max_decimals"}
    assert wrong.value.doc_url == "/docs/errors#invalid_input"
    assert wrong.value.next_step.startswith("Sahihisha")


def test_a_delivery_of_the_product_is_read_and_what_was_changed_on_its_way_is_not(product: Product) -> None:
    with serve() as receiver, Zemi(product.base_url, api_key=product.api_key) as zemi:
        made = zemi.create_webhook_endpoint(
            url=receiver.url, types=["order.created", "order.paid"], idempotency_key=str(new_key())
        )
        order = zemi.create_order(
            buyer_phone="0712 000 005",
            seller_phone="0722 000 005",
            amount=1500,
            product_description="Kitenge",
            idempotency_key="basket-4711",
        )
        zemi.simulated_payment(
            order_reference=order.order_reference,
            transaction_id="HOOK1",
            amount=1500,
            payment_method="mpesa",
        )
        _wait(lambda: receiver.types == ["order.created", "order.paid"])
        # A new secret beside the old one: each reads what comes now.
        rotated = zemi.rotate_webhook_secret(made.id, idempotency_key=str(new_key()))
        delivered = zemi.list_webhook_deliveries(made.id, status="delivered")
        zemi.redeliver_one(delivered.items[0].id, made.id)
        _wait(lambda: len(receiver.got) == 3)
        zemi.delete_webhook_endpoint(made.id)

        created, paid, again = receiver.got
        first = read_event(created.raw, created.headers, secret=made.secret)
        assert (first.type, first.object["order_reference"]) == ("order.created", order.order_reference)
        assert first.idempotency_key_hash == key_hash("basket-4711")
        event = read_event(paid.raw, paid.headers, secret=made.secret)
        assert (event.type, event.previous, event.sequence) == (
            "order.paid",
            {"status": "awaiting_payment"},
            first.sequence + 1,
        )
        for secret in (made.secret, rotated.secret):
            assert read_event(again.raw, again.headers, secret=secret) == event
        told = zemi.get_event(event.id)
        assert (told.type, told.timestamp, told.data["object"]) == ("order.paid", event.at, event.object)

        with pytest.raises(NotFromZemi):
            read_event(paid.raw, paid.headers, secret=rotated.secret)
        for body in (paid.raw.replace(b'"paid"', b'"Paid"'), paid.raw + b" ", created.raw):
            with pytest.raises(NotFromZemi):
                read_event(body, paid.headers, secret=made.secret)
        with pytest.raises(NotFromZemi):
            read_event(paid.raw, paid.headers | {"webhook-id": "evt_other"}, secret=made.secret)


def test_where_nobody_listens_nothing_was_sent() -> None:
    waits: list[float] = []
    with Zemi(f"http://127.0.0.1:{free_port()}", sleep=waits.append) as zemi, pytest.raises(NotSent):
        zemi.create_order(buyer_phone="0712 000 004", amount=1500, product_description="Kitenge")

    assert len(waits) == 2


def test_deadlines_pass_by_the_client(product: Product) -> None:
    with Zemi(product.base_url, api_key=product.api_key) as zemi:
        played = zemi.run_scenario(scenario="order_expired")
        _wait(lambda: zemi.get_order(played.order_reference).status == "expired")

        assert zemi.read_clock().ahead_s >= 24 * 3600


def test_lists_are_walked_page_by_page(product: Product) -> None:
    async def references() -> list[str]:
        async with AsyncZemi(product.base_url, api_key=product.api_key) as zemi:
            return [
                each.order_reference async for each in zemi.each(zemi.list_orders, limit=1, status="paid")
            ]

    with Zemi(product.base_url, api_key=product.api_key) as zemi:
        made = [zemi.run_scenario(scenario="order_paid").order_reference for _ in range(3)]
        found = [each.order_reference for each in zemi.each(zemi.list_orders, limit=1, status="paid")]
        page = zemi.list_orders(limit=2, status="paid", include="total")

    assert found[:3] == made[::-1], "newest first"
    assert len(set(found)) == len(found) == page.total
    assert len(page.items) == 2
    assert asyncio.run(references()) == found


@pytest.mark.parametrize(
    ("read", "where"),
    [
        (read_bruno, CLIENTS / "bruno"),
        (read_postman, CLIENTS / "postman" / "zemi.postman_collection.json"),
    ],
    ids=["bruno", "postman"],
)
def test_the_main_path_of_a_collection_runs(product: Product, read: Any, where: Path) -> None:
    found, variables = read(where)
    requests: dict[str, Request] = {request.name: request for request in found}
    number = len(where.name)
    variables |= {
        "baseUrl": product.base_url,
        "apiKey": product.api_key,
        "buyerPhone": f"2547130000{number:02d}",
        "sellerPhone": "254722000003",
    }

    assert tuple(requests)[: len(MAIN_PATH)] == MAIN_PATH
    for name in MAIN_PATH:
        if name == "getOrder":
            _wait(lambda: _status(requests["getOrder"], variables) == "paid")
        answer = requests[name].run(variables)
        assert answer.status in {200, 201, 202}, (name, answer.body)
    assert _status(requests["getOrder"], variables) == "completed"


def test_every_request_of_a_collection_is_well_formed(product: Product) -> None:
    """Whatever the state of things: none is refused for its form, its address or its key."""
    found, variables = read_bruno(CLIENTS / "bruno")
    variables |= {"baseUrl": product.base_url, "apiKey": product.api_key}

    for request in found:
        answer = request.run(variables | {"$guid": str(new_key())})
        code = json.loads(answer.body).get("code", "")
        assert code not in {"invalid_input", "method_not_allowed"}, request.name
        # An id that a collection makes up is nobody's.
        assert code != "not_found" or "Id}}" in request.url, request.name
        assert not code.startswith(("json_", "invalid_json", "api_key_invalid", "idempotency")), request.name
        assert answer.status < 500, request.name


@pytest.mark.proof
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node's npm")
def test_answers_have_the_types_that_typescript_is_told(product: Product, tmp_path: Path) -> None:
    """Answers as they came, written into a program: the compiler says whether they are of their types."""
    found, variables = read_postman(CLIENTS / "postman" / "zemi.postman_collection.json")
    variables |= {"baseUrl": product.base_url, "apiKey": product.api_key, "buyerPhone": "254714000001"}
    shutil.copytree(
        CLIENTS / "typescript", tmp_path / "typescript", ignore=shutil.ignore_patterns("node_modules")
    )
    lines = ['import type { Failure, Operations } from "./zemi";']
    paths = {operation.name: operation for operation in _operations()}
    for number, request in enumerate(found):
        answer = request.run(variables | {"$guid": str(new_key())})
        operation = paths[request.name]
        kind = (
            f'Operations["{operation.method} {operation.path}"]["answer"]'
            if answer.status < 300
            else "Failure"
        )
        lines.append(f"export const answer{number}: {kind} = {answer.body.decode()};")
    (tmp_path / "typescript" / "answers.ts").write_text("\n".join(lines))

    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "check"]):
        done = subprocess.run(
            command, cwd=tmp_path / "typescript", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _operations() -> Any:
    from tools.clients.document import read_document

    return read_document().operations


def _status(request: Request, variables: dict[str, str]) -> str:
    return str(json.loads(request.run(variables).body)["data"]["status"])


def _another(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def _wait(arrived: Callable[[], bool]) -> None:
    deadline, pause = time.monotonic() + _PATIENCE_S, threading.Event()
    while not arrived():
        assert time.monotonic() < deadline
        pause.wait(0.1)
