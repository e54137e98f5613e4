"""Every refusal is explained: cause, cure in both languages, and an example of the facts that are really raised."""

import ast
from collections.abc import Iterator
from string import Formatter

import pytest

from tests.architecture.references import ROOT
from zemi.api.error_list import FIELD_CODES, error_list
from zemi.common.errors import ZemiError

ERRORS = {error.__name__: error for error in ZemiError.catalogue() if error.__module__.startswith("zemi.")}


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _calls() -> Iterator[ast.Call]:
    for path in sorted((ROOT / "zemi").rglob("*.py")):
        yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_says_its_cause_and_what_to_do_in_both_languages(name: str) -> None:
    error = ERRORS[name]

    assert "next_step" in dir(error), f"{name} has no next_step: what should its reader do?"
    for text in (error.text, error.next_step):
        assert text.en.strip()
        assert text.en != text.sw
        assert _gaps(text.en) == _gaps(text.sw)
        # How long to wait is filled in by every error itself.
        assert _gaps(text.en) - {"wait"} <= set(error.example), (
            f"{name}.example lacks what its sentences fill in"
        )
    assert (error.__doc__ or "").strip()
    assert error.__doc__ != ZemiError.__doc__


def test_examples_hold_the_facts_that_are_raised_and_no_others() -> None:
    raised: dict[str, set[str]] = {name: set() for name in ERRORS}
    for call in _calls():
        if _name(call) in ERRORS:
            raised[_name(call)] |= {
                word.arg for word in call.keywords if word.arg not in {None, "retry_after_s"}
            }

    assert raised == {name: set(error.example) for name, error in ERRORS.items()}


def test_errors_stand_in_modules_of_that_name() -> None:
    # They are what a process loads for the list of all codes.
    assert {error.__module__.rpartition(".")[2] for error in ERRORS.values()} == {"errors"}


def test_the_list_has_every_code_once_with_its_sentences_filled_in() -> None:
    found = error_list()

    assert [each.code for each in found] == sorted({error.code for error in ERRORS.values()})
    for each in found:
        assert each.example["code"] == each.code
        assert "{" not in each.example["error"].replace('{"amount": 1500}', "")
        assert each.example["details"]["next_step"]
        assert each.example["doc_url"] == f"/docs/errors#{each.code}"


def test_every_code_of_a_field_is_explained() -> None:
    places = {"Unreadable": 0, "FieldProblem": 1, "InvalidAmount": 0}
    used = set()
    for call in _calls():
        position = places.get(_name(call))
        if position is not None and isinstance(call.args[position], ast.Constant):
            used.add(call.args[position].value)

    assert used == set(FIELD_CODES)
