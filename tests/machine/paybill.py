"""What people do beside the prompt: pay by hand, claim what found no order, call orders off, wait for days."""

import hypothesis.strategies as st
from hypothesis.stateful import precondition, rule

from tests import story
from tests.characters import OTIENO
from tests.machine.cast import PAYERS, SELLERS, maybe_death, which
from tests.machine.world import World
from zemi.common.phone import Phone
from zemi.identity.models import Party
from zemi.identity.parties import phone_index
from zemi.orders.models import OrderStatus
from zemi.payments.models import Receipt, ReceiptStatus
from zemi.refunds.models import Refund
from zemi.refunds.payers import is_unreachable

# Also what was set apart, because nobody came for it.
_WITHOUT_AN_ORDER = (ReceiptStatus.ORPHAN, ReceiptStatus.WRITTEN_TO_UNCLAIMED)
# What the payer types, besides the order's own reference.
_TYPED = {"right": "{}", "in small letters": " {} ", "a word": "SHOES", "nothing": ""}


class PaybillRules(World):
    """Rules of what comes to the paybill, and of orders that end without being paid."""

    @precondition(World._has_sales)
    @rule(
        sale=which,
        payer=which,
        status=st.sampled_from(
            (
                OrderStatus.AWAITING_PAYMENT,
                OrderStatus.AWAITING_PAYMENT,
                OrderStatus.EXPIRED,
                OrderStatus.CANCELLED,
            )
        ),
        typed=st.sampled_from(("right", "right", "right", "in small letters", "a word", "nothing")),
        too_much=st.sampled_from((0, 0, 0, -1, 5, 300, "half", "half")),
    )
    def pay_by_hand(
        self, sale: int, payer: int, status: OrderStatus, typed: str, too_much: int | str
    ) -> None:
        """Somebody types the paybill's number, an account and an amount, right or not."""
        order = self._sale(sale, status=status)
        due = story.order_of(order.reference).due.shillings or order.shillings
        amount = due // 2 if too_much == "half" else due + int(too_much)
        reference = _TYPED[typed].format(order.reference)
        with self._step(f"pay_by_hand: {typed}"):
            self.simulator.pay_bill(
                msisdn=PAYERS[payer % 3].msisdn,
                amount=str(max(amount, 1)),
                account_reference=reference.lower() if typed == "in small letters" else reference,
            )

    def _has_orphans(self) -> bool:
        return self.stage is not None and Receipt.objects.filter(status__in=_WITHOUT_AN_ORDER).exists()

    @precondition(_has_orphans)
    @rule(
        receipt=which,
        sale=which,
        by=st.sampled_from(("payer", "payer", "payer", "stranger")),
        is_ordered_anew=st.sampled_from((False, False, True)),
        death=maybe_death,
    )
    def claim_a_receipt(
        self, receipt: int, sale: int, by: str, is_ordered_anew: bool, death: tuple[str, int] | None
    ) -> None:
        """Whoever paid, or a stranger, claims by the number of M-Pesa's SMS and a one-time code; perhaps for a new order."""
        orphans = list(Receipt.objects.filter(status__in=_WITHOUT_AN_ORDER).order_by("id"))
        chosen = orphans[receipt % len(orphans)]
        order = self._sale(sale, status=OrderStatus.AWAITING_PAYMENT)
        payer = self._who_paid(chosen)
        phone = payer if by == "payer" else OTIENO if payer != OTIENO else PAYERS[0]
        with self._step(f"claim_a_receipt: {by}"):
            if is_ordered_anew and chosen.amount.shillings >= 20:
                made = self._create(PAYERS[0], SELLERS[0], str(chosen.amount.shillings), by_merchant=False)
                order = made or order
            code = self._one_time_code(phone, "claim_receipt")

            def claim() -> None:
                answer = self._seen(
                    f"claim by {by}",
                    story.post(
                        "/api/v1/receipts/claim",
                        {
                            "receipt_number": chosen.transaction_id,
                            "order_reference": order.reference,
                            "phone_number": phone.msisdn,
                            "otp": code,
                        },
                    ),
                )
                # Where M-Pesa told who paid, nobody else gets it.
                assert by == "payer" or chosen.payer_phone is None or answer.status != 200

            if code is not None:
                self._do(claim, death)

    def _has_refunds(self) -> bool:
        return (
            self.stage is not None
            and Refund.objects.exclude(payer=None).exclude(receipt__transaction_id=None).exists()
        )

    @precondition(_has_refunds)
    @rule(
        refund=which,
        to=which,
        by=st.sampled_from(("payer", "payer", "payer", "stranger", "nobody")),
        maker=which,
        death=maybe_death,
    )
    def send_a_refund_elsewhere(
        self, refund: int, to: int, by: str, maker: int, death: tuple[str, int] | None
    ) -> None:
        """Who paid has another number, or somebody says so; where the phone that paid is gone, two of the staff decide."""
        rows = list(Refund.objects.exclude(payer=None).exclude(receipt__transaction_id=None).order_by("id"))
        stuck = [row for row in rows if is_unreachable(row)] if refund % 4 else rows
        chosen = (stuck or rows)[refund // 4 % len(stuck or rows)]
        payer, other = Party.objects.get(pk=chosen.payer_id).phone, SELLERS[to % len(SELLERS)]
        letting_go = {"payer": payer, "stranger": OTIENO if payer != OTIENO else PAYERS[0]}.get(by)

        def redirect() -> None:
            before = Refund.objects.get(pk=chosen.pk)
            body = {
                "receipt_number": chosen.receipt.transaction_id,
                "new_phone_number": other.msisdn,
                "new_otp": self._one_time_code(other, "receive_refund") or "000000",
            }
            if letting_go is not None:
                body["phone_number"] = letting_go.msisdn
                body["otp"] = self._one_time_code(letting_go, "redirect_refund") or "000000"
            answer = self._seen(f"redirect by {by}", story.post("/api/v1/refunds/redirect", body))
            after = Refund.objects.get(pk=chosen.pk)
            if by != "payer" or answer.status != 202:
                assert after.redirected_to_id == before.redirected_to_id, "I16: somebody else named the payee"
            if answer.status == 202 and by == "nobody":
                party = Party.objects.get(phone_hash=phone_index(other))
                self._ask(
                    "redirect-refund",
                    {"id": chosen.pk, "party": party.id},
                    maker=maker,
                    is_allowed=bool(maker % 2),
                )

        with self._step(f"send_a_refund_elsewhere: {by}"):
            self._do(redirect, death)

    @precondition(World._has_sales)
    @rule(
        sale=which,
        who=st.sampled_from(("buyer", "seller", "merchant", "merchant", "another merchant", "stranger")),
        is_paid=st.sampled_from((False, False, True)),
        death=maybe_death,
    )
    def cancel_an_order(self, sale: int, who: str, is_paid: bool, death: tuple[str, int] | None) -> None:
        """One of its people, or somebody else, calls an order off."""
        order = self._sale(sale, status=OrderStatus.PAID if is_paid else OrderStatus.AWAITING_PAYMENT)
        before = story.order_of(order.reference).status
        with self._step(f"cancel_an_order: {who}"):
            key = {"merchant": self.merchant_key, "another merchant": self.other_key}.get(who)
            phone = {"buyer": order.buyer, "seller": order.seller, "stranger": OTIENO}.get(who)
            body = {} if phone is None else self._proof(phone, "cancel_order")

            def cancel() -> None:
                answer = self._seen(
                    f"cancel by {who}", story.post(f"/api/v1/orders/{order.reference}/cancel", body, key=key)
                )
                if answer.status == 200:
                    # A paid order is its seller's to call off (O14).
                    assert before == OrderStatus.AWAITING_PAYMENT or (
                        before == OrderStatus.PAID and phone == order.seller
                    )
                    assert who in {"buyer", "seller", "merchant"} or OTIENO in {order.buyer, order.seller}
                    assert story.order_of(order.reference).status == OrderStatus.CANCELLED

            self._do(cancel, death)

    @rule(days=st.sampled_from((1, 1, 1, 2, 3, 31, 31, 731)), runs_worker=st.booleans())
    def let_days_pass(self, days: int, runs_worker: bool) -> None:
        """Orders expire, requests grow old, unclaimed money goes back; perhaps the worker was down all the time."""
        with self._step("let_days_pass"):
            for _ in range(days if days < 31 else 1):
                self.stage_.pass_time(86_400 if days < 31 else days * 86_400)
                if runs_worker:
                    self.stage_.settle(self._work)

    @rule(is_pulled=st.sampled_from((False, False, True)), death=maybe_death)
    def compare_with_the_statement(self, is_pulled: bool, death: tuple[str, int] | None) -> None:
        """The provider's statement arrives, as files or pulled, and proves what was never heard of."""

        with self._step("compare_with_the_statement"):
            self._do(lambda: self._read_statements(is_pulled=is_pulled), death)

    # In words

    def _who_paid(self, receipt: Receipt) -> Phone:
        """Who really did: what the phone's owner knows, whatever Zemi was told."""
        for move in self.simulator.transactions():
            if move["receipt"] == receipt.transaction_id:
                return Phone(f"+{str(move['debit']).removeprefix('wallet:')}")
        return PAYERS[0]
