"""One simulated Safaricom and Africa's Talking, to be mounted in a test or served by server.py."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

import httpx2

from simulator import (
    commands,
    control,
    control_money,
    daraja_b2c,
    daraja_balance,
    daraja_c2b,
    daraja_reversal,
    daraja_status,
    daraja_stk,
    daraja_topup,
    levers,
    scenarios,
    sms,
)
from simulator.app import App
from simulator.callbacks import Callback, Courier
from simulator.clock import from_micros, to_micros
from simulator.state import State

_COMMANDS = {
    "reversal": daraja_reversal.carry_out,
    "balance": daraja_balance.answer,
    "topup": daraja_topup.carry_out,
}


class Simulator:
    """A world of phones, wallets and shortcodes behind a WSGI callable.

    Nothing happens by itself: `run_due` does what is due at `now()`. Thread-safe; no lock is held while a
    receiver of a callback is working.

    `store` is a file or ":memory:". `transport` carries the callbacks (None: real HTTP); give an
    `httpx2.WSGITransport` to reach an application in the same process. `now` is the clock under the
    simulator's own offset. `seed` makes the identifiers; a store that was used before keeps its own.

    :raises StoreBusy: another process has the store open
    """

    def __init__(
        self,
        store: Path | str = ":memory:",
        transport: httpx2.BaseTransport | None = None,
        base_url: str = "http://simulator.test",
        seed: int = 0,
        now: Callable[[], datetime] | None = None,
        *,
        pay_after_s: float = 1.0,
        result_after_s: float = 1.0,
    ) -> None:
        self._state = State(store, seed=seed, now=now, pay_after_s=pay_after_s, result_after_s=result_after_s)
        self._courier = Courier(self._state, transport, self._validated)
        self.changed = threading.Event()
        self.wsgi = App(
            self._state,
            base_url=base_url,
            run_now=self._run_now,
            changed=self.changed.set,
            callbacks_log=lambda: [callback.as_json() for callback in self.callbacks],
        )

    def run_due(self, send: Callable[[Callback], object] | None = None) -> int:
        """Decide prompts, settle payouts, answer status queries and send callbacks: what is due, by time.

        Returns how many of these it did. `send` takes over the sending of a claimed callback; it must end in
        `send_callback`.
        """
        done = 0
        while (due := self._settle_next()) is not None:
            done += 1
            kind, ref = due
            if kind == "callback" and (callback := self._courier.claim(ref)) is not None:
                (send or self._courier.send)(callback)
        return done

    def send_callback(self, callback: Callback) -> int | None:
        """POST a claimed callback once; return the status, None when there was no answer."""
        return self._courier.send(callback)

    def next_due(self) -> datetime | None:
        """When the next thing falls due; None when nothing is waiting."""
        row = self._state.next_on_agenda()
        return None if row is None else from_micros(row["at"])

    def now(self) -> datetime:
        """The simulator's time, aware UTC."""
        return self._state.clock.now()

    def advance(self, seconds: float) -> None:
        """Move the clock. What falls due by it is done by the next `run_due`."""
        self._state.clock.advance(seconds)
        self.changed.set()

    def books(self, at: datetime | None = None) -> dict[str, int]:
        """Every account in cents, now or as it was at a moment; the values sum to zero."""
        return self._state.books.accounts() if at is None else self._state.books.accounts_at(to_micros(at))

    def statement(self, **wishes: str) -> str:
        """As GET /_sim/statement: shortcode, from, to, account; the CSV.

        :raises ControlError: a wish that can't be followed
        """
        return control_money.statement_of(self._state, wishes)

    def transactions(self) -> list[dict[str, object]]:
        """Finished M-Pesa transactions as GET /_sim/transactions shows them, oldest first."""
        return [payment.as_json() for payment in self._state.books.payments()]

    def messages(self, to: str | None = None) -> list[dict[str, object]]:
        """SMS as GET /_sim/sms shows them, oldest first; `to` in any Kenyan form."""
        return sms.messages(self._state, to)

    def phone(self, msisdn: str) -> dict[str, object]:
        """As GET /_sim/phones/{msisdn}."""
        return control.show_phone(self._state, msisdn)

    def set_phone(self, msisdn: str, **wishes: object) -> dict[str, object]:
        """As POST /_sim/phones/{msisdn}: next, delay_s, callback, prompt, name.

        :raises ControlError: a wish that can't be followed
        """
        answer = control.set_phone(self._state, msisdn, wishes)
        self.changed.set()
        return answer

    def book_payment(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/payments: shortcode, msisdn, amount, receipt, account_reference.

        :raises ControlError: 409 for a receipt that is known already
        """
        return control.book_payment(self._state, wishes)

    def pay_bill(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/paybill: msisdn, amount, shortcode, account_reference, receipt.

        :raises ControlError: 409 for a receipt that is known already
        """
        answer = control_money.pay_bill(self._state, wishes)
        self.changed.set()
        return answer

    def paybill_payments(self) -> list[dict[str, object]]:
        """As GET /_sim/paybill: every payment by hand and what became of it."""
        return daraja_c2b.by_hand(self._state)

    def forget_urls(self) -> None:
        """As DELETE /_sim/c2b: the registered URLs."""
        control_money.forget_urls(self._state)

    def settle(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/settlements: shortcode, amount; from Utility to Working.

        :raises ControlError: 409 when the account has less
        """
        return control_money.settle(self._state, wishes)

    def reverse_pay_in(self, receipt: str) -> dict[str, object]:
        """As POST /_sim/reversals: give a pay-in back to whoever paid, as the provider's care desk does.

        :raises ControlError: 404 for a receipt that is none, 409 for one that was reversed or whose money is gone
        """
        return control_money.reverse_pay_in(self._state, {"receipt": receipt})

    def fault(self, name: str, **wishes: object) -> dict[str, object]:
        """As POST /_sim/faults: count, rate, seed, api, msisdn, delay_s, skip, burst, times, body, status, then, code.

        :raises ControlError: no such fault, or it cannot be had so
        """
        return control.add_fault(self._state, {"fault": name, **wishes})

    def clear_faults(self) -> None:
        """As DELETE /_sim/faults."""
        self.wsgi.clear_faults()

    def switch(self, **values: object) -> dict[str, object]:
        """As POST /_sim/switches; returns all of them.

        :raises ControlError: no such switch or value
        """
        return control.set_switches(self._state, values)

    def scenario(self, scenario: Mapping[str, object] | str) -> dict[str, object]:
        """As POST /_sim/scenario; a text is a file, or the name of a shipped one.

        :raises ControlError: nothing was done; says which step and why
        """
        found = scenarios.read(scenario) if isinstance(scenario, str) else scenario
        answer = scenarios.load(self._state, found)
        self.changed.set()
        return answer

    def scenario_steps(self) -> dict[str, object]:
        """As GET /_sim/scenario."""
        return scenarios.show(self._state)

    def change_float(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/float: one of set, top_up and take (whole shillings), and shortcode.

        :raises ControlError: nothing was changed
        """
        return levers.change_float(self._state, wishes)

    def set_initiator_password(self, password: str | None = None) -> dict[str, object]:
        """As POST /_sim/initiator/password: a new one, or another 90 days for the one there is.

        :raises ControlError: not a password
        """
        return levers.set_password(self._state, {"password": password})

    def forge(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/forge: url or callback, body, amount, forwarded_for; sent by the next `run_due`.

        :raises ControlError: it can't be made so
        """
        answer = levers.forge(self._state, wishes)
        self.changed.set()
        return answer

    def set_sms_reports(self, **wishes: object) -> dict[str, object]:
        """As POST /_sim/sms/reports: url, sent_after_s, delivered_after_s.

        :raises ControlError: nothing was changed
        """
        return levers.set_sms_reports(self._state, wishes)

    def config(self) -> dict[str, str]:
        """As GET /_sim/config."""
        return self.wsgi.config()

    def initiator(self) -> dict[str, object]:
        """As GET /_sim/initiator."""
        with self._state.transaction():
            return self._state.credentials.initiator()

    def unlock_initiator(self) -> None:
        """As POST /_sim/initiator/unlock."""
        with self._state.transaction():
            self._state.credentials.unlock_initiator()

    @property
    def callbacks(self) -> list[Callback]:
        """Every callback that was attempted, lost by a fault or dropped by hand, in order of making."""
        return self._courier.log()

    @property
    def hold_callbacks(self) -> bool:
        """While true, callbacks that fall due go to `held` instead of being sent."""
        return self._courier.hold

    @hold_callbacks.setter
    def hold_callbacks(self, value: bool) -> None:
        self._courier.hold = value

    @property
    def held(self) -> list[Callback]:
        """Callbacks kept back by `hold_callbacks`, oldest first."""
        return self._courier.held()

    def deliver(self, index: int = 0, drop: bool = False, times: int = 1) -> list[int | None]:
        """Send `held[index]` `times` times, or drop it; return the statuses."""
        return self._courier.deliver(index, drop=drop, times=times)

    def close(self) -> None:
        """Close the store and the connections. Later calls fail."""
        self._courier.close()
        self._state.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _settle_next(self) -> tuple[str, int] | None:
        """Do the first due thing other than sending; say what it was, or None when nothing is due."""
        with self._state.transaction():
            row = self._state.next_on_agenda()
            if row is None or row["at"] > self._state.clock.micros():
                return None
            # At its own time, however late this comes: the answer at 3 s is at 3 s.
            self._settle(row["kind"], row["ref"], at=row["at"])
            return row["kind"], row["ref"]

    def _settle(self, kind: str, ref: int, *, at: int) -> list[int]:
        match kind:
            case "prompt":
                planned = daraja_stk.fall_due(self._state, ref, at=at)
            case "payout":
                planned = daraja_b2c.settle(self._state, ref, at=at)
            case "status":
                planned = daraja_status.answer(self._state, ref, at=at)
            case "c2b":
                planned = daraja_c2b.begin(self._state, ref, at=at)
            case "command":
                planned = commands.settle(self._state, ref, at=at, carry_out=_COMMANDS)
            case "scenario":
                planned = scenarios.fall_due(self._state, ref)
            case _:  # a callback: it is claimed and sent without the lock
                planned = []
        return planned

    def _validated(self, asked: int, answer: str | None) -> None:
        daraja_c2b.validated(self._state, asked, answer, at=self._state.clock.micros())
        self.changed.set()

    def _run_now(self, kind: str, ref: int) -> None:
        with self._state.transaction():
            planned = self._settle(kind, ref, at=self._state.clock.micros())
        for callback in filter(None, map(self._courier.claim, planned)):
            self._courier.send(callback)
