"""House rules that no linter knows (STYLE 4), checked on the syntax tree of every module of the product."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted(
    path
    for package in ("zemi", "simulator")
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
MONEY = (
    "common/money.py",
    "ledger/",
    "orders/",
    "disbursements/",
    "refunds/",
    "payments/",
    "payouts/",
    "releases/",
    "reconciliation/",
)
# Beside locks.py: whoever locks must be listed with the reason.
MAY_LOCK: dict[str, str] = {}
# Who may catch everything once, and why no class can be named there.
MAY_CATCH = {"zemi/api/middleware.py": "WSGI names no class for what a server raises on a broken body"}

Finder = Callable[[str, ast.AST], Iterator[int]]


def writes_a_status(name: str, tree: ast.AST) -> Iterator[int]:
    """`.update(status=...)`, `.save(update_fields=["status"])` and their like, outside transition()."""
    if name == "zemi/events/log.py":
        return
    for call in _calls(tree):
        if call.func.attr == "update" and any(word.arg == "status" for word in call.keywords):
            # A dict has an `update` too, and no status column.
            yield call.lineno
        elif call.func.attr in {"save", "asave", "bulk_update", "abulk_update"}:
            words = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant)}
            if "status" in words or (call.func.attr in {"save", "asave"} and _assigns_status(tree, call)):
                yield call.lineno


def locks_rows(name: str, tree: ast.AST) -> Iterator[int]:
    """`select_for_update` outside locks.py: the order of locks is kept where all of them can be seen."""
    if Path(name).name == "locks.py" or name in MAY_LOCK:
        return
    yield from (call.lineno for call in _calls(tree) if call.func.attr == "select_for_update")


def uses_floats(name: str, tree: ast.AST) -> Iterator[int]:
    """`float`, or a number with a point, where money is."""
    if not name.startswith(tuple(f"zemi/{part}" for part in MONEY)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float":
            yield node.lineno
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno


def catches_everything(name: str, tree: ast.AST) -> Iterator[int]:
    """`except Exception` and wider that goes on: what can't be named can't be handled."""
    excused = 1 if name in MAY_CATCH else 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = (
                {"everything"} if node.type is None else {ast.unparse(part) for part in _parts(node.type)}
            )
            goes_on = ast.unparse(node.body[-1]) != "raise"
            if goes_on and caught & {"everything", "Exception", "BaseException"}:
                excused -= 1
                if excused < 0:
                    yield node.lineno


def uses_signals(_: str, tree: ast.AST) -> Iterator[int]:
    """Django's model signals: what happens next is said where it happens, or follows from an event row."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            names = {ast.unparse(node)}
        else:
            continue
        if any(name.startswith(("django.db.models.signals", "django.dispatch")) for name in names):
            yield node.lineno


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node


def _assigns_status(tree: ast.AST, save: ast.Call) -> bool:
    """Whether the function around `save` assigns `status` of the same thing: row.status = ...; row.save()."""
    saved = ast.unparse(save.func.value)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and save in ast.walk(function):
            targets = [
                target
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
            ]
            if any(ast.unparse(target) == f"{saved}.status" for target in targets):
                return True
    return False


def _parts(caught: ast.expr) -> list[ast.expr]:
    return list(caught.elts) if isinstance(caught, ast.Tuple) else [caught]


RULES: list[tuple[Finder, str, str]] = [
    (writes_a_status, "zemi/orders/pay.py", "Order.objects.filter(pk=1).update(status='paid')"),
    (writes_a_status, "zemi/orders/pay.py", "order.save(update_fields=['status', 'paid_at'])"),
    (writes_a_status, "zemi/orders/pay.py", "def pay(order):\n    order.status = 'paid'\n    order.save()"),
    (locks_rows, "zemi/orders/pay.py", "Order.objects.select_for_update().get(pk=1)"),
    (uses_floats, "zemi/ledger/posting.py", "amount = float('1.5')"),
    (uses_floats, "zemi/payouts/fees.py", "FEE = 0.5"),
    (catches_everything, "zemi/worker/loop.py", "try:\n    work()\nexcept Exception:\n    pass"),
    (
        catches_everything,
        "zemi/worker/loop.py",
        "try:\n    work()\nexcept (ValueError, BaseException):\n    pass",
    ),
    (catches_everything, "simulator/app.py", "try:\n    work()\nexcept:\n    pass"),
    (uses_signals, "zemi/orders/models.py", "from django.db.models.signals import post_save"),
    (uses_signals, "zemi/orders/models.py", "from django.db.models import signals"),
    (uses_signals, "zemi/orders/models.py", "from django.dispatch import receiver"),
]


@pytest.mark.parametrize(
    "rule", list(dict.fromkeys(finder for finder, _, _ in RULES)), ids=lambda rule: rule.__name__
)
def test_the_product_keeps_the_rule(rule: Finder) -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in PRODUCT
        for line in rule(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text()))
    ]

    assert not broken, f"{rule.__doc__}"


@pytest.mark.parametrize(("rule", "name", "code"), RULES)
def test_the_rule_finds_what_breaks_it(rule: Finder, name: str, code: str) -> None:
    assert list(rule(name, ast.parse(code)))


@pytest.mark.parametrize(
    ("rule", "name", "code"),
    [
        (writes_a_status, "zemi/events/log.py", "rows.update(status=to)"),
        (writes_a_status, "zemi/orders/pay.py", "Order.objects.filter(status='paid').update(paid_at=now)"),
        (locks_rows, "zemi/orders/locks.py", "Order.objects.select_for_update().get(pk=1)"),
        (uses_floats, "zemi/worker/loop.py", "POLL_S = 0.25"),
        (catches_everything, "zemi/worker/loop.py", "try:\n    work()\nexcept ValueError:\n    pass"),
        (
            catches_everything,
            "simulator/store.py",
            "try:\n    w()\nexcept BaseException:\n    undo()\n    raise",
        ),
        (uses_signals, "zemi/cli/up.py", "import signal"),
    ],
)
def test_the_rule_leaves_alone_what_is_right(rule: Finder, name: str, code: str) -> None:
    assert not list(rule(name, ast.parse(code)))
