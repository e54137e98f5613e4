"""Whatever comes, only declared errors leave a parser, and what it returns can be stored (SAFETY 5e).

How many examples for each parser: `ZEMI_FUZZ_EXAMPLES`, 2,000,000 for a soak. Hypothesis draws them; atheris, which
would be guided by coverage, has no build for the Python that this is developed on.
"""

import importlib
import inspect
import os
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given

from tests.fuzz.inputs import BODIES, STATUSES, TEXTS, VALUES, as_read, inputs, recorded
from tests.fuzz.table import TABLE, Parser, Takes
from zemi import providers
from zemi.common.http_client import Answer
from zemi.providers import wire

EXAMPLES, EXAMPLES_OF_A_PROOF = 100, 5_000


@pytest.fixture
def parser(request: pytest.FixtureRequest) -> Parser:
    return TABLE[request.param]


every_parser = pytest.mark.parametrize("parser", TABLE, indirect=True)


def read(parser: Parser, given: Any) -> None:
    """Give it to the parser. Declared errors are fine, anything else is not."""
    try:
        result = parser.read(given)
    except parser.errors:
        return
    if not parser.is_raw:
        for text in texts_of(result):
            text.encode()
            assert "\x00" not in text, f"{given!r} became {result!r}, which can't be stored"


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_of(list(pair))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))


def fuzz(parser: Parser, *, examples: int, derandomize: bool) -> None:
    @hypothesis.settings(
        max_examples=int(os.environ.get("ZEMI_FUZZ_EXAMPLES", examples)),
        deadline=None,
        database=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(parser))
    def run(given: Any) -> None:
        read(parser, given)

    run()


@every_parser
def test_only_declared_errors_leave(db: None, parser: Parser) -> None:
    fuzz(parser, examples=EXAMPLES, derandomize=True)


@pytest.mark.proof
@every_parser
def test_only_declared_errors_leave_in_thousands_of_examples(db: None, parser: Parser) -> None:
    fuzz(parser, examples=EXAMPLES_OF_A_PROOF, derandomize=False)


@every_parser
def test_every_known_trap_is_met(db: None, parser: Parser) -> None:
    bodies = (*BODIES, *recorded(), *(token.encode("utf-8", "surrogatepass") for token in VALUES))
    given: dict[Takes, list[Any]] = {
        Takes.BODY: list(bodies),
        Takes.FILE: list(bodies),
        Takes.ANSWER: [Answer(status, body) for status in sorted(set(STATUSES)) for body in bodies],
        Takes.TEXT: list(TEXTS),
        Takes.VALUE: [*map(as_read, (*VALUES, *TEXTS))],
    }
    for one in [
        *given[parser.takes],
        *(parser.good if parser.takes in {Takes.FILE, Takes.TEXT, Takes.VALUE} else ()),
    ]:
        read(parser, one)


def test_no_reader_of_a_provider_is_missing() -> None:
    readers = set()
    for module in pkgutil.walk_packages(providers.__path__, "zemi.providers."):
        if ".migrations" not in module.name:
            found = importlib.import_module(module.name)
            readers |= {
                function
                for name, function in inspect.getmembers(found, inspect.isfunction)
                if name.startswith("read_") and function.__module__ == module.name
            }
    names = {f"{function.__module__}.{function.__name__}" for function in readers}

    missing = {name for name in names if not any(name.endswith(f".{listed}") for listed in TABLE)}

    assert f"{wire.__name__}.read_object" in names
    assert not missing, f"add these to tests/fuzz/table.py: {sorted(missing)}"
