"""Objects over HTTP, a merchant's or a person's own: lists, and each object by its id."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Access, KeyOrSession, NeedsScope, asker_of
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


def query_shape(name: str, fields: Mapping[str, Value]) -> type[Shape]:
    """Make the shape of a list's query from a mapping, because of names that are none in Python."""
    return type(name, (Shape,), {"__doc__": "Which ones are wanted.", "__module__": __name__, **fields})


def page_fields() -> dict[str, Value]:
    """How much of a list is wanted, and from where on."""
    return {
        "limit": QueryNumberField(
            least=1,
            most=MOST,
            example=USUAL_LIMIT,
            required=False,
            help_text=f"How many at once; {USUAL_LIMIT} if not said.",
        ),
        "cursor": cursor_field(),
    }


def cursor_field() -> TextField:
    """From where on."""
    return TextField(most=200, required=False, help_text="meta.next_cursor of the page before.")


def created_fields() -> dict[str, Value]:
    """Of which time those are that are wanted."""
    return {
        "created[gte]": TimeField(required=False, help_text="Not older than this."),
        "created[lt]": TimeField(required=False, help_text="Older than this."),
    }


def list_query(name: str, *, statuses: tuple[str, ...] = (), of_orders: bool = False) -> type[Shape]:
    """The query of one list. Of orders no `order` can be asked for, and of transfers no `status`."""
    fields = {
        **page_fields(),
        **created_fields(),
        "reference": TextField(most=64, required=False, help_text="The merchant's own number of the order."),
        "include": OneOfField("total", required=False, help_text="total: say how many there are in all."),
        "expand": ExpandField(required=False, help_text="Parts to show whole instead of by id."),
    }
    if statuses:
        fields["status"] = OneOfField(*statuses, required=False)
    if not of_orders:
        fields["order"] = ReferenceField(required=False, help_text="The order's reference.")
    return query_shape(name, fields)


class ListObjects(Endpoint):
    """List the caller's own objects of one kind, newest first."""

    access: ClassVar[Access] = KeyOrSession(Scope.READ)
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
        page = list_objects(self.kind, asker=asker_of(request), wish=wish, expand=expand)
        return self.answer_page(page, limit=wish.limit)


class GetObject(Endpoint):
    """Read one of the caller's own objects."""

    access: ClassVar[Access] = KeyOrSession(Scope.READ)
    query = ExpandQuery
    errors = (ObjectNotFound, ExpandUnknown)
    kind: ClassVar[str]

    def get(self, request: Request, object_id: str) -> Response:
        """Read it."""
        expand = read_expand(self.kind, self.read_query(request).get("expand", ()))
        found = read_object(self.kind, asker=asker_of(request), public_id=object_id, expand=expand)
        return self.answer(found)


class ListOrders(ListObjects):
    """List orders, newest first: a merchant's by its key, those that one buys or sells as signed in."""

    kind = "order"
    query = list_query("OrdersQuery", statuses=tuple(OrderStatus.values), of_orders=True)
    output = OrderData


class OfPayments:
    """What addresses of payments have in common."""

    kind = "payment"
    tag = "payments"
    output: ClassVar[type[Shape] | None] = PaymentData


class ListPayments(OfPayments, ListObjects):
    """List attempts to collect, newest first."""

    query = list_query("PaymentsQuery", statuses=tuple(PaymentStatus.values))


class GetPayment(OfPayments, GetObject):
    """Read an attempt to collect."""


class OfReceipts:
    """What addresses of receipts have in common."""

    kind = "receipt"
    tag = "payments"
    output: ClassVar[type[Shape] | None] = ReceiptData


class ListReceipts(OfReceipts, ListObjects):
    """List what came for orders, newest first."""

    query = list_query("ReceiptsQuery", statuses=tuple(ReceiptStatus.values))


class GetReceipt(OfReceipts, GetObject):
    """Read a receipt."""


class OfPayouts:
    """What addresses of payouts have in common."""

    kind = "payout"
    tag = "payouts"
    output: ClassVar[type[Shape] | None] = PayoutData


class ListPayouts(OfPayouts, ListObjects):
    """List payouts to sellers, newest first: as signed in, those to oneself. `expand=attempts` shows each try."""

    query = list_query("PayoutsQuery", statuses=tuple(DisbursementStatus.values))


class GetPayout(OfPayouts, GetObject):
    """Read a payout. `expand=attempts` shows each try to send it."""


class OfRefunds:
    """What addresses of refunds have in common."""

    kind = "refund"
    tag = "refunds"
    output: ClassVar[type[Shape] | None] = RefundData


class ListRefunds(OfRefunds, ListObjects):
    """List refunds, newest first: as signed in, those of one's orders, and of what one paid, for whomever."""

    query = list_query("RefundsQuery", statuses=tuple(DisbursementStatus.values))


class GetRefund(OfRefunds, GetObject):
    """Read a refund."""


class OfTransfers:
    """What addresses of transfers have in common: the books are a merchant's alone to see."""

    access: ClassVar[Access] = NeedsScope(Scope.READ)
    kind = "transfer"
    tag = "ledger"
    output: ClassVar[type[Shape] | None] = TransferData


class ListTransfers(OfTransfers, ListObjects):
    """List the ledger's transfers for a merchant's orders, newest first."""

    query = list_query("TransfersQuery")


class GetTransfer(OfTransfers, GetObject):
    """Read a transfer of the ledger."""
