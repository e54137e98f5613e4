"""The requests of a collection: each operation with values that make it work, in an order in which they can be run.

`{{name}}` is a variable. What an answer tells (a reference, a code) is kept in variables by the request's `keeps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.clients.document import Document, Operation, Parameter
from zemi.common.json_schema import example_of

# The way of one order: read it until it is paid, then confirm. Every other operation follows, by tag and name.
MAIN_PATH = ("createOrder", "stkPush", "getOrder", "confirmDelivery", "b2cPayout")

# What nobody can make up.
VARIABLES = {
    "baseUrl": "http://localhost:8000",
    "apiKey": "zk_test_...",
    "buyerPhone": "254712345678",
    "sellerPhone": "254722000111",
    "transactionId": "QHJ41HG1W8",
    "orderReference": "ZEM-7K2M9QXA",
    "deliveryCode": "847263",
}

_VALUES: Mapping[str, Any] = {
    "order_reference": "{{orderReference}}",
    "account_reference": "{{orderReference}}",
    "buyer_phone": "{{buyerPhone}}",
    "payer_phone": "{{buyerPhone}}",
    "seller_phone": "{{sellerPhone}}",
    "delivery_code": "{{deliveryCode}}",
    "transaction_id": "{{transactionId}}",
    "amount": "1500.00",
}
# Where one name means different things.
_BY_OPERATION: Mapping[str, Mapping[str, Any]] = {
    "stkPush": {"phone_number": "{{buyerPhone}}"},
    "b2cPayout": {"phone_number": "{{sellerPhone}}"},
    "requestOtp": {"phone_number": "{{buyerPhone}}"},
    "simulatedPayment": {"payment_method": "mpesa"},
}
# The buyer makes the order, without a key, and is told its code; the merchant's own orders tell it to nobody.
_WITHOUT_KEY = frozenset({"createOrder", "confirmDelivery", "simulatedPayment", "stkPush", "requestOtp"})
_KEEPS = {"createOrder": {"orderReference": "order_reference", "deliveryCode": "delivery_code"}}


@dataclass(frozen=True, slots=True)
class Example:
    """One request of a collection. `keeps`: variable -> field of the answer's data."""

    operation: Operation
    number: int
    path: str
    body: Mapping[str, Any] | None
    with_key: bool
    keeps: Mapping[str, str] = field(default_factory=dict)


def examples(document: Document) -> list[Example]:
    """One for each operation, the main path first; of the others all have the same number, so that a new one moves none."""
    order = {name: number for number, name in enumerate(MAIN_PATH, start=1)}
    last = len(order) + 1
    found = [_example(operation, order.get(operation.name, last)) for operation in document.operations]
    return sorted(found, key=lambda each: (each.number, each.operation.tag, each.operation.name))


def variables(document: Document) -> dict[str, str]:
    """What a collection begins with: a value for everything that its requests name."""
    named = {
        _camel(each.name): str(example_of(each.schema))
        for operation in document.operations
        for each in operation.in_path
        if each.name not in _VALUES
    }
    return {**VARIABLES, **dict(sorted(named.items()))}


def _example(operation: Operation, number: int) -> Example:
    path = operation.path
    for each in operation.in_path:
        path = path.replace(f"{{{each.name}}}", str(_VALUES.get(each.name, f"{{{{{_camel(each.name)}}}}}")))
    values = {**_VALUES, **_BY_OPERATION.get(operation.name, {})}
    wanted = [each for each in operation.in_body if each.is_required or each.name in values]
    return Example(
        operation=operation,
        number=number,
        path=path,
        body={each.name: _value(each, values) for each in wanted} if operation.has_body else None,
        with_key=operation.name not in _WITHOUT_KEY,
        keeps=_KEEPS.get(operation.name, {}),
    )


def _value(parameter: Parameter, values: Mapping[str, Any]) -> Any:
    return values[parameter.name] if parameter.name in values else example_of(parameter.schema)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
