"""Whatever is done in whatever order, the books sum to zero, and the statements say what the books say."""

import csv
import io
import random
from datetime import timedelta

import pytest

from tests.simulator.world import AMINA, BARAKA, OTIENO, World

PHONES = (AMINA, BARAKA, OTIENO, "254700000003", "254700000009")


class _Walk:
    """A random sequence of everything that can be asked of the simulator, the same for the same seed."""

    def __init__(self, world, seed):
        self.world, self.seed, self.number = world, seed, 0
        self.draw = random.Random(seed)
        self.http, self.sim, self.daraja = world.http, world.sim, world.daraja

    def step(self):
        self.number += 1
        self.draw.choice(
            (
                self.push,
                self.push,
                self.pay_bill,
                self.pay_bill,
                self.payout,
                self.reverse,
                self.reverse,
                self.topup,
                self.settle,
                self.book,
                self.simulate,
                self.ask,
                self.switch,
                self.fault,
                self.wait,
            )
        )()

    def amount(self):
        return self.draw.choice((1, 10, 101, self.draw.randint(1, 250_000)))

    def phone(self):
        return self.draw.choice(PHONES)

    def push(self):
        self.daraja.push(self.phone(), self.amount())

    def pay_bill(self):
        self.sim.pay_bill(msisdn=self.phone(), amount=self.amount(), account_reference=f"R{self.number}")

    def payout(self):
        amount = self.draw.choice((10, 250_000, self.draw.randint(10, 250_000)))
        self.daraja.payout(f"own-{self.number}", self.phone(), amount)

    def reverse(self):
        moved = self.sim.transactions()
        if moved:
            row = self.draw.choice(moved)
            amount = self.draw.choice((row["amount"] // 100, max(row["amount"] // 200, 1)))
            self.command(
                "/mpesa/reversal/v1/request",
                CommandID="TransactionReversal",
                TransactionID=row["receipt"],
                Amount=min(amount, 250_000),
                ReceiverParty="174379",
                RecieverIdentifierType="11",
            )

    def topup(self):
        self.command(
            "/mpesa/b2b/v1/paymentrequest",
            CommandID="BusinessPayToBulk",
            SenderIdentifierType="4",
            RecieverIdentifierType="4",
            Amount=self.amount(),
            PartyA="174379",
            PartyB="600000",
            AccountReference="FLOAT",
        )

    def ask(self):
        self.command(
            "/mpesa/accountbalance/v1/query", CommandID="AccountBalance", PartyA="600000", IdentifierType="4"
        )

    def command(self, path, **wishes):
        body = {
            "Initiator": self.daraja.config["initiator_name"],
            "SecurityCredential": self.daraja.credential(),
            "Remarks": "walk",
            "QueueTimeOutURL": "http://shop.test/timeout",
            "ResultURL": "http://shop.test/result",
            **wishes,
        }
        assert self.daraja.post(path, body).status_code == 200

    def settle(self):
        self.http.post("/_sim/settlements", json={"amount": self.amount()})

    def book(self):
        self.sim.book_payment(msisdn=self.phone(), amount=self.amount())

    def simulate(self):
        body = {
            "ShortCode": "174379",
            "CommandID": "CustomerPayBillOnline",
            "Amount": self.amount(),
            "Msisdn": self.phone(),
            "BillRefNumber": "X",
        }
        self.daraja.post("/mpesa/c2b/v2/simulate", body)

    def switch(self):
        name = self.draw.choice(
            ("customer_limits", "paybill_charge", "c2b_validation", "partial_reversal", "topup_source")
        )
        values = ("utility", "working") if name == "topup_source" else (True, False)
        self.sim.switch(**{name: self.draw.choice(values)})

    def fault(self):
        name = self.draw.choice(("queue_timeout", "b2c_timeout_notice", "callback_twice", "callback_late"))
        self.sim.fault(name, count=1)

    def wait(self):
        self.world.run(self.draw.choice((1, 30, 600)))
        self.daraja.log_in()


def _rows(sim, shortcode, account):
    text = sim.statement(shortcode=shortcode, account=account).partition("\r\n\r\n")[2]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("seed", range(6))
def test_no_sequence_of_events_makes_or_loses_money(seed):
    with World() as world:
        walk = _Walk(world, seed)
        world.daraja.post(
            "/mpesa/c2b/v2/registerurl",
            {
                "ShortCode": "174379",
                "ResponseType": walk.draw.choice(("Completed", "Cancelled")),
                "ConfirmationURL": "http://shop.test/paid",
                "ValidationURL": "http://shop.test/may-they",
            },
        )
        noted = []
        for _ in range(120):
            walk.step()
            world.run()
            accounts = world.books()
            assert all(balance >= 0 for name, balance in accounts.items() if name != "world")
            noted.append((world.sim.now(), {name: balance for name, balance in accounts.items() if balance}))
            world.time += timedelta(seconds=walk.draw.choice((0, 1, 5)))
        world.run(3_600)

        latest = dict(noted)  # of several notes at one moment, the last
        for moment, accounts in latest.items():
            then = world.sim.books(at=moment)
            assert {name: balance for name, balance in then.items() if balance} == accounts
            assert sum(then.values()) == 0
        kinds = {row["kind"] for row in world.sim.transactions()}
        assert {"stk", "c2b", "b2c", "manual", "reversal"} <= kinds
        for account in ("shortcode:174379:utility", "shortcode:174379:working", "shortcode:600000:utility"):
            _, shortcode, kind = account.split(":")
            rows = _rows(world.sim, shortcode, kind)
            moved = [(row["Paid In"] or row["Withdrawn"]).replace(".", "") for row in rows]
            assert sum(map(int, moved)) == world.books().get(account, 0)
            if rows:
                assert int(rows[0]["Balance"].replace(".", "")) == world.books()[account]
        _no_payment_is_given_back_twice(world)


def _no_payment_is_given_back_twice(world):
    moved = world.sim.transactions()
    paid = {row["receipt"]: row["amount"] for row in moved}
    back: dict[str, int] = {}
    for row in moved:
        if row["kind"] == "reversal":
            back[row["original_receipt"]] = back.get(row["original_receipt"], 0) + row["amount"]
    assert all(amount <= paid[receipt] for receipt, amount in back.items())


def test_a_state_file_of_before_is_brought_up_to_date(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store) as world:
        world.daraja.push()
        db = world.sim._state.store._db
        db.execute("DROP INDEX transactions_original")
        db.execute("ALTER TABLE transactions DROP COLUMN original_receipt")
        db.execute("DROP TABLE c2b_payments")
        waiting = db.execute("SELECT id, at, kind, ref FROM agenda").fetchall()
        db.execute("DROP TABLE agenda")
        db.execute(
            "CREATE TABLE agenda (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
            " kind TEXT NOT NULL CHECK (kind IN ('prompt', 'payout', 'status', 'callback')), ref INTEGER NOT NULL)"
        )
        db.executemany("INSERT INTO agenda VALUES (?, ?, ?, ?)", map(tuple, waiting))
        db.execute("PRAGMA user_version = 0")

    with World(store) as world:
        world.sim.pay_bill(msisdn=BARAKA, amount=10)
        world.daraja.post(
            "/mpesa/c2b/v2/simulate",
            {
                "ShortCode": "174379",
                "CommandID": "CustomerPayBillOnline",
                "Amount": 20,
                "Msisdn": BARAKA,
                "BillRefNumber": "X",
            },
        )
        assert len(world.run(1)) == 1
        assert [row["amount"] for row in world.sim.transactions()] == [1_000, 150_000, 2_000]
