"""docs/openapi.json as the generators want it: operations with their parameters, and the models that they use."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
_V1 = "/api/v1/"
_KEY = "Idempotency-Key"

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that an operation takes: in its path, its query or its body."""

    name: str
    schema: Schema
    is_required: bool

    @property
    def word(self) -> str:
        """Its name as a word of a programming language: created[gte] is created_gte."""
        return re.sub(r"\W+", "_", self.name).strip("_")


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that a client can make. `answer` names its model; `is_list`: of each item of its answer."""

    name: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    in_path: tuple[Parameter, ...]
    in_query: tuple[Parameter, ...]
    in_body: tuple[Parameter, ...]
    has_body: bool
    answer: str
    is_list: bool
    takes_key: bool
    needs_key: bool
    scopes: tuple[str, ...]

    @property
    def words(self) -> str:
        """Its name in snake_case."""
        return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", self.name)


@dataclass(frozen=True, slots=True)
class Model:
    """One kind of object in answers."""

    name: str
    meaning: str
    fields: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """All of it."""

    operations: tuple[Operation, ...]
    models: tuple[Model, ...]


def read_document(file: Path = ROOT / "docs" / "openapi.json") -> Document:
    """Read it. Each operation once, under /api/v1/; callbacks and health are nothing that a client calls."""
    raw = json.loads(file.read_text())
    # Lists of words have names of their own in the document; here they stand where they are used.
    enums = {
        f"#/components/schemas/{name}": schema
        for name, schema in raw["components"]["schemas"].items()
        if "properties" not in schema
    }
    raw = _inlined(raw, enums)
    schemas: Mapping[str, Schema] = raw["components"]["schemas"]
    operations = tuple(sorted(_operations(raw, schemas), key=lambda each: (each.tag, each.name)))
    return Document(operations, tuple(_models(operations, schemas)))


def model_name(reference: str) -> str:
    """OrderData is called Order outside."""
    return reference.rpartition("/")[2].removesuffix("Data")


def _inlined(value: Any, named: Mapping[str, Schema]) -> Any:
    if isinstance(value, dict):
        if value.get("$ref") in named:
            return {**named[value["$ref"]], **{key: rest for key, rest in value.items() if key != "$ref"}}
        return {key: _inlined(item, named) for key, item in value.items()}
    return [_inlined(item, named) for item in value] if isinstance(value, list) else value


def _operations(raw: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Iterator[Operation]:
    for path, item in raw["paths"].items():
        for method, found in item.items():
            success = next(
                answer["content"].get("application/json", {}).get("schema", {})
                for status, answer in sorted(found["responses"].items())
                if status.startswith("2")
            )
            data = success.get("properties", {}).get("data")
            if not path.startswith(_V1) or data is None:
                continue
            is_list = data.get("type") == "array"
            body = (
                found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            )
            parameters = found.get("parameters", [])
            yield Operation(
                name=found["operationId"].removesuffix("V1"),
                tag=found["tags"][0],
                method=method.upper(),
                path=path,
                summary=found["summary"],
                description=found.get("description", ""),
                in_path=_parameters(parameters, "path"),
                in_query=_parameters(parameters, "query"),
                in_body=_members(schemas[body["$ref"].rpartition("/")[2]]) if "$ref" in body else (),
                has_body="$ref" in body,
                answer=model_name((data["items"] if is_list else data)["$ref"]),
                is_list=is_list,
                takes_key=_KEY in {each["name"] for each in parameters},
                needs_key=_KEY in {each["name"] for each in parameters if each.get("required")},
                scopes=tuple(
                    scope for choice in found.get("security", []) for scope in choice.get("apiKey", [])
                ),
            )


def _parameters(found: list[Mapping[str, Any]], where: str) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            each["name"],
            {**each["schema"], **({"description": each["description"]} if "description" in each else {})},
            bool(each.get("required")),
        )
        for each in found
        if each["in"] == where
    )


def _members(schema: Schema) -> tuple[Parameter, ...]:
    required = schema.get("required", [])
    return tuple(
        Parameter(name, member, name in required) for name, member in schema.get("properties", {}).items()
    )


def _models(operations: tuple[Operation, ...], schemas: Mapping[str, Schema]) -> Iterator[Model]:
    waiting = sorted({operation.answer for operation in operations})
    seen = set()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        schema = schemas[name if name in schemas else f"{name}Data"]
        fields = _members(schema)
        waiting += [model_name(reference) for field in fields for reference in _references(field.schema)]
        yield Model(name, schema.get("description", ""), fields)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
