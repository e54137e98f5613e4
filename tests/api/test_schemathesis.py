"""Requests made from the OpenAPI document: no answer of 5xx, and none that it doesn't describe (SAFETY 5d).

Schemathesis makes the requests in its phases coverage and fuzzing; right ones are turned, as often as not, into
requests about orders that exist, so that every operation comes to a success as well.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.generation.hypothesis.builder import (
    HypothesisTestConfig,
    HypothesisTestMode,
    create_test,
)
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests import story
from tests.api.conftest import Api
from tests.api.shop import Shop
from tests.characters import AMINA, BARAKA
from tests.seeds import first_seed
from zemi.api.schema import document
from zemi.common import clock as product_clock
from zemi.common.clock import stamp
from zemi.common.db import unit_of_work
from zemi.common.ids import new_key, public_id
from zemi.common.money import kes
from zemi.common.phone import Phone
from zemi.disbursements.models import HeldReason
from zemi.disbursements.send import hold
from zemi.identity.api_keys import Scope
from zemi.identity.sessions import open_session
from zemi.links.create import create_link
from zemi.links.models import PaymentLink
from zemi.links.tokens import token_of
from zemi.payments.c2b import settle_c2b
from zemi.providers.base import C2BReceipt
from zemi.reconciliation.opening import ensure_opening_float
from zemi.refunds.models import Refund
from zemi.releases.new_code import request_new_code
from zemi.staff.request import request_action
from zemi.webhooks.tokens import CallbackKind, mint

EXAMPLES, EXAMPLES_OF_A_PROOF, REQUESTS_OF_A_PROOF = 3, 20, 10_000
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]
ROLES = ("anonymous", "merchant", "merchant without a scope", "buyer")


# Only its own merchant may call these.
ORDERS_OF_THE_MERCHANT = frozenset({"getTimeline"})
ANSWERS_TO_A_REQUEST = frozenset({"acceptCancel", "declineCancel", "withdrawCancel"})
PAID_ORDERS = ANSWERS_TO_A_REQUEST | {"askForNewCode", "issueNewCode", "askToCancel"}


@dataclass
class World:
    """Orders in every state for requests to be about, made anew as they are used up."""

    clock: Any
    keys: dict[str, str | None]
    shop: Shop
    made: bool = False
    payers: int = 0
    buyers: dict[str, Phone] = field(default_factory=dict)
    requests: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)

    def body(self, operation: str, reference: str) -> dict[str, Any] | None:
        """A body that ought to succeed for an order; None where any body does, or there is none."""
        operation = operation.removesuffix("V1")
        if operation == "requestOtp":
            # An hour later: what others have asked for is no longer counted.
            self.clock.advance(hours=1)
            return {"phone_number": self.payer().msisdn, "purpose": "sign_in"}
        if operation == "signIn":
            return self.proof_of(self.payer(), "sign_in")
        if operation == "cancelOrder":
            return self.proof_of(self.buyers[reference], "cancel_order")
        if operation == "askToCancel":
            return self.proof_of(self.buyers[reference], "cancel_order")
        if operation in ANSWERS_TO_A_REQUEST:
            buyer = self.buyers[reference]
            asks = buyer if operation == "withdrawCancel" else BARAKA
            asked = story.post(
                f"/api/v1/orders/{reference}/cancel-request", self.proof_of(asks, "cancel_order")
            )
            assert asked.status == 200, asked.body
            return self.proof_of(buyer, "cancel_order")
        if operation == "claimReceipt":
            reference, _ = self.order()
            payer = self.buyers[reference]
            number = f"Q{new_key().hex[-9:]}".upper()
            told = C2BReceipt(number, kes(1_500), product_clock.now(), "", payer, "174379")
            assert settle_c2b(told, now=product_clock.now()) == "orphan"
            return {"receipt_number": number, "order_reference": reference} | self.proof_of(
                payer, "claim_receipt"
            )
        if operation == "createOrder":
            return {"buyer_phone": self.payer().msisdn, "amount": 1500, "seller_phone": BARAKA.msisdn}
        if operation == "createLink":
            return {"amount": 1500, "seller_phone": BARAKA.msisdn, "stock": 2, "expires_at": "2027-01-01"}
        if operation == "acceptOffer":
            return {"buyer_phone": self.payer().msisdn, "terms_hash": self.link().terms_hash}
        if operation == "createQuote":
            return {"amount": 1500, "release_policy": "instant"}
        if operation == "createRefund":
            return {"order_reference": self.shop.paid().order_reference, "amount": 1500}
        if operation == "redirectRefund":
            return self.refund_that_can_not_arrive()
        if operation == "issueNewCode":
            self.clock.advance(hours=1)
            request_new_code(order_reference=reference, caller="test", now=product_clock.now())
            return {"otp": story.last_code()}
        if operation == "createApiKey":
            return {"scopes": ["orders"]}
        if operation == "stkPush":
            return {"phone_number": self.payer().msisdn, "amount": 1500, "account_reference": self.order()[0]}
        if operation == "simulatedPayment":
            return {
                "order_reference": self.order()[0],
                "transaction_id": f"T{self.requests:08d}",
                "amount": "1500.00",
                "payment_method": "mpesa",
                "payer_phone": AMINA.msisdn,
            }
        if operation == "confirmDelivery":
            reference, code = self.paid()
            return {"order_reference": reference, "delivery_code": code}
        if operation in {"createWebhookEndpoint", "updateWebhookEndpoint"}:
            return {"url": "http://127.0.0.1:9/hooks", "types": []}
        if operation == "redeliver":
            now = product_clock.now()
            return {"since": stamp(now - timedelta(hours=1)), "until": stamp(now)}
        if operation == "advanceClock":
            return {"seconds": 60}
        if operation == "runScenario":
            return {"scenario": "order_paid"}
        if operation == "b2cPayout":
            reference, code = self.paid()
            assert story.confirm(reference, code).status == 200
            return {"phone_number": BARAKA.msisdn, "amount": 1500, "order_reference": reference}
        return None

    def key(self, role: str) -> str | None:
        """What this caller sends as who they are. A session may end at any request: each is a new one."""
        return open_session(phone=AMINA, now=product_clock.now())[1] if role == "buyer" else self.keys[role]

    def proof_of(self, phone: Phone, purpose: str, *, later: bool = True) -> dict[str, str]:
        """What shows that somebody holds a phone. An hour later, when what others have tried is no longer counted."""
        self.clock.advance(hours=later)
        return {"phone_number": phone.msisdn, "otp": story.code_for(phone, purpose)}

    def refund_that_can_not_arrive(self) -> dict[str, Any]:
        """What sends a refund elsewhere that M-Pesa could not send to the phone that paid."""
        reference, _ = self.order()
        payer, payee, number = self.buyers[reference], self.payer(), f"R{new_key().hex[-9:]}".upper()
        assert story.simulate_payment(reference, number, payer_phone=payer.msisdn).status == 200
        proof, taken = (
            self.proof_of(payer, "redirect_refund"),
            self.proof_of(payee, "receive_refund", later=False),
        )
        now = product_clock.now()
        payload = {"order": reference, "amount": "1500.00", "bearer": "seller"}
        request_action("refund", payload, maker="test", reason="test", now=now)
        with unit_of_work():
            hold(Refund.objects.get(order__order_reference=reference), HeldReason.WALLET_FULL, now=now)
        return {
            "receipt_number": number,
            "new_phone_number": taken["phone_number"],
            "new_otp": taken["otp"],
        } | proof

    def order_for(self, operation: str) -> str:
        """An order that this operation succeeds for."""
        if operation in ORDERS_OF_THE_MERCHANT:
            return self.shop.order().order_reference
        return (self.paid() if operation in PAID_ORDERS else self.order())[0]

    def object_id(self, path: str) -> str:
        """The id of an object of the merchant's that stands at this path."""
        if not self.made:
            self.shop.one_of_each()
            self.made = True
        [newest] = self.shop.get(f"{path.split('/')[3]}?limit=1").body["data"]
        return str(newest["id"])

    def endpoint_ids(self) -> tuple[str, str]:
        """A new endpoint for events instead of the last one, of which a merchant has 16, and its one delivery."""
        for old in self.shop.get("webhook_endpoints").body["data"]:
            self.shop.post(f"webhook_endpoints/{old['id']}/delete", {})
        body, key = {"url": "http://127.0.0.1:9/hooks"}, new_key().hex
        endpoint = self.shop.post("webhook_endpoints", body, idempotency_key=key).data["id"]
        return endpoint, self.shop.post(f"webhook_endpoints/{endpoint}/ping", {}).data["id"]

    def link(self) -> PaymentLink:
        """A payment link of the merchant's, always of the same terms."""
        self.clock.advance(hours=1)
        return create_link(
            amount=kes(1_500),
            product_description="Kitenge",
            seller_phone=BARAKA,
            merchant_id=self.shop.merchant_id,
            now=product_clock.now(),
        )

    def payer(self) -> Phone:
        """Somebody who has not been asked to pay yet."""
        self.payers += 1
        return Phone(f"+2547{20_000_000 + self.payers}")

    def order(self) -> tuple[str, str]:
        """An order that awaits its payment, and its code."""
        buyer = self.payer()
        answer = story.create_order(buyer=buyer)
        self.buyers[answer.data["order_reference"]] = buyer
        return answer.data["order_reference"], answer.data["delivery_code"]

    def table(self, title: str) -> str:
        """The answers per operation, for people."""
        lines = [f"{title}: {self.requests} requests"]
        lines += [f"  {count:>6}  {status}  {name}" for (name, status), count in sorted(self.answers.items())]
        return "\n".join(lines)

    def paid(self) -> tuple[str, str]:
        """A paid order."""
        reference, code = self.order()
        assert story.simulate_payment(reference, f"P{new_key().hex[-12:]}").status == 200
        return reference, code


