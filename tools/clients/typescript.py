"""TypeScript's types of requests and answers, from the document."""

import json

from tools.clients.document import Document, Operation, Parameter, Schema, model_name

_HEAD = """\
// What Zemi's API takes and answers. Generated from docs/openapi.json by `python -m tools.clients` (`make fix`).
// Amounts in answers are texts with two decimals, times are texts of ISO 8601. Lists of words are open: more may come.

export interface Success<T> {
  success: true;
  data: T;
}

export interface Page<T> {
  success: true;
  data: T[];
  meta: { has_more: boolean; next_cursor: string | null; limit: number; total?: number };
}

export interface Failure {
  success: false;
  error: string;
  code: string;
  details: {
    type: string;
    retryable: boolean;
    next_step: string;
    errors?: { field: string; code: string; message: string }[];
    [fact: string]: unknown;
  };
  doc_url: string;
  request_id: string;
}
"""


def types(document: Document) -> str:
    """zemi.ts"""
    parts = [
        _HEAD,
        *(
            f"/** {model.meaning} */\nexport interface {model.name} {{\n{_members(model.fields)}}}\n"
            for model in sorted(document.models, key=lambda each: each.name)
        ),
        *(
            f"export interface {_input(operation)} {{\n{_members(operation.in_body)}}}\n"
            for operation in document.operations
            if operation.has_body
        ),
    ]
    rows = "".join(_row(operation) for operation in document.operations)
    parts.append(
        "/** Every operation by method and path: what it takes, and what a success answers. */\n"
        f"export interface Operations {{\n{rows}}}\n"
    )
    return "\n".join(parts)


def _input(operation: Operation) -> str:
    return f"{operation.name[0].upper()}{operation.name[1:]}Input"


def _row(operation: Operation) -> str:
    query = "; ".join(f"{json.dumps(each.name)}?: {_type(each.schema)}" for each in operation.in_query)
    members = [f"    query: {{ {query} }};\n"] if query else []
    if operation.has_body:
        members.append(f"    body: {_input(operation)};\n")
    wrapper = "Page" if operation.is_list else "Success"
    members.append(f"    answer: {wrapper}<{operation.answer}>;\n")
    return f'  /** {operation.summary}. */\n  "{operation.method} {operation.path}": {{\n{"".join(members)}  }};\n'


def _members(fields: tuple[Parameter, ...]) -> str:
    lines = []
    for each in fields:
        if each.schema.get("description"):
            lines.append(f"  /** {each.schema['description']} */\n")
        lines.append(f"  {each.name}{'' if each.is_required else '?'}: {_type(each.schema)};\n")
    return "".join(lines)


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return model_name(schema["$ref"])
    if "const" in schema:
        return json.dumps(schema["const"])
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        return " | ".join(dict.fromkeys(map(_type, choices)))
    kinds = schema.get("type", "")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return " | ".join(dict.fromkeys(_single(kind, schema) for kind in listed))


def _single(kind: str, schema: Schema) -> str:
    if kind == "array":
        item = _type(schema.get("items", {}))
        return f"({item})[]" if "|" in item else f"{item}[]"
    if kind == "object":
        members = schema.get("properties")
        if not members:
            inner = schema.get("additionalProperties")
            return f"{{ [name: string]: {_type(inner) if isinstance(inner, dict) else 'unknown'} }}"
        required = schema.get("required", [])
        listed = "; ".join(f"{n}{'' if n in required else '?'}: {_type(s)}" for n, s in members.items())
        return f"{{ {listed} }}"
    return {
        "integer": "number",
        "number": "number",
        "boolean": "boolean",
        "null": "null",
        "string": "string",
    }.get(kind, "unknown")
