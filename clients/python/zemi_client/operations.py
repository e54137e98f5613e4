"""What can be asked of Zemi. Generated from docs/openapi.json by `python -m tools.clients` (`make fix`)."""

from collections.abc import Mapping
from typing import Any, TypeVar

from zemi_client.core import Amount, Call, Page, segment
from zemi_client.models import (
    ApiKey,
    B2cPayout,
    Balance,
    Cancelled,
    Claim,
    Clock,
    Confirmation,
    CreatedOrder,
    Deleted,
    Event,
    Link,
    Negotiated,
    NewApiKey,
    NewCode,
    NewCodeOtp,
    Offer,
    Order,
    Otp,
    Payment,
    Payout,
    Quote,
    Receipt,
    RedirectRefund,
    Refund,
    RefundAsked,
    Replay,
    ScenarioList,
    ScenarioRun,
    Session,
    SignedOut,
    SimulatedPayment,
    Statement,
    StkPush,
    Timeline,
    Transfer,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)

T = TypeVar("T")


class Operations:
    """Every operation, one call each."""

    def _call(self, call: Call[T]) -> T:
        raise NotImplementedError

    def create_api_key(
        self,
        *,
        scopes: list[str],
        name: str | None = None,
        lifetime_days: int | None = None,
        idempotency_key: str,
    ) -> NewApiKey:
        """Make another key. It can't be given a scope that your own key lacks.

        lifetime_days: Days after which it ends by itself; default never.

        Scope: keys.
        """
        return self._call(
            Call[NewApiKey](
                method="POST",
                path="/api/v1/api_keys",
                returns=NewApiKey,
                body={"scopes": scopes, "name": name, "lifetime_days": lifetime_days},
                idempotency_key=idempotency_key,
            )
        )

    def list_api_keys(self) -> Page[ApiKey]:
        """List your keys, also those that are over; the newest first.

        Scope: keys.
        """
        return self._call(
            Call[Page[ApiKey]](method="GET", path="/api/v1/api_keys", returns=ApiKey, is_list=True)
        )

    def revoke_api_key(self, key_id: str, *, idempotency_key: str) -> ApiKey:
        """End a key at once and for ever, your own too.

        Scope: keys.
        """
        return self._call(
            Call[ApiKey](
                method="POST",
                path=f"/api/v1/api_keys/{segment(key_id)}/revoke",
                returns=ApiKey,
                idempotency_key=idempotency_key,
            )
        )

    def rotate_api_key(
        self, key_id: str, *, overlap_hours: int | None = None, idempotency_key: str
    ) -> NewApiKey:
        """Replace a key by a new one with the same scopes; for a while both are good.

        overlap_hours: Hours that the old key goes on; default 24.

        Scope: keys.
        """
        return self._call(
            Call[NewApiKey](
                method="POST",
                path=f"/api/v1/api_keys/{segment(key_id)}/rotate",
                returns=NewApiKey,
                body={"overlap_hours": overlap_hours},
                idempotency_key=idempotency_key,
            )
        )

    def request_otp(
        self, *, phone_number: str | int, purpose: str, idempotency_key: str | None = None
    ) -> Otp:
        """Have a one-time code texted to a phone. It opens one thing, once, within ten minutes."""
        return self._call(
            Call[Otp](
                method="POST",
                path="/api/v1/otp",
                returns=Otp,
                body={"phone_number": phone_number, "purpose": purpose},
                idempotency_key=idempotency_key,
            )
        )

    def sign_in(self, *, phone_number: str | int, otp: str, idempotency_key: str | None = None) -> Session:
        """Exchange a one-time code for a session of a person.

        The code proves the phone; the session is short, and opens that phone's own orders.
        """
        return self._call(
            Call[Session](
                method="POST",
                path="/api/v1/sessions",
                returns=Session,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def sign_out(self, *, idempotency_key: str | None = None) -> SignedOut:
        """End the session whose token is sent."""
        return self._call(
            Call[SignedOut](
                method="POST", path="/api/v1/sessions/end", returns=SignedOut, idempotency_key=idempotency_key
            )
        )

    def get_balance(self) -> Balance:
        """Read balances.

        A merchant sees the client money in its orders: held, on its way to sellers, on its way back. A
        seller who is
        signed in sees what can be paid out, what is kept in reserve, and what is owed.

        Scope: read.
        """
        return self._call(Call[Balance](method="GET", path="/api/v1/balances", returns=Balance))

    def get_statement(self, *, from_: str | None = None, until: str | None = None) -> Statement:
        """Read a statement of a period.

        The lines of the ledger themselves are at transfers, and in the statement's CSV.

        from_: The first moment; the first of this month in Nairobi if not said.
        until: The moment after the last; now if not said.

        Scope: read.
        """
        return self._call(
            Call[Statement](
                method="GET",
                path="/api/v1/statements",
                returns=Statement,
                query={"from": from_, "until": until},
            )
        )

    def get_transfer(self, object_id: str, *, expand: str | None = None) -> Transfer:
        """Read a transfer of the ledger.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return self._call(
            Call[Transfer](
                method="GET",
                path=f"/api/v1/transfers/{segment(object_id)}",
                returns=Transfer,
                query={"expand": expand},
            )
        )

    def list_transfers(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
    ) -> Page[Transfer]:
        """List the ledger's transfers for a merchant's orders, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Transfer]](
                method="GET",
                path="/api/v1/transfers",
                returns=Transfer,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                },
            )
        )

    def accept_offer(
        self, token: str, *, buyer_phone: str | int, terms_hash: str, idempotency_key: str | None = None
    ) -> CreatedOrder:
        """Make the order that a payment link offers, on the terms that it has frozen.

        The delivery code stands in this answer, once. In live mode the buyer is signed in with the phone
        that is named here.

        buyer_phone: The buyer's mobile number. The delivery code goes there by SMS once it is paid.
        terms_hash: That of the offer which the buyer has seen: by sending it the buyer agrees to its terms.
        """
        return self._call(
            Call[CreatedOrder](
                method="POST",
                path=f"/api/v1/links/{segment(token)}/accept",
                returns=CreatedOrder,
                body={"buyer_phone": buyer_phone, "terms_hash": terms_hash},
                idempotency_key=idempotency_key,
            )
        )

    def create_link(
        self,
        *,
        amount: Amount,
        product_description: str,
        seller_phone: str | int | None = None,
        release_policy: str | None = None,
        stock: int | None = None,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
    ) -> Link:
        """Make a payment link. Its terms are frozen now: every order that is made by it has them.

        The token at the end of its `url` opens the offer: show it to the buyer, whose phone completes the
        order by it.

        amount: The price in Kenyan shillings, whole shillings only.
        seller_phone: Where the money goes. A merchant has to say it; a person sells for the phone that
        signed in.
        stock: How many orders can be made by it; 1 if not said.
        expires_at: When it ends; never, if not said.

        Scope: orders.
        """
        return self._call(
            Call[Link](
                method="POST",
                path="/api/v1/links",
                returns=Link,
                body={
                    "amount": amount,
                    "product_description": product_description,
                    "seller_phone": seller_phone,
                    "release_policy": release_policy,
                    "stock": stock,
                    "expires_at": expires_at,
                },
                idempotency_key=idempotency_key,
            )
        )

    def disable_link(self, link_id: str, *, idempotency_key: str | None = None) -> Link:
        """Stop a payment link: no further order is made by it. Orders that were made go on.

        Scope: orders.
        """
        return self._call(
            Call[Link](
                method="POST",
                path=f"/api/v1/links/{segment(link_id)}/disable",
                returns=Link,
                idempotency_key=idempotency_key,
            )
        )

    def get_link(self, link_id: str) -> Link:
        """Read one of your payment links.

        Scope: read.
        """
        return self._call(Call[Link](method="GET", path=f"/api/v1/links/{segment(link_id)}", returns=Link))

    def get_offer(self, token: str) -> Offer:
        """Read what a payment link offers, by the token at the end of its address."""
        return self._call(
            Call[Offer](method="GET", path=f"/api/v1/links/{segment(token)}/offer", returns=Offer)
        )

    def list_links(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        status: str | None = None,
    ) -> Page[Link]:
        """List your payment links, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.

        Scope: read.
        """
        return self._call(
            Call[Page[Link]](
                method="GET",
                path="/api/v1/links",
                returns=Link,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "include": include,
                    "limit": limit,
                    "status": status,
                },
            )
        )

    def accept_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Accept the other side's request to cancel: the order is off, and all of the money goes back."""
        return self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/accept",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def ask_for_new_code(self, order_reference: str) -> NewCodeOtp:
        """Have a one-time code texted to the buyer of a paid order who has lost the delivery code."""
        return self._call(
            Call[NewCodeOtp](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/new-code/otp",
                returns=NewCodeOtp,
            )
        )

    def ask_to_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Ask the other side to cancel a paid order.

        Its buyer asks the seller, or its seller the buyer. They are told by SMS and can answer until
        `answer_until`; then
        the request lapses, and the order goes on as before. Who asks when the other has asked already
        accepts: then the
        order is off, and all of the money goes back.
        """
        return self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def cancel_order(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Cancelled:
        """Call off an order that is not paid; its seller also one that is paid, and all of the money goes
        back.

        Merchants cancel their own orders by their key; buyer and seller as signed in, or by a one-time code
        (purpose
        cancel_order).
        A buyer who wants to call a paid order off asks the seller (cancel-request).
        A prompt that is on a phone ends by itself; if it is paid all the same, that money goes back.

        Scope: orders.
        """
        return self._call(
            Call[Cancelled](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel",
                returns=Cancelled,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def confirm_delivery(
        self, *, order_reference: str, delivery_code: str, idempotency_key: str | None = None
    ) -> Confirmation:
        """Release the money to the seller by giving the buyer's delivery code.

        Three wrong codes within 15 minutes lock the order for an hour. An unknown order and a wrong code
        get the
        same answer.
        """
        return self._call(
            Call[Confirmation](
                method="POST",
                path="/api/v1/orders/confirm-delivery",
                returns=Confirmation,
                body={"order_reference": order_reference, "delivery_code": delivery_code},
                idempotency_key=idempotency_key,
            )
        )

    def create_order(
        self,
        *,
        buyer_phone: str | int,
        amount: Amount,
        product_description: str,
        seller_phone: str | int | None = None,
        release_policy: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_pii: bool | None = None,
        reference: str | None = None,
        quote: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedOrder:
        """Create an order.

        Without an API key the buyer makes it and gets the delivery code in this answer, once; in live mode
        the buyer
        is signed in with the phone that the order names. With a key (scope
        `orders`) the merchant makes it, and the buyer gets the code by SMS when the order is paid.

        buyer_phone: The buyer's mobile number. The delivery code goes there by SMS once it is paid.
        amount: The price in Kenyan shillings, whole shillings only.
        seller_phone: Where the money goes. Required in live mode; in sandbox the buyer stands in.
        metadata: At most 8 kB in all; no phone numbers, e-mail addresses or ID numbers, unless `allow_pii`
        is true.
        allow_pii: True: the metadata may hold what looks like personal data. You answer for it: it is
        stored in the clear and sent in events.
        reference: A merchant's own number, unique per merchant.
        quote: The id of a quote, whose terms are kept.

        Scope: orders.
        """
        return self._call(
            Call[CreatedOrder](
                method="POST",
                path="/api/v1/orders/create",
                returns=CreatedOrder,
                body={
                    "buyer_phone": buyer_phone,
                    "amount": amount,
                    "product_description": product_description,
                    "seller_phone": seller_phone,
                    "release_policy": release_policy,
                    "metadata": metadata,
                    "allow_pii": allow_pii,
                    "reference": reference,
                    "quote": quote,
                },
                idempotency_key=idempotency_key,
            )
        )

    def decline_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Decline the other side's request to cancel: the order goes on, and its money stays held."""
        return self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/decline",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def get_order(self, order_reference: str, *, expand: str | None = None) -> Order:
        """Read an order.

        Its state, whose turn it is, and of the buyer's number the last four digits: nothing else is open.
        Its own
        merchant (by a key with the scope `read`), buyer and seller see all of it, and so does whoever has
        its link, but for
        what is the merchant's alone. With an API key, orders of other merchants are not found.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.
        """
        return self._call(
            Call[Order](
                method="GET",
                path=f"/api/v1/orders/{segment(order_reference)}",
                returns=Order,
                query={"expand": expand},
            )
        )

    def get_timeline(
        self, order_reference: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[Timeline]:
        """Read everything that happened to an order, oldest first: its timeline, 1000 events at once.

        For its merchant, its buyer and its seller.

        cursor: meta.next_cursor of the page before.
        limit: How many at once; 1000 if not said.

        Scope: read.
        """
        return self._call(
            Call[Page[Timeline]](
                method="GET",
                path=f"/api/v1/orders/{segment(order_reference)}/timeline",
                returns=Timeline,
                is_list=True,
                query={"cursor": cursor, "limit": limit},
            )
        )

    def issue_new_code(self, order_reference: str, *, otp: str) -> NewCode:
        """Give the buyer a new delivery code, shown here once and texted; the old one, and its lock, end."""
        return self._call(
            Call[NewCode](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/new-code",
                returns=NewCode,
                body={"otp": otp},
            )
        )

    def list_orders(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Order]:
        """List orders, newest first: a merchant's by its key, those that one buys or sells as signed in.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Order]](
                method="GET",
                path="/api/v1/orders",
                returns=Order,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    def withdraw_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Take the own request to cancel back, before it is answered."""
        return self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/withdraw",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    def b2c_payout(
        self,
        *,
        phone_number: str | int,
        amount: Amount,
        order_reference: str,
        idempotency_key: str | None = None,
    ) -> B2cPayout:
        """Pay the seller of an order by M-Pesa.

        Payouts arise by themselves when a delivery is confirmed. This sends one that still waits, and
        answers one
        that was sent already: it never pays twice.

        phone_number: The order's seller.
        amount: What is released to the seller.

        Scope: payouts.
        """
        return self._call(
            Call[B2cPayout](
                method="POST",
                path="/api/v1/payments/mpesa/b2c-payout",
                returns=B2cPayout,
                body={"phone_number": phone_number, "amount": amount, "order_reference": order_reference},
                idempotency_key=idempotency_key,
            )
        )

    def claim_receipt(
        self,
        *,
        receipt_number: str,
        order_reference: str,
        phone_number: str | int,
        otp: str,
        idempotency_key: str | None = None,
    ) -> Claim:
        """Claim money that was paid by hand and named no order.

        It goes to the order; if that can't take it, back to the phone that paid.
        """
        return self._call(
            Call[Claim](
                method="POST",
                path="/api/v1/receipts/claim",
                returns=Claim,
                body={
                    "receipt_number": receipt_number,
                    "order_reference": order_reference,
                    "phone_number": phone_number,
                    "otp": otp,
                },
                idempotency_key=idempotency_key,
            )
        )

    def get_payment(self, object_id: str, *, expand: str | None = None) -> Payment:
        """Read an attempt to collect.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return self._call(
            Call[Payment](
                method="GET",
                path=f"/api/v1/payments/{segment(object_id)}",
                returns=Payment,
                query={"expand": expand},
            )
        )

    def get_receipt(self, object_id: str, *, expand: str | None = None) -> Receipt:
        """Read a receipt.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return self._call(
            Call[Receipt](
                method="GET",
                path=f"/api/v1/receipts/{segment(object_id)}",
                returns=Receipt,
                query={"expand": expand},
            )
        )

    def list_payments(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Payment]:
        """List attempts to collect, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Payment]](
                method="GET",
                path="/api/v1/payments",
                returns=Payment,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    def list_receipts(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Receipt]:
        """List what came for orders, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Receipt]](
                method="GET",
                path="/api/v1/receipts",
                returns=Receipt,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    def stk_push(
        self,
        *,
        phone_number: str | int,
        amount: Amount,
        account_reference: str,
        transaction_desc: str | None = None,
        idempotency_key: str | None = None,
    ) -> StkPush:
        """Send an M-Pesa payment prompt to a phone.

        One prompt at a time per order. A 202 means that M-Pesa's answer was lost: the prompt may be on the
        phone.

        phone_number: The phone that gets the prompt; it need not be the buyer's.
        amount: What the order is due.
        account_reference: The order's reference.
        transaction_desc: Cut to the 13 characters that M-Pesa shows.

        Scope: payments.
        """
        return self._call(
            Call[StkPush](
                method="POST",
                path="/api/v1/payments/mpesa/stk-push",
                returns=StkPush,
                body={
                    "phone_number": phone_number,
                    "amount": amount,
                    "account_reference": account_reference,
                    "transaction_desc": transaction_desc,
                },
                idempotency_key=idempotency_key,
            )
        )

    def get_payout(self, object_id: str, *, expand: str | None = None) -> Payout:
        """Read a payout. `expand=attempts` shows each try to send it.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return self._call(
            Call[Payout](
                method="GET",
                path=f"/api/v1/payouts/{segment(object_id)}",
                returns=Payout,
                query={"expand": expand},
            )
        )

    def list_payouts(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Payout]:
        """List payouts to sellers, newest first: as signed in, those to oneself. `expand=attempts` shows each
        try.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Payout]](
                method="GET",
                path="/api/v1/payouts",
                returns=Payout,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    def create_quote(self, *, amount: Amount, release_policy: str | None = None) -> Quote:
        """Ask what an order will cost.

        To the shilling, for a quarter of an hour. Nothing is kept here.

        amount: The price in Kenyan shillings, whole shillings only.
        """
        return self._call(
            Call[Quote](
                method="POST",
                path="/api/v1/quotes",
                returns=Quote,
                body={"amount": amount, "release_policy": release_policy},
            )
        )

    def create_refund(
        self, *, order_reference: str, amount: Amount, reason: str, idempotency_key: str
    ) -> RefundAsked:
        """Give money of an order back to whoever paid.

        All of an order that is paid and not delivered: it is off then. Above the operator's limit, and of
        money that was
        released to the seller, the operator's staff decide. Of an order that was paid by several receipts
        each payer gets
        back no more than they paid.

        amount: All that is held; of a delivered order at most what came.
        reason: For staff: no phone numbers.

        Scope: refunds.
        """
        return self._call(
            Call[RefundAsked](
                method="POST",
                path="/api/v1/refunds",
                returns=RefundAsked,
                body={"order_reference": order_reference, "amount": amount, "reason": reason},
                idempotency_key=idempotency_key,
            )
        )

    def get_refund(self, object_id: str, *, expand: str | None = None) -> Refund:
        """Read a refund.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return self._call(
            Call[Refund](
                method="GET",
                path=f"/api/v1/refunds/{segment(object_id)}",
                returns=Refund,
                query={"expand": expand},
            )
        )

    def list_refunds(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Refund]:
        """List refunds, newest first: as signed in, those of one's orders, and of what one paid, for whomever.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return self._call(
            Call[Page[Refund]](
                method="GET",
                path="/api/v1/refunds",
                returns=Refund,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    def redirect_refund(
        self,
        *,
        receipt_number: str,
        new_phone_number: str | int,
        new_otp: str,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> RedirectRefund:
        """Have a refund that M-Pesa could not send to the phone that paid sent to another number of whoever
        paid.

        Both phones are proved by one-time codes. It goes out after twelve hours, of which both are told:
        until then the
        phone that paid can send it elsewhere, or back to itself. Without the phone that paid the operator's
        staff decide.
        What is on its way, or has no result yet, stays with whom it was sent to.

        receipt_number: M-Pesa's number of the payment that goes back.
        new_phone_number: Where the money is to go.
        new_otp: Texted to new_phone_number for the purpose receive_refund.
        phone_number: The phone that paid. Without it the operator's staff decide.
        otp: Texted to phone_number for the purpose redirect_refund.
        """
        return self._call(
            Call[RedirectRefund](
                method="POST",
                path="/api/v1/refunds/redirect",
                returns=RedirectRefund,
                body={
                    "receipt_number": receipt_number,
                    "new_phone_number": new_phone_number,
                    "new_otp": new_otp,
                    "phone_number": phone_number,
                    "otp": otp,
                },
                idempotency_key=idempotency_key,
            )
        )

    def advance_clock(self, *, seconds: int, idempotency_key: str | None = None) -> Clock:
        """Move the sandbox's clock on.

        For everybody who uses this sandbox, and for its simulator. Whatever has fallen due is done by the
        worker within a
        second or two: orders expire, reminders go out, questions are asked, tries are repeated. Time never
        goes back.

        Scope: orders.
        """
        return self._call(
            Call[Clock](
                method="POST",
                path="/api/v1/test/clock/advance",
                returns=Clock,
                body={"seconds": seconds},
                idempotency_key=idempotency_key,
            )
        )

    def list_scenarios(self) -> ScenarioList:
        """List the scenarios that can be run.

        Scope: read.
        """
        return self._call(
            Call[ScenarioList](method="GET", path="/api/v1/test/scenarios", returns=ScenarioList)
        )

    def read_clock(self) -> Clock:
        """Read the sandbox's clock.

        Scope: read.
        """
        return self._call(Call[Clock](method="GET", path="/api/v1/test/clock", returns=Clock))

    def run_scenario(self, *, scenario: str, idempotency_key: str | None = None) -> ScenarioRun:
        """Play a scenario: an order of yours with made-up people comes to a given point.

        Scope: orders.
        """
        return self._call(
            Call[ScenarioRun](
                method="POST",
                path="/api/v1/test/scenarios/run",
                returns=ScenarioRun,
                body={"scenario": scenario},
                idempotency_key=idempotency_key,
            )
        )

    def create_webhook_endpoint(
        self,
        *,
        url: str,
        types: list[str] | None = None,
        description: str | None = None,
        alert_phone: str | int | None = None,
        idempotency_key: str,
    ) -> WebhookSecret:
        """Make an endpoint for events. Its secret is in this answer and nowhere else.

        Everything that happens from now on is sent to it, signed by the Standard Webhooks scheme.

        types: Types to send; an empty list means every type.
        alert_phone: Who is texted when the endpoint is switched off because it failed for five days, or
        answered 410.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookSecret](
                method="POST",
                path="/api/v1/webhook_endpoints",
                returns=WebhookSecret,
                body={"url": url, "types": types, "description": description, "alert_phone": alert_phone},
                idempotency_key=idempotency_key,
            )
        )

    def delete_webhook_endpoint(self, endpoint_id: str, *, idempotency_key: str | None = None) -> Deleted:
        """Delete an endpoint: nothing more is sent to it, and its secrets are forgotten.

        Scope: webhooks.
        """
        return self._call(
            Call[Deleted](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/delete",
                returns=Deleted,
                idempotency_key=idempotency_key,
            )
        )

    def get_event(self, event_id: str) -> Event:
        """Read an event, in the words in which webhooks tell it.

        Scope: read.
        """
        return self._call(
            Call[Event](method="GET", path=f"/api/v1/events/{segment(event_id)}", returns=Event)
        )

    def get_webhook_endpoint(self, endpoint_id: str) -> WebhookEndpoint:
        """Read an endpoint.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookEndpoint](
                method="GET",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}",
                returns=WebhookEndpoint,
            )
        )

    def list_events(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        type: str | None = None,
    ) -> Page[Event]:
        """List what happened, newest first, in the words in which webhooks tell it.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        limit: How many at once; 25 if not said.

        Scope: read.
        """
        return self._call(
            Call[Page[Event]](
                method="GET",
                path="/api/v1/events",
                returns=Event,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "limit": limit,
                    "type": type,
                },
            )
        )

    def list_webhook_deliveries(
        self,
        endpoint_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        status: str | None = None,
    ) -> Page[WebhookDelivery]:
        """List what was sent to an endpoint, with every try and what it answered, newest first.

        cursor: meta.next_cursor of the page before.
        limit: How many at once; 25 if not said.

        Scope: webhooks.
        """
        return self._call(
            Call[Page[WebhookDelivery]](
                method="GET",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/deliveries",
                returns=WebhookDelivery,
                is_list=True,
                query={"cursor": cursor, "limit": limit, "status": status},
            )
        )

    def list_webhook_endpoints(self) -> Page[WebhookEndpoint]:
        """List your endpoints for events. There are at most 16.

        Scope: webhooks.
        """
        return self._call(
            Call[Page[WebhookEndpoint]](
                method="GET", path="/api/v1/webhook_endpoints", returns=WebhookEndpoint, is_list=True
            )
        )

    def ping_webhook_endpoint(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> WebhookDelivery:
        """Send an endpoint a test event, `webhook_endpoint.ping`.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookDelivery](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/ping",
                returns=WebhookDelivery,
                idempotency_key=idempotency_key,
            )
        )

    def redeliver(
        self,
        endpoint_id: str,
        *,
        since: str,
        until: str | None = None,
        include_delivered: bool | None = None,
        idempotency_key: str,
    ) -> Replay:
        """Bring a receiver level that was down: all events of a span of time that did not reach it are sent,
        in order.

        Also what was tried for the last time, and what happened while the endpoint was switched off.

        until: Now, if not said.
        include_delivered: Also what arrived before; false if not said.

        Scope: webhooks.
        """
        return self._call(
            Call[Replay](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/redeliver",
                returns=Replay,
                body={"since": since, "until": until, "include_delivered": include_delivered},
                idempotency_key=idempotency_key,
            )
        )

    def redeliver_one(
        self, delivery_id: str, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> WebhookDelivery:
        """Send one delivery again at once, whatever became of it.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookDelivery](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/deliveries/{segment(delivery_id)}/redeliver",
                returns=WebhookDelivery,
                idempotency_key=idempotency_key,
            )
        )

    def rotate_webhook_secret(self, endpoint_id: str, *, idempotency_key: str) -> WebhookSecret:
        """Give an endpoint a new secret, shown only here. For 24 hours the old one signs too, so that nothing
        is missed.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookSecret](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/rotate",
                returns=WebhookSecret,
                idempotency_key=idempotency_key,
            )
        )

    def simulated_payment(
        self,
        *,
        order_reference: str,
        transaction_id: str,
        amount: Amount,
        payment_method: str,
        payer_phone: str | int | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> SimulatedPayment:
        """Tell of a payment without paying: sandbox only.

        Settled in the request, as the seed shows. In live mode this address does not exist.

        metadata: Kept as given, at most 8 kB.
        """
        return self._call(
            Call[SimulatedPayment](
                method="POST",
                path="/api/v1/webhooks/payment",
                returns=SimulatedPayment,
                body={
                    "order_reference": order_reference,
                    "transaction_id": transaction_id,
                    "amount": amount,
                    "payment_method": payment_method,
                    "payer_phone": payer_phone,
                    "metadata": metadata,
                },
                idempotency_key=idempotency_key,
            )
        )

    def update_webhook_endpoint(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        types: list[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        alert_phone: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookEndpoint:
        """Change an endpoint, switch it off or on. What happened while it was off is sent by a redelivery.

        types: Types to send; an empty list means every type.
        alert_phone: Who is texted when the endpoint is switched off because it failed for five days, or
        answered 410. Empty: nobody is.

        Scope: webhooks.
        """
        return self._call(
            Call[WebhookEndpoint](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}",
                returns=WebhookEndpoint,
                body={
                    "url": url,
                    "types": types,
                    "description": description,
                    "enabled": enabled,
                    "alert_phone": alert_phone,
                },
                idempotency_key=idempotency_key,
            )
        )


class AsyncOperations:
    """Every operation, awaited."""

    async def _call(self, call: Call[T]) -> T:
        raise NotImplementedError

    async def create_api_key(
        self,
        *,
        scopes: list[str],
        name: str | None = None,
        lifetime_days: int | None = None,
        idempotency_key: str,
    ) -> NewApiKey:
        """Make another key. It can't be given a scope that your own key lacks.

        lifetime_days: Days after which it ends by itself; default never.

        Scope: keys.
        """
        return await self._call(
            Call[NewApiKey](
                method="POST",
                path="/api/v1/api_keys",
                returns=NewApiKey,
                body={"scopes": scopes, "name": name, "lifetime_days": lifetime_days},
                idempotency_key=idempotency_key,
            )
        )

    async def list_api_keys(self) -> Page[ApiKey]:
        """List your keys, also those that are over; the newest first.

        Scope: keys.
        """
        return await self._call(
            Call[Page[ApiKey]](method="GET", path="/api/v1/api_keys", returns=ApiKey, is_list=True)
        )

    async def revoke_api_key(self, key_id: str, *, idempotency_key: str) -> ApiKey:
        """End a key at once and for ever, your own too.

        Scope: keys.
        """
        return await self._call(
            Call[ApiKey](
                method="POST",
                path=f"/api/v1/api_keys/{segment(key_id)}/revoke",
                returns=ApiKey,
                idempotency_key=idempotency_key,
            )
        )

    async def rotate_api_key(
        self, key_id: str, *, overlap_hours: int | None = None, idempotency_key: str
    ) -> NewApiKey:
        """Replace a key by a new one with the same scopes; for a while both are good.

        overlap_hours: Hours that the old key goes on; default 24.

        Scope: keys.
        """
        return await self._call(
            Call[NewApiKey](
                method="POST",
                path=f"/api/v1/api_keys/{segment(key_id)}/rotate",
                returns=NewApiKey,
                body={"overlap_hours": overlap_hours},
                idempotency_key=idempotency_key,
            )
        )

    async def request_otp(
        self, *, phone_number: str | int, purpose: str, idempotency_key: str | None = None
    ) -> Otp:
        """Have a one-time code texted to a phone. It opens one thing, once, within ten minutes."""
        return await self._call(
            Call[Otp](
                method="POST",
                path="/api/v1/otp",
                returns=Otp,
                body={"phone_number": phone_number, "purpose": purpose},
                idempotency_key=idempotency_key,
            )
        )

    async def sign_in(
        self, *, phone_number: str | int, otp: str, idempotency_key: str | None = None
    ) -> Session:
        """Exchange a one-time code for a session of a person.

        The code proves the phone; the session is short, and opens that phone's own orders.
        """
        return await self._call(
            Call[Session](
                method="POST",
                path="/api/v1/sessions",
                returns=Session,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def sign_out(self, *, idempotency_key: str | None = None) -> SignedOut:
        """End the session whose token is sent."""
        return await self._call(
            Call[SignedOut](
                method="POST", path="/api/v1/sessions/end", returns=SignedOut, idempotency_key=idempotency_key
            )
        )

    async def get_balance(self) -> Balance:
        """Read balances.

        A merchant sees the client money in its orders: held, on its way to sellers, on its way back. A
        seller who is
        signed in sees what can be paid out, what is kept in reserve, and what is owed.

        Scope: read.
        """
        return await self._call(Call[Balance](method="GET", path="/api/v1/balances", returns=Balance))

    async def get_statement(self, *, from_: str | None = None, until: str | None = None) -> Statement:
        """Read a statement of a period.

        The lines of the ledger themselves are at transfers, and in the statement's CSV.

        from_: The first moment; the first of this month in Nairobi if not said.
        until: The moment after the last; now if not said.

        Scope: read.
        """
        return await self._call(
            Call[Statement](
                method="GET",
                path="/api/v1/statements",
                returns=Statement,
                query={"from": from_, "until": until},
            )
        )

    async def get_transfer(self, object_id: str, *, expand: str | None = None) -> Transfer:
        """Read a transfer of the ledger.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return await self._call(
            Call[Transfer](
                method="GET",
                path=f"/api/v1/transfers/{segment(object_id)}",
                returns=Transfer,
                query={"expand": expand},
            )
        )

    async def list_transfers(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
    ) -> Page[Transfer]:
        """List the ledger's transfers for a merchant's orders, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Transfer]](
                method="GET",
                path="/api/v1/transfers",
                returns=Transfer,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                },
            )
        )

    async def accept_offer(
        self, token: str, *, buyer_phone: str | int, terms_hash: str, idempotency_key: str | None = None
    ) -> CreatedOrder:
        """Make the order that a payment link offers, on the terms that it has frozen.

        The delivery code stands in this answer, once. In live mode the buyer is signed in with the phone
        that is named here.

        buyer_phone: The buyer's mobile number. The delivery code goes there by SMS once it is paid.
        terms_hash: That of the offer which the buyer has seen: by sending it the buyer agrees to its terms.
        """
        return await self._call(
            Call[CreatedOrder](
                method="POST",
                path=f"/api/v1/links/{segment(token)}/accept",
                returns=CreatedOrder,
                body={"buyer_phone": buyer_phone, "terms_hash": terms_hash},
                idempotency_key=idempotency_key,
            )
        )

    async def create_link(
        self,
        *,
        amount: Amount,
        product_description: str,
        seller_phone: str | int | None = None,
        release_policy: str | None = None,
        stock: int | None = None,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
    ) -> Link:
        """Make a payment link. Its terms are frozen now: every order that is made by it has them.

        The token at the end of its `url` opens the offer: show it to the buyer, whose phone completes the
        order by it.

        amount: The price in Kenyan shillings, whole shillings only.
        seller_phone: Where the money goes. A merchant has to say it; a person sells for the phone that
        signed in.
        stock: How many orders can be made by it; 1 if not said.
        expires_at: When it ends; never, if not said.

        Scope: orders.
        """
        return await self._call(
            Call[Link](
                method="POST",
                path="/api/v1/links",
                returns=Link,
                body={
                    "amount": amount,
                    "product_description": product_description,
                    "seller_phone": seller_phone,
                    "release_policy": release_policy,
                    "stock": stock,
                    "expires_at": expires_at,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def disable_link(self, link_id: str, *, idempotency_key: str | None = None) -> Link:
        """Stop a payment link: no further order is made by it. Orders that were made go on.

        Scope: orders.
        """
        return await self._call(
            Call[Link](
                method="POST",
                path=f"/api/v1/links/{segment(link_id)}/disable",
                returns=Link,
                idempotency_key=idempotency_key,
            )
        )

    async def get_link(self, link_id: str) -> Link:
        """Read one of your payment links.

        Scope: read.
        """
        return await self._call(
            Call[Link](method="GET", path=f"/api/v1/links/{segment(link_id)}", returns=Link)
        )

    async def get_offer(self, token: str) -> Offer:
        """Read what a payment link offers, by the token at the end of its address."""
        return await self._call(
            Call[Offer](method="GET", path=f"/api/v1/links/{segment(token)}/offer", returns=Offer)
        )

    async def list_links(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        status: str | None = None,
    ) -> Page[Link]:
        """List your payment links, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.

        Scope: read.
        """
        return await self._call(
            Call[Page[Link]](
                method="GET",
                path="/api/v1/links",
                returns=Link,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "include": include,
                    "limit": limit,
                    "status": status,
                },
            )
        )

    async def accept_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Accept the other side's request to cancel: the order is off, and all of the money goes back."""
        return await self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/accept",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def ask_for_new_code(self, order_reference: str) -> NewCodeOtp:
        """Have a one-time code texted to the buyer of a paid order who has lost the delivery code."""
        return await self._call(
            Call[NewCodeOtp](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/new-code/otp",
                returns=NewCodeOtp,
            )
        )

    async def ask_to_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Ask the other side to cancel a paid order.

        Its buyer asks the seller, or its seller the buyer. They are told by SMS and can answer until
        `answer_until`; then
        the request lapses, and the order goes on as before. Who asks when the other has asked already
        accepts: then the
        order is off, and all of the money goes back.
        """
        return await self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def cancel_order(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Cancelled:
        """Call off an order that is not paid; its seller also one that is paid, and all of the money goes
        back.

        Merchants cancel their own orders by their key; buyer and seller as signed in, or by a one-time code
        (purpose
        cancel_order).
        A buyer who wants to call a paid order off asks the seller (cancel-request).
        A prompt that is on a phone ends by itself; if it is paid all the same, that money goes back.

        Scope: orders.
        """
        return await self._call(
            Call[Cancelled](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel",
                returns=Cancelled,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def confirm_delivery(
        self, *, order_reference: str, delivery_code: str, idempotency_key: str | None = None
    ) -> Confirmation:
        """Release the money to the seller by giving the buyer's delivery code.

        Three wrong codes within 15 minutes lock the order for an hour. An unknown order and a wrong code
        get the
        same answer.
        """
        return await self._call(
            Call[Confirmation](
                method="POST",
                path="/api/v1/orders/confirm-delivery",
                returns=Confirmation,
                body={"order_reference": order_reference, "delivery_code": delivery_code},
                idempotency_key=idempotency_key,
            )
        )

    async def create_order(
        self,
        *,
        buyer_phone: str | int,
        amount: Amount,
        product_description: str,
        seller_phone: str | int | None = None,
        release_policy: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_pii: bool | None = None,
        reference: str | None = None,
        quote: str | None = None,
        idempotency_key: str | None = None,
    ) -> CreatedOrder:
        """Create an order.

        Without an API key the buyer makes it and gets the delivery code in this answer, once; in live mode
        the buyer
        is signed in with the phone that the order names. With a key (scope
        `orders`) the merchant makes it, and the buyer gets the code by SMS when the order is paid.

        buyer_phone: The buyer's mobile number. The delivery code goes there by SMS once it is paid.
        amount: The price in Kenyan shillings, whole shillings only.
        seller_phone: Where the money goes. Required in live mode; in sandbox the buyer stands in.
        metadata: At most 8 kB in all; no phone numbers, e-mail addresses or ID numbers, unless `allow_pii`
        is true.
        allow_pii: True: the metadata may hold what looks like personal data. You answer for it: it is
        stored in the clear and sent in events.
        reference: A merchant's own number, unique per merchant.
        quote: The id of a quote, whose terms are kept.

        Scope: orders.
        """
        return await self._call(
            Call[CreatedOrder](
                method="POST",
                path="/api/v1/orders/create",
                returns=CreatedOrder,
                body={
                    "buyer_phone": buyer_phone,
                    "amount": amount,
                    "product_description": product_description,
                    "seller_phone": seller_phone,
                    "release_policy": release_policy,
                    "metadata": metadata,
                    "allow_pii": allow_pii,
                    "reference": reference,
                    "quote": quote,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def decline_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Decline the other side's request to cancel: the order goes on, and its money stays held."""
        return await self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/decline",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def get_order(self, order_reference: str, *, expand: str | None = None) -> Order:
        """Read an order.

        Its state, whose turn it is, and of the buyer's number the last four digits: nothing else is open.
        Its own
        merchant (by a key with the scope `read`), buyer and seller see all of it, and so does whoever has
        its link, but for
        what is the merchant's alone. With an API key, orders of other merchants are not found.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.
        """
        return await self._call(
            Call[Order](
                method="GET",
                path=f"/api/v1/orders/{segment(order_reference)}",
                returns=Order,
                query={"expand": expand},
            )
        )

    async def get_timeline(
        self, order_reference: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[Timeline]:
        """Read everything that happened to an order, oldest first: its timeline, 1000 events at once.

        For its merchant, its buyer and its seller.

        cursor: meta.next_cursor of the page before.
        limit: How many at once; 1000 if not said.

        Scope: read.
        """
        return await self._call(
            Call[Page[Timeline]](
                method="GET",
                path=f"/api/v1/orders/{segment(order_reference)}/timeline",
                returns=Timeline,
                is_list=True,
                query={"cursor": cursor, "limit": limit},
            )
        )

    async def issue_new_code(self, order_reference: str, *, otp: str) -> NewCode:
        """Give the buyer a new delivery code, shown here once and texted; the old one, and its lock, end."""
        return await self._call(
            Call[NewCode](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/new-code",
                returns=NewCode,
                body={"otp": otp},
            )
        )

    async def list_orders(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Order]:
        """List orders, newest first: a merchant's by its key, those that one buys or sells as signed in.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Order]](
                method="GET",
                path="/api/v1/orders",
                returns=Order,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    async def withdraw_cancel(
        self,
        order_reference: str,
        *,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> Negotiated:
        """Take the own request to cancel back, before it is answered."""
        return await self._call(
            Call[Negotiated](
                method="POST",
                path=f"/api/v1/orders/{segment(order_reference)}/cancel-request/withdraw",
                returns=Negotiated,
                body={"phone_number": phone_number, "otp": otp},
                idempotency_key=idempotency_key,
            )
        )

    async def b2c_payout(
        self,
        *,
        phone_number: str | int,
        amount: Amount,
        order_reference: str,
        idempotency_key: str | None = None,
    ) -> B2cPayout:
        """Pay the seller of an order by M-Pesa.

        Payouts arise by themselves when a delivery is confirmed. This sends one that still waits, and
        answers one
        that was sent already: it never pays twice.

        phone_number: The order's seller.
        amount: What is released to the seller.

        Scope: payouts.
        """
        return await self._call(
            Call[B2cPayout](
                method="POST",
                path="/api/v1/payments/mpesa/b2c-payout",
                returns=B2cPayout,
                body={"phone_number": phone_number, "amount": amount, "order_reference": order_reference},
                idempotency_key=idempotency_key,
            )
        )

    async def claim_receipt(
        self,
        *,
        receipt_number: str,
        order_reference: str,
        phone_number: str | int,
        otp: str,
        idempotency_key: str | None = None,
    ) -> Claim:
        """Claim money that was paid by hand and named no order.

        It goes to the order; if that can't take it, back to the phone that paid.
        """
        return await self._call(
            Call[Claim](
                method="POST",
                path="/api/v1/receipts/claim",
                returns=Claim,
                body={
                    "receipt_number": receipt_number,
                    "order_reference": order_reference,
                    "phone_number": phone_number,
                    "otp": otp,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def get_payment(self, object_id: str, *, expand: str | None = None) -> Payment:
        """Read an attempt to collect.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return await self._call(
            Call[Payment](
                method="GET",
                path=f"/api/v1/payments/{segment(object_id)}",
                returns=Payment,
                query={"expand": expand},
            )
        )

    async def get_receipt(self, object_id: str, *, expand: str | None = None) -> Receipt:
        """Read a receipt.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return await self._call(
            Call[Receipt](
                method="GET",
                path=f"/api/v1/receipts/{segment(object_id)}",
                returns=Receipt,
                query={"expand": expand},
            )
        )

    async def list_payments(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Payment]:
        """List attempts to collect, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Payment]](
                method="GET",
                path="/api/v1/payments",
                returns=Payment,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    async def list_receipts(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Receipt]:
        """List what came for orders, newest first.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Receipt]](
                method="GET",
                path="/api/v1/receipts",
                returns=Receipt,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    async def stk_push(
        self,
        *,
        phone_number: str | int,
        amount: Amount,
        account_reference: str,
        transaction_desc: str | None = None,
        idempotency_key: str | None = None,
    ) -> StkPush:
        """Send an M-Pesa payment prompt to a phone.

        One prompt at a time per order. A 202 means that M-Pesa's answer was lost: the prompt may be on the
        phone.

        phone_number: The phone that gets the prompt; it need not be the buyer's.
        amount: What the order is due.
        account_reference: The order's reference.
        transaction_desc: Cut to the 13 characters that M-Pesa shows.

        Scope: payments.
        """
        return await self._call(
            Call[StkPush](
                method="POST",
                path="/api/v1/payments/mpesa/stk-push",
                returns=StkPush,
                body={
                    "phone_number": phone_number,
                    "amount": amount,
                    "account_reference": account_reference,
                    "transaction_desc": transaction_desc,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def get_payout(self, object_id: str, *, expand: str | None = None) -> Payout:
        """Read a payout. `expand=attempts` shows each try to send it.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return await self._call(
            Call[Payout](
                method="GET",
                path=f"/api/v1/payouts/{segment(object_id)}",
                returns=Payout,
                query={"expand": expand},
            )
        )

    async def list_payouts(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Payout]:
        """List payouts to sellers, newest first: as signed in, those to oneself. `expand=attempts` shows each
        try.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Payout]](
                method="GET",
                path="/api/v1/payouts",
                returns=Payout,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    async def create_quote(self, *, amount: Amount, release_policy: str | None = None) -> Quote:
        """Ask what an order will cost.

        To the shilling, for a quarter of an hour. Nothing is kept here.

        amount: The price in Kenyan shillings, whole shillings only.
        """
        return await self._call(
            Call[Quote](
                method="POST",
                path="/api/v1/quotes",
                returns=Quote,
                body={"amount": amount, "release_policy": release_policy},
            )
        )

    async def create_refund(
        self, *, order_reference: str, amount: Amount, reason: str, idempotency_key: str
    ) -> RefundAsked:
        """Give money of an order back to whoever paid.

        All of an order that is paid and not delivered: it is off then. Above the operator's limit, and of
        money that was
        released to the seller, the operator's staff decide. Of an order that was paid by several receipts
        each payer gets
        back no more than they paid.

        amount: All that is held; of a delivered order at most what came.
        reason: For staff: no phone numbers.

        Scope: refunds.
        """
        return await self._call(
            Call[RefundAsked](
                method="POST",
                path="/api/v1/refunds",
                returns=RefundAsked,
                body={"order_reference": order_reference, "amount": amount, "reason": reason},
                idempotency_key=idempotency_key,
            )
        )

    async def get_refund(self, object_id: str, *, expand: str | None = None) -> Refund:
        """Read a refund.

        expand: Parts to show whole instead of by id, separated by commas: at most four, two levels deep.

        Scope: read.
        """
        return await self._call(
            Call[Refund](
                method="GET",
                path=f"/api/v1/refunds/{segment(object_id)}",
                returns=Refund,
                query={"expand": expand},
            )
        )

    async def list_refunds(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        expand: str | None = None,
        include: str | None = None,
        limit: int | None = None,
        order: str | None = None,
        reference: str | None = None,
        status: str | None = None,
    ) -> Page[Refund]:
        """List refunds, newest first: as signed in, those of one's orders, and of what one paid, for whomever.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        expand: Parts to show whole instead of by id.
        include: total: say how many there are in all.
        limit: How many at once; 25 if not said.
        order: The order's reference.
        reference: The merchant's own number of the order.

        Scope: read.
        """
        return await self._call(
            Call[Page[Refund]](
                method="GET",
                path="/api/v1/refunds",
                returns=Refund,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "expand": expand,
                    "include": include,
                    "limit": limit,
                    "order": order,
                    "reference": reference,
                    "status": status,
                },
            )
        )

    async def redirect_refund(
        self,
        *,
        receipt_number: str,
        new_phone_number: str | int,
        new_otp: str,
        phone_number: str | int | None = None,
        otp: str | None = None,
        idempotency_key: str | None = None,
    ) -> RedirectRefund:
        """Have a refund that M-Pesa could not send to the phone that paid sent to another number of whoever
        paid.

        Both phones are proved by one-time codes. It goes out after twelve hours, of which both are told:
        until then the
        phone that paid can send it elsewhere, or back to itself. Without the phone that paid the operator's
        staff decide.
        What is on its way, or has no result yet, stays with whom it was sent to.

        receipt_number: M-Pesa's number of the payment that goes back.
        new_phone_number: Where the money is to go.
        new_otp: Texted to new_phone_number for the purpose receive_refund.
        phone_number: The phone that paid. Without it the operator's staff decide.
        otp: Texted to phone_number for the purpose redirect_refund.
        """
        return await self._call(
            Call[RedirectRefund](
                method="POST",
                path="/api/v1/refunds/redirect",
                returns=RedirectRefund,
                body={
                    "receipt_number": receipt_number,
                    "new_phone_number": new_phone_number,
                    "new_otp": new_otp,
                    "phone_number": phone_number,
                    "otp": otp,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def advance_clock(self, *, seconds: int, idempotency_key: str | None = None) -> Clock:
        """Move the sandbox's clock on.

        For everybody who uses this sandbox, and for its simulator. Whatever has fallen due is done by the
        worker within a
        second or two: orders expire, reminders go out, questions are asked, tries are repeated. Time never
        goes back.

        Scope: orders.
        """
        return await self._call(
            Call[Clock](
                method="POST",
                path="/api/v1/test/clock/advance",
                returns=Clock,
                body={"seconds": seconds},
                idempotency_key=idempotency_key,
            )
        )

    async def list_scenarios(self) -> ScenarioList:
        """List the scenarios that can be run.

        Scope: read.
        """
        return await self._call(
            Call[ScenarioList](method="GET", path="/api/v1/test/scenarios", returns=ScenarioList)
        )

    async def read_clock(self) -> Clock:
        """Read the sandbox's clock.

        Scope: read.
        """
        return await self._call(Call[Clock](method="GET", path="/api/v1/test/clock", returns=Clock))

    async def run_scenario(self, *, scenario: str, idempotency_key: str | None = None) -> ScenarioRun:
        """Play a scenario: an order of yours with made-up people comes to a given point.

        Scope: orders.
        """
        return await self._call(
            Call[ScenarioRun](
                method="POST",
                path="/api/v1/test/scenarios/run",
                returns=ScenarioRun,
                body={"scenario": scenario},
                idempotency_key=idempotency_key,
            )
        )

    async def create_webhook_endpoint(
        self,
        *,
        url: str,
        types: list[str] | None = None,
        description: str | None = None,
        alert_phone: str | int | None = None,
        idempotency_key: str,
    ) -> WebhookSecret:
        """Make an endpoint for events. Its secret is in this answer and nowhere else.

        Everything that happens from now on is sent to it, signed by the Standard Webhooks scheme.

        types: Types to send; an empty list means every type.
        alert_phone: Who is texted when the endpoint is switched off because it failed for five days, or
        answered 410.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookSecret](
                method="POST",
                path="/api/v1/webhook_endpoints",
                returns=WebhookSecret,
                body={"url": url, "types": types, "description": description, "alert_phone": alert_phone},
                idempotency_key=idempotency_key,
            )
        )

    async def delete_webhook_endpoint(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> Deleted:
        """Delete an endpoint: nothing more is sent to it, and its secrets are forgotten.

        Scope: webhooks.
        """
        return await self._call(
            Call[Deleted](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/delete",
                returns=Deleted,
                idempotency_key=idempotency_key,
            )
        )

    async def get_event(self, event_id: str) -> Event:
        """Read an event, in the words in which webhooks tell it.

        Scope: read.
        """
        return await self._call(
            Call[Event](method="GET", path=f"/api/v1/events/{segment(event_id)}", returns=Event)
        )

    async def get_webhook_endpoint(self, endpoint_id: str) -> WebhookEndpoint:
        """Read an endpoint.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookEndpoint](
                method="GET",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}",
                returns=WebhookEndpoint,
            )
        )

    async def list_events(
        self,
        *,
        created_gte: str | None = None,
        created_lt: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        type: str | None = None,
    ) -> Page[Event]:
        """List what happened, newest first, in the words in which webhooks tell it.

        created_gte: Not older than this.
        created_lt: Older than this.
        cursor: meta.next_cursor of the page before.
        limit: How many at once; 25 if not said.

        Scope: read.
        """
        return await self._call(
            Call[Page[Event]](
                method="GET",
                path="/api/v1/events",
                returns=Event,
                is_list=True,
                query={
                    "created[gte]": created_gte,
                    "created[lt]": created_lt,
                    "cursor": cursor,
                    "limit": limit,
                    "type": type,
                },
            )
        )

    async def list_webhook_deliveries(
        self,
        endpoint_id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        status: str | None = None,
    ) -> Page[WebhookDelivery]:
        """List what was sent to an endpoint, with every try and what it answered, newest first.

        cursor: meta.next_cursor of the page before.
        limit: How many at once; 25 if not said.

        Scope: webhooks.
        """
        return await self._call(
            Call[Page[WebhookDelivery]](
                method="GET",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/deliveries",
                returns=WebhookDelivery,
                is_list=True,
                query={"cursor": cursor, "limit": limit, "status": status},
            )
        )

    async def list_webhook_endpoints(self) -> Page[WebhookEndpoint]:
        """List your endpoints for events. There are at most 16.

        Scope: webhooks.
        """
        return await self._call(
            Call[Page[WebhookEndpoint]](
                method="GET", path="/api/v1/webhook_endpoints", returns=WebhookEndpoint, is_list=True
            )
        )

    async def ping_webhook_endpoint(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> WebhookDelivery:
        """Send an endpoint a test event, `webhook_endpoint.ping`.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookDelivery](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/ping",
                returns=WebhookDelivery,
                idempotency_key=idempotency_key,
            )
        )

    async def redeliver(
        self,
        endpoint_id: str,
        *,
        since: str,
        until: str | None = None,
        include_delivered: bool | None = None,
        idempotency_key: str,
    ) -> Replay:
        """Bring a receiver level that was down: all events of a span of time that did not reach it are sent,
        in order.

        Also what was tried for the last time, and what happened while the endpoint was switched off.

        until: Now, if not said.
        include_delivered: Also what arrived before; false if not said.

        Scope: webhooks.
        """
        return await self._call(
            Call[Replay](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/redeliver",
                returns=Replay,
                body={"since": since, "until": until, "include_delivered": include_delivered},
                idempotency_key=idempotency_key,
            )
        )

    async def redeliver_one(
        self, delivery_id: str, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> WebhookDelivery:
        """Send one delivery again at once, whatever became of it.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookDelivery](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/deliveries/{segment(delivery_id)}/redeliver",
                returns=WebhookDelivery,
                idempotency_key=idempotency_key,
            )
        )

    async def rotate_webhook_secret(self, endpoint_id: str, *, idempotency_key: str) -> WebhookSecret:
        """Give an endpoint a new secret, shown only here. For 24 hours the old one signs too, so that nothing
        is missed.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookSecret](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}/rotate",
                returns=WebhookSecret,
                idempotency_key=idempotency_key,
            )
        )

    async def simulated_payment(
        self,
        *,
        order_reference: str,
        transaction_id: str,
        amount: Amount,
        payment_method: str,
        payer_phone: str | int | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> SimulatedPayment:
        """Tell of a payment without paying: sandbox only.

        Settled in the request, as the seed shows. In live mode this address does not exist.

        metadata: Kept as given, at most 8 kB.
        """
        return await self._call(
            Call[SimulatedPayment](
                method="POST",
                path="/api/v1/webhooks/payment",
                returns=SimulatedPayment,
                body={
                    "order_reference": order_reference,
                    "transaction_id": transaction_id,
                    "amount": amount,
                    "payment_method": payment_method,
                    "payer_phone": payer_phone,
                    "metadata": metadata,
                },
                idempotency_key=idempotency_key,
            )
        )

    async def update_webhook_endpoint(
        self,
        endpoint_id: str,
        *,
        url: str | None = None,
        types: list[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        alert_phone: str | int | None = None,
        idempotency_key: str | None = None,
    ) -> WebhookEndpoint:
        """Change an endpoint, switch it off or on. What happened while it was off is sent by a redelivery.

        types: Types to send; an empty list means every type.
        alert_phone: Who is texted when the endpoint is switched off because it failed for five days, or
        answered 410. Empty: nobody is.

        Scope: webhooks.
        """
        return await self._call(
            Call[WebhookEndpoint](
                method="POST",
                path=f"/api/v1/webhook_endpoints/{segment(endpoint_id)}",
                returns=WebhookEndpoint,
                body={
                    "url": url,
                    "types": types,
                    "description": description,
                    "enabled": enabled,
                    "alert_phone": alert_phone,
                },
                idempotency_key=idempotency_key,
            )
        )
