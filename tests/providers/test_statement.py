"""Safaricom's statement, line by line."""

import pytest

from tests.providers.peers import NOON
from zemi.common.money import Money, kes
from zemi.providers.mpesa.statement import UnreadableStatement, read_statement

HEAD = (
    "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,"
    "Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)
PAID = (
    'UKN1AB2CD3,23-11-2026 12:00:00,"Pay Bill from 2547****111\nAcc. ZEM",Completed,'
    '"1,500.00",,"9,001.50",Pay Bill,x,,ZEM-0A1B2C3D'
)
OUT = "UKN9ZZ8YY7,2026-11-23 12:00:00,Reversal,Completed,,-1500.00,7501.50,Reversal,x,UKN1AB2CD3,"
TOP = "Organisation,Zemi\nShort Code,174379\n\n"


def test_a_statement_is_read_past_its_heading():
    paid, out = read_statement("\ufeff" + TOP + "\n".join([HEAD, PAID, "", OUT]) + "\n")

    assert (paid.number, paid.receipt, paid.at, paid.status) == (5, "UKN1AB2CD3", NOON, "Completed")
    assert (paid.paid_in, paid.withdrawn, paid.balance) == (kes(1_500), Money(0), Money(900_150))
    assert (paid.account_reference, paid.reason_type) == ("ZEM-0A1B2C3D", "Pay Bill")
    assert (out.number, out.paid_in, out.withdrawn) == (8, Money(0), kes(1_500))
    assert (out.linked_receipt, out.at) == ("UKN1AB2CD3", NOON)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (PAID.replace("1,500.00", "1500.005"), "not an amount"),
        (PAID.replace("1,500.00", "-5"), "less than nothing"),
        (PAID.replace("23-11-2026", "31-31-2026"), "not a time"),
        (PAID.replace("UKN1AB2CD3", "?"), "no receipt number"),
        ('UKN1AB2CD3,"unclosed', "not CSV"),
    ],
)
def test_a_line_that_can_not_be_read_is_named(line: str, problem: str):
    with pytest.raises(UnreadableStatement, match=rf"line 6: .*{problem}") as caught:
        read_statement("\n".join([TOP + HEAD, OUT, line]))

    assert caught.value.line == 6


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Receipt No.,Details\n"])
def test_what_has_no_such_table_is_no_statement(text: str):
    with pytest.raises(UnreadableStatement):
        read_statement(text)
