"""The bugs: where, the exact text that is replaced, by what, what it breaks, and which tests must notice.

To aim one anew after a rewrite, copy the new text: `old` must occur exactly once in its file, which `make test` checks.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """One bug. `tests` are paths of which at least one must fail; `database` is where they are run."""

    name: str
    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]
    database: str = "sqlite"


FLOWS, DOMAIN, RULES, MACHINE = "tests/flows", "tests/domain", "tests/rules", "tests/machine"
RACES, FUZZ, API, PROVIDERS = "tests/concurrency", "tests/fuzz", "tests/api", "tests/providers"

PATCHES: tuple[Patch, ...] = (
    # What the database itself must refuse
    Patch(
        "two live payments",
        "zemi/payments/migrations/0001_initial.py",
        "condition=models.Q(('is_live', True)), fields=('order',), name='payments_one_live'",
        "condition=models.Q(('is_live', True)), fields=('order', 'id'), name='payments_one_live'",
        "without payments_one_live an order has two prompts at once",
        (FLOWS, DOMAIN, RACES, MACHINE),
    ),
    Patch(
        "receipt booked twice",
        "zemi/payments/migrations/0001_initial.py",
        "fields=('provider', 'transaction_id'), name='payments_receipt_once'",
        "fields=('provider', 'transaction_id', 'id'), name='payments_receipt_once'",
        "without payments_receipt_once one receipt number pays two orders",
        (FLOWS, DOMAIN),
    ),
    Patch(
        "two open attempts",
        "zemi/payouts/migrations/0001_initial.py",
        "condition=models.Q(('is_open', True)), fields=('payout',), name='payouts_one_open_attempt'",
        "condition=models.Q(('is_open', True)), fields=('payout', 'id'), name='payouts_one_open_attempt'",
        "without payouts_one_open_attempt a payout is under way twice",
        (FLOWS, DOMAIN, RACES, MACHINE),
    ),
    Patch(
        "payout receipt used twice",
        "zemi/payouts/migrations/0001_initial.py",
        "fields=('provider', 'transaction_id'), name='payouts_receipt_once'",
        "fields=('provider', 'transaction_id', 'id'), name='payouts_receipt_once'",
        "without payouts_receipt_once one receipt number settles two payouts",
        (FLOWS, DOMAIN),
    ),
    Patch(
        "a release paid twice",
        "zemi/payouts/migrations/0006_called_off_payouts_are_replaced.py",
        "fields=('release',), name='payouts_one_live_per_release'",
        "fields=('release', 'id'), name='payouts_one_live_per_release'",
        "without payouts_one_live_per_release two payouts of one release count",
        (DOMAIN, FLOWS),
    ),
    Patch(
        "overdraft allowed",
        "zemi/ledger/migrations/0001_initial.py",
        "condition=models.Q(('balance_minor__gte', 0)), name='ledger_no_overdraft'",
        "condition=models.Q(('balance_minor__gte', -10**15)), name='ledger_no_overdraft'",
        "more can leave an escrow than ever came in",
        (DOMAIN, FLOWS),
    ),
    Patch(
        "transfers can be changed",
        "zemi/ledger/migrations/0002_triggers.py",
        '        append_only("ledger_transfer"),\n',
        "",
        "a booked transfer can be rewritten",
        (DOMAIN,),
    ),
    Patch(
        "events can be changed",
        "zemi/events/migrations/0002_append_only.py",
        'append_only("events_event")',
        "",
        "the audit trail can be rewritten",
        (DOMAIN,),
    ),
    # Money out
    Patch(
        "fence skipped",
        "zemi/common/work.py",
        "return write_if(row, written, fence=row.fence, due_at=NOT_NULL)",
        "return write_if(row, written, due_at=NOT_NULL)",
        "a paused worker finishes what another took over",
        (DOMAIN, FLOWS, MACHINE),
    ),
    Patch(
        "lease ignored",
        "zemi/common/work.py",
        "WHERE due_at <= %s AND (lease_until IS NULL OR lease_until <= %s)",
        "WHERE due_at <= %s AND (lease_until IS NULL OR lease_until >= '1970-01-01' OR lease_until <= %s)",
        "two workers hold one row",
        (DOMAIN, RACES),
    ),
    Patch(
        "callback closed by an old claim",
        "zemi/webhooks/inbox.py",
        "write_if(row, closed, fence=row.fence, handled_at=None)",
        "write_if(row, closed)",
        "a callback is handled by two workers",
        (DOMAIN, FLOWS, RACES),
    ),
    Patch(
        "duplicate id is a failure",
        "zemi/providers/mpesa/codes.py",
        "    if code == CATCH_ALL:\n        rows =",
        '    if code == "500.002.1001":\n        return Refused(Reason.INVALID_REQUEST, code, text)\n'
        "    if code == CATCH_ALL:\n        rows =",
        "an earlier request arrived and may have paid: the payout is sent anew",
        (RULES, PROVIDERS, FLOWS),
    ),
    Patch(
        "time-out notice is a failure",
        "zemi/providers/mpesa/messages.py",
        'outcome = Unknown(_code_or_none(fields), wire.words(fields, "ResultDesc"))',
        'outcome = codes.payout_result("2040", wire.words(fields, "ResultDesc"))',
        "a queue time-out gives the money back that is then paid",
        (RULES, FLOWS),
    ),
    Patch(
        "unlisted code is a failure",
        "zemi/providers/mpesa/codes.py",
        "    if code in PAYOUT_RESULTS and not _NO_PROOF.search(text):\n"
        "        return Refused(PAYOUT_RESULTS[code], code, text)",
        "    if code not in UNDECIDED:\n        return Refused(PAYOUT_RESULTS.get(code, Reason.OTHER), code, text)",
        "a code that nobody has catalogued is taken as proof that nothing was paid",
        (RULES, FLOWS),
    ),
    Patch(
        "unknown payout sent anew",
        "zemi/disbursements/settle.py",
        "        case Unknown():\n            if attempt.status != AttemptStatus.UNKNOWN:",
        '        case Unknown():\n            return _refused(attempt, Refused(Reason.FLOAT_LOW, "", ""), now=now)\n'
        "            if attempt.status != AttemptStatus.UNKNOWN:",
        "silence is taken as failure, and the payout is sent under a new id",
        (FLOWS, MACHINE),
    ),
    Patch(
        "new id for an attempt that was not sent",
        "zemi/disbursements/send.py",
        "            if last is not None and last.is_open:",
        "            if last is not None and last.is_open and not last.number:",
        "what provably never left gets a second attempt beside the first",
        (FLOWS, MACHINE),
    ),
    Patch(
        "nobody asks after a crash",
        "zemi/disbursements/send.py",
        "                due_at=now + FIRST_QUERY,\n                lease_until=None,\n",
        "                due_at=None,\n                lease_until=None,\n",
        "after a crash at the call nobody ever asks what became of the payout",
        (FLOWS, MACHINE),
    ),
    Patch(
        "call before the intent is committed",
        "zemi/disbursements/send.py",
        "            append(attempt)\n        return attempt\n",
        "        _call(attempt)\n        with unit_of_work():\n            append(attempt)\n        return attempt\n",
        "money leaves by an attempt that no row knows of",
        (FLOWS, MACHINE),
    ),
    Patch(
        "success for another amount",
        "zemi/disbursements/settle.py",
        "    if outcome.amount is not None and outcome.amount != attempt.amount:\n        # Neither paid",
        "    if False and outcome.amount != attempt.amount:\n        # Neither paid",
        "a payout of another amount is booked as paid in full",
        (FLOWS,),
    ),
    Patch(
        "money paid twice is in no book",
        "zemi/disbursements/settle.py",
        "    if was_given_back:\n        event = _mark_succeeded",
        '    if not was_given_back:\n        return "success_after_failure"\n'
        "    if was_given_back:\n        event = _mark_succeeded",
        "a second payment of one payout is nobody's claim",
        (FLOWS, DOMAIN),
    ),
    Patch(
        "more refunded than came",
        "zemi/refunds/migrations/0001_initial.py",
        "('refunded_minor__lte', models.F('received_minor'))",
        "('refunded_minor__lte', 10**15)",
        "refunds exceed what was received",
        (FLOWS, DOMAIN),
    ),
    Patch(
        "payee not checked",
        "zemi/payouts/disburse.py",
        "if bytes(payout.seller.phone_hash) != phone_index(payee_phone):",
        "if not phone_index(payee_phone):",
        "a merchant names another payee and is told that it is being paid",
        (FLOWS, API, MACHINE),
    ),
    # Money in
    Patch(
        "success is not confirmed",
        "zemi/payments/settle.py",
        "    found = registry.mobile_money().query_charge(payment.provider_reference or result.provider_reference)\n",
        "    found = claimed\n",
        "a callback alone makes money count, without the STK query",
        (FLOWS,),
    ),
    Patch(
        "unsigned hint is believed",
        "zemi/payments/settle.py",
        "    if row.subject_id is None:\n        _take_hint(payment, row, now=now)\n        return\n",
        "",
        "whoever knows a checkout id can fail a payment or name its receipt",
        (FLOWS, MACHINE),
    ),
    Patch(
        "the provider's clock says which receipt is older than a prompt",
        "zemi/payments/queries.py",
        ".exclude(Exists(told_before))\n",
        ".filter(received_at__gte=payment.created_at)\n",
        "where M-Pesa's clock is slow one payment is booked twice, and once sent back",
        (FLOWS, MACHINE),
    ),
    Patch(
        "the provider's clock says which prompt a line is of",
        "zemi/reconciliation/match.py",
        "        created_at__lt=last + CLOCKS_APART,\n",
        "        created_at__lt=last,\n",
        "where M-Pesa's clock is slow its list books one payment twice, and once sends it back",
        (FLOWS,),
    ),
    Patch(
        "the provider's clock says which try a line is of",
        "zemi/reconciliation/match.py",
        "            created_at__lt=line.at + _CUT_OFF + CLOCKS_APART,\n",
        "            created_at__lt=line.at + _CUT_OFF,\n",
        "where M-Pesa's clock is slow its statement says of a try that failed that it was paid after all",
        (FLOWS,),
    ),
    Patch(
        "news that cross are booked beside each other",
        "zemi/payments/queries.py",
        "        Q(same_payer, payment__isnull=True) | Q(payment__in=crossed.order_by()),\n",
        "        Q(same_payer, payment__isnull=True),\n",
        "two prompts that were both paid are booked as three payments, and two are sent back",
        (FLOWS,),
    ),
    Patch(
        "what its status alone proves is never a prompt's",
        "zemi/payments/c2b.py",
        "    elif payer is None or told.reference:\n",
        "    elif payer is None or not told.reference:\n",
        "a prompt's money is booked for its order and once more for nobody",
        (FLOWS,),
    ),
    Patch(
        "the day counts from before it was sent",
        "zemi/disbursements/change.py",
        "    return row.sent_at or attempt.created_at\n",
        "    return attempt.created_at\n",
        "two people may say of what left a minute ago that it was not paid, and it is sent anew",
        (FLOWS,),
    ),
    Patch(
        "failure after success",
        "zemi/payments/settle.py",
        "        if payment.status in LIVE:\n            transition(\n"
        "                payment,\n                PaymentStatus.FAILED,",
        "        if payment.status in LIVE or payment.status == PaymentStatus.COMPLETED:\n"
        "            transition(\n                payment,\n                PaymentStatus.FAILED,",
        "a stray failure undoes a payment that came",
        (FLOWS, MACHINE),
    ),
    Patch(
        "second receipt ignored",
        "zemi/payments/settle.py",
        '    take_in(receipt, payment.order, actor="provider", now=now, second=True)\n    return "second_receipt"\n',
        '    return "second_receipt"\n',
        "the second receipt for one prompt is in no book",
        (FLOWS,),
    ),
    Patch(
        "4999 is a failure",
        "zemi/providers/mpesa/codes.py",
        "    if still_processing(code, text):\n        return Accepted(code, text)\n    if code == SUCCESS:",
        "    if code == PENDING:\n        return Refused(Reason.OTHER, code, text)\n    if code == SUCCESS:",
        "a payment that is still being made is failed",
        (RULES, FLOWS),
    ),
    Patch(
        "amount of the callback not compared",
        "zemi/payments/allocate.py",
        "    return Shares(amount, nothing, nothing, pays=False)",
        "    return Shares(amount, due - amount, nothing, pays=True)",
        "one shilling pays for everything",
        (FLOWS,),
    ),
    Patch(
        "amount as a float",
        "zemi/common/money.py",
        'return cls(int(whole) * CENTS + int((fraction or "0").ljust(2, "0")), currency)',
        'return cls(int(float(f"{whole}.{fraction or 0}") * CENTS), currency)',
        "1500.10 loses a cent",
        (RULES,),
    ),
    Patch(
        "provider's amount as a float",
        "zemi/providers/wire.py",
        'minor = int(shillings) * CENTS + int((cents or "0").ljust(2, "0"))\n    if minor == 0:',
        'minor = int(float(f"{shillings}.{cents or 0}") * CENTS)\n    if minor == 0:',
        "a receipt loses a cent",
        (RULES,),
    ),
    # Books
    Patch(
        "debit and credit swapped",
        "zemi/ledger/posting.py",
        "        debit_id=line.debit.key,\n        credit_id=line.credit.key,\n",
        "        debit_id=line.credit.key,\n        credit_id=line.debit.key,\n",
        "every booking is the wrong way round",
        (DOMAIN, FLOWS),
    ),
    Patch(
        "commission forgotten",
        "zemi/releases/release.py",
        '        Line("commission", release.id, seller, chart.commission(), part.fee),\n',
        "",
        "the commission stays with the seller's balance and is never earned",
        (FLOWS, DOMAIN, MACHINE),
    ),
    Patch(
        "fee of the provider forgotten",
        "zemi/disbursements/settle.py",
        "        _fee(attempt, owed.id),\n",
        "",
        "the books say that more is left at M-Pesa than there is",
        (FLOWS, DOMAIN),
    ),
    # Codes, secrets, moves
    Patch(
        "wrong code counted in a unit that is undone",
        "zemi/releases/confirm.py",
        "payout_initiated=True))\n    # The count",
        "payout_initiated=True))\n        if not right:\n            raise DeliveryCodeWrong\n    # The count",
        "guesses cost nothing: the count is rolled back with the refusal",
        (FLOWS, RACES),
    ),
    Patch(
        "order released unpaid",
        "zemi/releases/confirm.py",
        "            if order.status != OrderStatus.PAID:\n                raise OrderNotPaid(status=str(order.status))\n",
        "",
        "a code releases money that never came, or a second time",
        (FLOWS, API, MACHINE),
    ),
    Patch(
        "lock of the code not looked at",
        "zemi/orders/progress.py",
        "    if order.code_locked_until is not None and order.code_locked_until > now:",
        "    if order.code_locked_until is not None and order.code_locked_until < now:",
        "a locked code can be guessed on",
        (FLOWS,),
    ),
    Patch(
        "move not conditional",
        "zemi/events/log.py",
        'if not write_if(row, {"status": to, **changes}, status=moved, **(still or {})):',
        'if not write_if(row, {"status": to, **changes}, **(still or {})):',
        "of two processes both move a row on",
        (DOMAIN, RULES, RACES, MACHINE),
    ),
    Patch(
        "callback secret not proved",
        "zemi/webhooks/tokens.py",
        "        if not crypto.same(mac, crypto.keyed_hash(_PURPOSE, head, key=head[1])):\n            return None\n",
        "",
        "anybody makes a callback path",
        (FLOWS, DOMAIN, RULES, API, MACHINE),
    ),
    Patch(
        "order row not locked",
        "zemi/orders/locks.py",
        """WHERE o.order_reference = %s {locking('o')}\"""",
        """WHERE o.order_reference = %s\"""",
        "fifty guesses at once are all compared",
        (RACES,),
        "postgres",
    ),
    Patch(
        "a late success of what is replaced makes it count again",
        "zemi/disbursements/settle.py",
        "owed.status in over and not owed.is_replaced",
        "owed.status in over",
        "what a try paid after all can't be booked: its release has a payout that counts",
        (FLOWS,),
    ),
    Patch(
        "caller's budget read, then written",
        "zemi/releases/confirm.py",
        "    charge_or_refuse(budget, now=now)\n",
        "",
        "one caller guesses at a thousand orders",
        (FLOWS, API, RACES),
    ),
    # Parsers
    Patch(
        "nesting not caught",
        "zemi/providers/wire.py",
        "    except (ValueError, RecursionError) as error:",
        "    except ValueError as error:",
        "5,000 brackets end the worker",
        (FUZZ,),
    ),
    Patch(
        "month 13",
        "zemi/providers/wire.py",
        "    except (ValueError, OverflowError):  # month 13",
        "    except OverflowError:  # month 13",
        "a time that can't be read puts a payment aside for good",
        (FUZZ, RULES),
    ),
    Patch(
        "digits of other scripts",
        "zemi/common/money.py",
        '_TOKEN = re.compile(r"(0|[1-9][0-9]{0,9})(?:\\.([0-9]{1,2}))?", re.ASCII)',
        '_TOKEN = re.compile(r"(0|[1-9]\\d{0,9})(?:\\.(\\d{1,2}))?")',
        "an amount in Arabic digits is read",
        (API, RULES),
    ),
)
