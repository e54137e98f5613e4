"""Examples that stand in for a body."""

from typing import Any

import pytest

from zemi.common.json_schema import example_of


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "examples": ["a", "b"], "enum": ["c"]}, "b"),
        ({"type": "string", "enum": ["c", "d"]}, "c"),
        ({"oneOf": [{"type": "integer", "minimum": 7}, {"type": "null"}]}, 7),
        ({"type": "integer"}, 1),
        ({"type": "object"}, {}),
        ({"type": "boolean"}, True),
        ({"type": "string"}, "text"),
        ({}, "text"),
    ],
)
def test_a_value_is_made_for_every_kind_of_schema(schema: dict[str, Any], expected: object) -> None:
    assert example_of(schema) == expected
