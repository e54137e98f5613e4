"""The Python client's models and operations, from the document."""

import keyword
import subprocess
import sys
import textwrap
from pathlib import Path

from tools.clients.document import Document, Model, Operation, Parameter, Schema, model_name

_HEAD = '"""{what} Generated from docs/openapi.json by `python -m tools.clients` (`make fix`)."""\n\n'
_AMOUNT = r"^[0-9]{1,10}\.[0-9]{2}$"


def models(document: Document) -> str:
    """models.py"""
    head = _HEAD.format(what="What Zemi answers.") + (
        "from dataclasses import dataclass\nfrom datetime import datetime\nfrom decimal import Decimal\n"
        "from typing import Any\n"
    )
    return _formatted(
        head + "".join(_model(model) for model in sorted(document.models, key=lambda each: each.name))
    )


def operations(document: Document) -> str:
    """operations.py"""
    used = sorted({operation.answer for operation in document.operations})
    head = _HEAD.format(what="What can be asked of Zemi.") + (
        "from collections.abc import Mapping\nfrom datetime import datetime\nfrom typing import Any, TypeVar\n\n"
        f"from zemi_client.core import Amount, Call, Page, segment\nfrom zemi_client.models import {', '.join(used)}\n\n"
        'T = TypeVar("T")\n'
    )
    return _formatted(head + _class(document, asynchronous=False) + _class(document, asynchronous=True))


def _class(document: Document, *, asynchronous: bool) -> str:
    name, word = ("AsyncOperations", "async def") if asynchronous else ("Operations", "def")
    lines = [
        f"\n\nclass {name}:\n",
        f'    """Every operation, {"awaited" if asynchronous else "one call each"}."""\n\n',
        f"    {word} _call(self, call: Call[T]) -> T:\n        raise NotImplementedError\n",
    ]
    lines += [_method(operation, word, "await " if asynchronous else "") for operation in document.operations]
    return "\n".join(lines)


def _method(operation: Operation, word: str, wait: str) -> str:
    answer = f"Page[{operation.answer}]" if operation.is_list else operation.answer
    named = sorted([*operation.in_query, *operation.in_body], key=lambda each: not each.is_required)
    arguments = ["self", *(f"{_word(each)}: str" for each in operation.in_path)]
    if named or operation.takes_key:
        arguments.append("*")
    for each in named:
        kind = _input_type(each.schema)
        arguments.append(
            f"{_word(each)}: {kind}" if each.is_required else f"{_word(each)}: {kind} | None = None"
        )
    if operation.takes_key:
        arguments.append(f"idempotency_key: {'str' if operation.needs_key else 'str | None = None'}")
    path = operation.path
    for each in operation.in_path:
        path = path.replace(f"{{{each.name}}}", f"{{segment({_word(each)})}}")
    given = [
        f'method="{operation.method}"',
        f'path={"f" if operation.in_path else ""}"{path}"',
    ]
    given.append(f"returns={operation.answer}")
    if operation.is_list:
        given.append("is_list=True")
    if operation.in_query:
        given.append(f"query={_mapping(operation.in_query)}")
    if operation.has_body:
        given.append(f"body={_mapping(operation.in_body)}")
    if operation.takes_key:
        given.append("idempotency_key=idempotency_key")
    call = f"Call[{answer}]({', '.join(given)})"
    return (
        f"    {word} {operation.words}({', '.join(arguments)}) -> {answer}:\n{_docstring(operation, named)}"
        f"        return {wait}self._call({call})\n"
    )


def _docstring(operation: Operation, named: list[Parameter]) -> str:
    parts = [f"{operation.summary}."]
    if operation.description:
        parts.append(operation.description)
    meanings = [
        f"{_word(each)}: {each.schema['description']}" for each in named if each.schema.get("description")
    ]
    if meanings:
        parts.append("\n".join(meanings))
    if operation.scopes:
        parts.append(f"Scope: {', '.join(dict.fromkeys(operation.scopes))}.")
    text = "\n\n".join(
        "\n".join(textwrap.fill(line, 100, break_on_hyphens=False) for line in part.splitlines())
        for part in parts
    )
    close = "" if "\n" not in text else "\n"
    return textwrap.indent(f'"""{text}{close}"""\n', "        ")


def _mapping(parameters: tuple[Parameter, ...]) -> str:
    return "{" + ", ".join(f'"{each.name}": {_word(each)}' for each in parameters) + "}"


def _model(model: Model) -> str:
    lines = [
        f'\n\n@dataclass(frozen=True, slots=True, kw_only=True)\nclass {model.name}:\n    """{model.meaning}"""\n\n'
    ]
    for each in sorted(model.fields, key=lambda field: not field.is_required):
        kind = _answer_type(each.schema)
        if not each.is_required:
            kind += "" if kind.endswith("| None") or kind == "Any" else " | None"
        lines.append(f"    {_word(each)}: {kind}{'' if each.is_required else ' = None'}\n")
    return "".join(lines)


def _word(parameter: Parameter) -> str:
    return f"{parameter.word}_" if keyword.iskeyword(parameter.word) else parameter.word


def _input_type(schema: Schema) -> str:
    kinds = {each.get("type") for each in schema.get("oneOf", ())}
    if kinds == {"number", "string"}:
        return "Amount"
    if kinds == {"integer", "string"}:
        return "str | int"
    return {"object": "Mapping[str, Any]"}.get(str(schema.get("type")), _answer_type(schema))


def _answer_type(schema: Schema) -> str:
    """The annotation of a value in an answer."""
    if "$ref" in schema:
        return model_name(schema["$ref"])
    if "oneOf" in schema or "anyOf" in schema:
        return "Any"
    kinds = schema.get("type", "")
    listed = kinds if isinstance(kinds, list) else [kinds]
    kind = next((each for each in listed if each != "null"), "")
    found = {
        "integer": "int",
        "boolean": "bool",
        "number": "Decimal",
        "object": "dict[str, Any]",
        "string": "str",
    }.get(kind, "Any")
    if kind == "array":
        found = f"list[{_answer_type(schema.get('items', {}))}]"
    elif kind == "string" and schema.get("format") == "date-time":
        found = "datetime"
    elif kind == "string" and schema.get("pattern") == _AMOUNT:
        found = "Decimal"
    return f"{found} | None" if "null" in listed and found != "Any" else found


def _formatted(source: str) -> str:
    """As ruff writes it, with the imports that are used."""
    ruff = Path(sys.executable).parent / "ruff"
    for command in (
        [
            str(ruff),
            "check",
            "--quiet",
            "--fix",
            "--exit-zero",
            "--select",
            "F401,I",
            "--stdin-filename",
            "x.py",
            "-",
        ],
        [str(ruff), "format", "--quiet", "--stdin-filename", "x.py", "-"],
    ):
        source = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    return source
