"""A collection for Bruno: one file a request, an environment, from the document."""

import json

from tools.clients.document import Document
from tools.clients.requests import Example, examples, variables


def collection(document: Document) -> dict[str, str]:
    """Files by their names below clients/bruno/."""
    found = {
        "bruno.json": json.dumps(
            {"version": "1", "name": "Zemi", "type": "collection", "ignore": []}, indent=2
        )
        + "\n",
        "environments/sandbox.bru": _block(
            "vars", [f"{name}: {value}" for name, value in variables(document).items()]
        ),
    }
    for example in examples(document):
        found[f"{example.operation.tag}/{example.operation.name}.bru"] = _request(example)
    return found


def _request(example: Example) -> str:
    operation = example.operation
    inside = [
        f"url: {{{{baseUrl}}}}{example.path}",
        f"body: {'json' if example.body is not None else 'none'}",
        f"auth: {'bearer' if example.with_key else 'none'}",
    ]
    blocks = [
        _block("meta", [f"name: {operation.summary}", "type: http", f"seq: {example.number}"]),
        _block(operation.method.lower(), inside),
    ]
    if operation.in_query:
        blocks.append(_block("params:query", [f"~{each.name}: " for each in operation.in_query]))
    if operation.needs_key:
        blocks.append(_block("headers", ["Idempotency-Key: {{$guid}}"]))
    if example.with_key:
        blocks.append(_block("auth:bearer", ["token: {{apiKey}}"]))
    if example.body is not None:
        blocks.append(
            _block("body:json", json.dumps(example.body, indent=2, ensure_ascii=False).splitlines())
        )
    if example.keeps:
        blocks.append(
            _block(
                "vars:post-response",
                [f"{name}: res.body.data.{field}" for name, field in example.keeps.items()],
            )
        )
    return "\n".join(blocks)


def _block(name: str, lines: list[str]) -> str:
    return "".join([f"{name} {{\n", *(f"  {line}\n" for line in lines), "}\n"])
