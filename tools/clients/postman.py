"""A collection for Postman (format 2.1.0), from the document."""

import json
from typing import Any

from tools.clients.document import Document
from tools.clients.requests import Example, examples, variables

_FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(document: Document) -> str:
    """The collection as one file: the main path in its order, then a folder for each tag."""
    return (
        json.dumps(
            {
                "info": {"name": "Zemi", "schema": _FORMAT},
                "variable": [{"key": name, "value": value} for name, value in variables(document).items()],
                "item": [_request(example) for example in examples(document)],
            },
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def _request(example: Example) -> dict[str, Any]:
    operation = example.operation
    request: dict[str, Any] = {
        "method": operation.method,
        "description": "\n\n".join(filter(None, (f"{operation.summary}.", operation.description))),
        "header": [],
        "url": f"{{{{baseUrl}}}}{example.path}",
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{apiKey}}", "type": "string"}]}
        if example.with_key
        else {"type": "noauth"},
    }
    if operation.needs_key:
        request["header"].append({"key": "Idempotency-Key", "value": "{{$guid}}"})
    if example.body is not None:
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        request["body"] = {"mode": "raw", "raw": json.dumps(example.body, indent=2, ensure_ascii=False)}
    item: dict[str, Any] = {"name": f"{operation.tag}: {operation.name}", "request": request}
    if example.keeps:
        lines = [
            f'pm.collectionVariables.set("{name}", pm.response.json().data.{field});'
            for name, field in example.keeps.items()
        ]
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": lines}}]
    return item
