"""Run the requests of a Bruno or Postman collection as those programs would: variables in, kept values out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zemi.common.http_client import Answer, send

_BLOCK = re.compile(r"^(?P<name>[\w:-]+) \{\n(?P<inside>.*?)^\}", re.MULTILINE | re.DOTALL)
_SET = re.compile(r'pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)\.data\.(\w+)\);')


@dataclass
class Request:
    """One request of a collection. `keeps`: variable -> field of the answer's data."""

    name: str
    method: str
    url: str
    number: int
    with_key: bool
    body: str | None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: dict[str, str] = field(default_factory=dict)

    def run(self, variables: dict[str, str]) -> Answer:
        """Send it, and keep what it says is to be kept."""
        headers = {name: _filled(value, variables) for name, value in self.headers.items()}
        if self.with_key:
            headers["authorization"] = f"Bearer {variables['apiKey']}"
        body = None if self.body is None else json.loads(_filled(self.body, variables))
        answer = send(self.method, _filled(self.url, variables), headers=headers, json=body)
        if answer.status < 300:
            data = json.loads(answer.body)["data"]
            variables |= {name: data[source] for name, source in self.keeps.items()}
        return answer


def read_bruno(directory: Path) -> tuple[list[Request], dict[str, str]]:
    """The requests in their order, and the environment's variables."""
    requests = [_of_bru(file) for file in directory.glob("*/*.bru") if file.parent.name != "environments"]
    blocks = _blocks(directory / "environments" / "sandbox.bru")
    return sorted(requests, key=lambda each: each.number), _pairs(blocks["vars"])


def read_postman(file: Path) -> tuple[list[Request], dict[str, str]]:
    """The requests in their order, and the collection's variables."""
    collection = json.loads(file.read_text())
    requests = [_of_item(number, item) for number, item in enumerate(collection["item"])]
    return requests, {each["key"]: each["value"] for each in collection["variable"]}


def _of_bru(file: Path) -> Request:
    blocks = _blocks(file)
    method = next(name for name in blocks if name in {"get", "post"})
    inside = _pairs(blocks[method])
    return Request(
        name=file.stem,
        method=method.upper(),
        url=inside["url"],
        number=int(_pairs(blocks["meta"])["seq"]),
        with_key=inside["auth"] == "bearer",
        body=blocks.get("body:json"),
        headers=_pairs(blocks.get("headers", "")),
        keeps={
            name: source.removeprefix("res.body.data.")
            for name, source in _pairs(blocks.get("vars:post-response", "")).items()
        },
    )


def _of_item(number: int, item: Mapping[str, Any]) -> Request:
    request = item["request"]
    script = "\n".join(line for event in item.get("event", ()) for line in event["script"]["exec"])
    return Request(
        name=item["name"].partition(": ")[2],
        method=request["method"],
        url=request["url"],
        number=number,
        with_key=request["auth"]["type"] == "bearer",
        body=request.get("body", {}).get("raw"),
        headers={each["key"]: each["value"] for each in request["header"]},
        keeps=dict(_SET.findall(script)),
    )


def _blocks(file: Path) -> dict[str, str]:
    return {match["name"]: match["inside"] for match in _BLOCK.finditer(file.read_text())}


def _pairs(inside: str) -> dict[str, str]:
    return dict(line.strip().split(": ", 1) for line in inside.splitlines() if ": " in line)


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\$?\w+)\}\}", lambda match: variables[match[1]], text)
