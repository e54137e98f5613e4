"""Values out of a JSON Schema."""

from collections.abc import Mapping
from typing import Any


def example_of(schema: Mapping[str, Any]) -> Any:
    """A value that the schema takes: its own example, else something small."""
    if schema.get("examples"):
        return schema["examples"][-1]
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return example_of(schema["oneOf"][0])
    return {"integer": schema.get("minimum", 1), "object": {}, "boolean": True}.get(
        str(schema.get("type")), "text"
    )
