"""A merchant's objects over HTTP: lists, and each object by its id."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import NeedsScope, merchant_of
from zemi.api.endpoint import Endpoint, Shape
from zemi.api.fields import (
    ExpandField,
    QueryNumberField,
    ReferenceField,
    TextField,
    TimeField,
    Value,
    WordField,
)
from zemi.api.shapes import (
    ExpandQuery,
    OrderData,
    PaymentData,
    PayoutData,
    ReceiptData,
    RefundData,
    TransferData,
)
from zemi.common.texts import Text
from zemi.disbursements.models import DisbursementStatus
from zemi.identity.api_keys import Scope
from zemi.orders.models import OrderStatus
from zemi.payments.models import PaymentStatus, ReceiptStatus
from zemi.snapshots.errors import CursorInvalid, ExpandUnknown, ObjectNotFound
from zemi.snapshots.lists import MOST, USUAL_LIMIT, Wish, list_objects, read_object
from zemi.snapshots.objects import read_expand

_TOTAL = Text(en="Only total can be included.", sw="Ni total tu inayoweza kujumuishwa.")


class OneOfField(WordField):
    """One of some known words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(
            pattern="|".join(words),
            most=40,
            sentence=Text(en=f"This is one of {', '.join(words)}.", sw=f"Hii ni moja ya {', '.join(words)}."),
            **kwargs,
        )
        self.words = words

    def openapi(self) -> dict[str, Any]:
        """Those words."""
        return {"type": "string", "enum": list(self.words)}


def list_query(name: str, *, statuses: tuple[str, ...] = (), of_orders: bool = False) -> type[Shape]:
    """The query of one list. Of orders no `order` can be asked for, and of transfers no `status`."""
    fields: dict[str, Value] = {
        "limit": QueryNumberField(
            least=1,
            most=MOST,
            example=USUAL_LIMIT,
            required=False,
            help_text=f"How many at once; {USUAL_LIMIT} if not said.",
        ),
        "cursor": TextField(most=200, required=False, help_text="meta.next_cursor of the page before."),
        "created[gte]": TimeField(required=False, help_text="Not older than this."),
        "created[lt]": TimeField(required=False, help_text="Older than this."),
        "reference": TextField(most=64, required=False, help_text="The merchant's own number of the order."),
        "include": OneOfField("total", required=False, help_text="total: say how many there are in all."),
        "expand": ExpandField(required=False, help_text="Parts to show whole instead of by id."),
    }
    if statuses:
        fields["status"] = OneOfField(*statuses, required=False)
    if not of_orders:
        fields["order"] = ReferenceField(required=False, help_text="The order's reference.")
    return type(name, (Shape,), {"__doc__": "Which ones are wanted.", "__module__": __name__, **fields})


class ListObjects(Endpoint):
    """List a merchant's objects of one kind, newest first."""

    access = NeedsScope(Scope.READ)
    lists = True
    errors = (CursorInvalid, ExpandUnknown)
    kind: ClassVar[str]

    def get(self, request: Request) -> Response:
        """List them."""
        given = self.read_query(request)
        wish = Wish(
            limit=given.get("limit", USUAL_LIMIT),
            cursor=given.get("cursor", ""),
            created_from=given.get("created[gte]"),
            created_until=given.get("created[lt]"),
            status=given.get("status", ""),
            order=given.get("order", ""),
            reference=given.get("reference", ""),
            with_total="include" in given,
        )
        expand = read_expand(self.kind, given.get("expand", ()))
        page = list_objects(self.kind, merchant_id=merchant_of(request), wish=wish, expand=expand)
        return self.answer_page(page, limit=wish.limit)


class GetObject(Endpoint):
    """Read one of a merchant's objects."""

    access = NeedsScope(Scope.READ)
    query = ExpandQuery
    errors = (ObjectNotFound, ExpandUnknown)
    kind: ClassVar[str]

    def get(self, request: Request, object_id: str) -> Response:
        """Read it."""
        expand = read_expand(self.kind, self.read_query(request).get("expand", ()))
        found = read_object(self.kind, merchant_id=merchant_of(request), public_id=object_id, expand=expand)
        return self.answer(found)


class ListOrders(ListObjects):
    """List orders, newest first."""

    kind = "order"
    query = list_query("OrdersQuery", statuses=tuple(OrderStatus.values), of_orders=True)
    output = OrderData


class ListPayments(ListObjects):
    """List attempts to collect, newest first."""

    kind = "payment"
    tag = "payments"
    query = list_query("PaymentsQuery", statuses=tuple(PaymentStatus.values))
    output = PaymentData


class GetPayment(GetObject):
    """Read an attempt to collect."""

    kind = "payment"
    tag = "payments"
    output = PaymentData


class ListReceipts(ListObjects):
    """List what came for orders, newest first."""

    kind = "receipt"
    tag = "payments"
    query = list_query("ReceiptsQuery", statuses=tuple(ReceiptStatus.values))
    output = ReceiptData


class GetReceipt(GetObject):
    """Read a receipt."""

    kind = "receipt"
    tag = "payments"
    output = ReceiptData


class ListPayouts(ListObjects):
    """List payouts to sellers, newest first. `expand=attempts` shows each try to send them."""

    kind = "payout"
    tag = "payouts"
    query = list_query("PayoutsQuery", statuses=tuple(DisbursementStatus.values))
    output = PayoutData


class GetPayout(GetObject):
    """Read a payout. `expand=attempts` shows each try to send it."""

    kind = "payout"
    tag = "payouts"
    output = PayoutData


class ListRefunds(ListObjects):
    """List refunds, newest first."""

    kind = "refund"
    tag = "refunds"
    query = list_query("RefundsQuery", statuses=tuple(DisbursementStatus.values))
    output = RefundData


class GetRefund(GetObject):
    """Read a refund."""

    kind = "refund"
    tag = "refunds"
    output = RefundData


class ListTransfers(ListObjects):
    """List the ledger's transfers for a merchant's orders, newest first."""

    kind = "transfer"
    tag = "ledger"
    query = list_query("TransfersQuery")
    output = TransferData


class GetTransfer(GetObject):
    """Read a transfer of the ledger."""

    kind = "transfer"
    tag = "ledger"
    output = TransferData