@pytest.fixture
def world(db: None, clock: Any, simulator: Any, settings: Any) -> World:
    settings.CODE_BUDGET = settings.LOOKUP_BUDGET = 1_000_000
    ensure_opening_float(now=clock.now())
    keys = {
        "anonymous": None,
        "merchant": story.key_with(*Scope, merchant="Duka la Chebet"),
        "merchant without a scope": story.key_with(merchant="Soko"),
    }
    key = keys["merchant"]
    assert key is not None
    return World(clock, keys, Shop(Api(Client()), clock, key))


@pytest.fixture
def schema(wsgi_application: Any) -> Any:
    loaded = schemathesis.openapi.from_dict(document())
    loaded.app = wsgi_application
    return loaded


def ask_everything(schema: Any, world: World, role: str, *, examples: int, seed: int | None) -> None:
    """Send the requests of one caller to every operation, each held against the document.

    With a seed also what goes once through every word of the document, which takes minutes.
    """
    for found in schema.get_all_operations():
        operation = found.ok()
        _ask(operation, schema, world, role, examples=examples, seed=seed)


def _ask(operation: Any, schema: Any, world: World, role: str, *, examples: int, seed: int | None) -> None:
    name = operation.definition.raw["operationId"]

    def send(case: Any) -> None:
        world.requests += 1
        is_right = case.meta is not None and case.meta.generation.mode.is_positive
        if is_right and case.method.lower() == operation.method:
            # Every other one, and the first of each caller.
            world.right[role, name] += 1
            if world.right[role, name] % 2:
                _make_it_real(case, name, world)
        key = world.key(role)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = case.call(headers=headers)
        world.answers[name, response.status_code] += 1
        world.asked[role, name] += 1
        case.validate_response(response, checks=CHECKS, headers=headers)
        # A prompt a minute, a budget per hour: time goes on.
        world.clock.advance(seconds=1)

    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    config = HypothesisTestConfig(
        project=schema.config,
        modes=[HypothesisTestMode.FUZZING, *([HypothesisTestMode.COVERAGE] if seed is not None else [])],
        settings=settings,
        seed=seed,
    )
    create_test(operation=operation, test_func=send, config=config)()


def _make_it_real(case: Any, name: str, world: World) -> None:
    # Their words are the domain's business: any of the right form may be refused.
    for parameter in ("expand", "cursor"):
        case.query.pop(parameter, None)
    if "order_reference" in case.path_parameters:
        case.path_parameters["order_reference"] = world.order_for(name.removesuffix("V1"))
    if "object_id" in case.path_parameters:
        case.path_parameters["object_id"] = world.object_id(case.path)
    if "event_id" in case.path_parameters:
        case.path_parameters["event_id"] = world.object_id(case.path)
    if "endpoint_id" in case.path_parameters:
        endpoint, delivery = world.endpoint_ids()
        wanted = {"endpoint_id": endpoint, "delivery_id": delivery}
        case.path_parameters |= {name: wanted[name] for name in wanted if name in case.path_parameters}
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = new_key().hex
    if "token" in case.path_parameters:
        is_link = "/links/" in case.path
        case.path_parameters["token"] = (
            token_of(world.link()) if is_link else mint(CallbackKind.STK, new_key())
        )
    if "link_id" in case.path_parameters:
        case.path_parameters["link_id"] = public_id("link", world.link().id)
    if "key_id" in case.path_parameters:
        # The eight characters by which people tell a key from others.
        case.path_parameters["key_id"] = story.key_with(Scope.READ, merchant="Duka la Chebet").split("_")[2]
    body = world.body(name, case.path_parameters.get("order_reference", ""))
    if body is not None and isinstance(case.body, dict):
        case.body = case.body | body


def assert_nothing_is_owed(schema: Any, world: World) -> None:
    operations = {found.ok().definition.raw["operationId"] for found in schema.get_all_operations()}
    succeeded = {name for name, status in world.answers if 200 <= status < 300}
    # Documented refusals too (503 provider_unreachable): the simulator is there the whole time.
    broken = {answer: count for answer, count in world.answers.items() if answer[1] >= 500}

    assert broken == {}
    missed = operations - succeeded
    assert missed == set(), "these never came to a success"
    assert {role for role, _ in world.asked} == set(ROLES)
    story.assert_books_agree(with_provider=False)


@pytest.mark.long
@pytest.mark.once
def test_requests_made_from_the_document_are_answered_as_it_says(schema: Any, world: World) -> None:
    for role in ROLES:
        ask_everything(schema, world, role, examples=EXAMPLES, seed=None)

    assert_nothing_is_owed(schema, world)


@pytest.mark.long
@pytest.mark.proof
def test_thousands_of_requests_made_from_the_document_are_answered_as_it_says(
    schema: Any, world: World, run_worker: Callable[[], int], record_property: Callable[[str, object], None]
) -> None:
    wanted = int(os.environ.get("ZEMI_SCHEMATHESIS_REQUESTS", REQUESTS_OF_A_PROOF))
    examples = EXAMPLES_OF_A_PROOF if wanted >= REQUESTS_OF_A_PROOF else EXAMPLES
    seed = first = first_seed()

    while world.requests < wanted:
        for role in ROLES:
            ask_everything(schema, world, role, examples=examples, seed=seed)
            run_worker()
        seed += 1

    record_property("report", world.table(f"schemathesis, ZEMI_TEST_SEED={first}, last {seed - 1}"))
    assert_nothing_is_owed(schema, world)
