"""Callbacks that no M-Pesa sends: anybody who learns a callback URL can post to it (DARAJA 0.2, 6.20)."""

import copy
import ipaddress
import json
from typing import Any

from simulator.callbacks import FORGED, plan_forged
from simulator.state import State


class NotSeen(ValueError):
    """The callback, or the URL, is not there (yet)."""


def forge(
    state: State,
    *,
    url: str | None,
    callback: object,
    body: object,
    amount: int | None,
    forwarded_for: str | None,
) -> int:
    """Plan a forged callback for now and return its id. The receiver is a URL that some request has named.

    `callback` is the id of one in the log, or "last" (with an amount, if one is to be replaced), to start from:
    its URL and payload, unless `url` and `body` say otherwise. `amount` (shillings) replaces the amount in it.

    :raises NotSeen: no such callback or URL
    :raises ValueError: no payload to send, or it can't be changed so
    """
    template = None if callback is None else _logged(state, callback, with_amount=amount is not None)
    url = url or (template or {}).get("url")
    if url is None:
        raise ValueError("give url, or callback: the id of one in GET /_sim/callbacks")
    # The control paths are open: without this they would post to any address for anybody.
    if not _has_seen(state, url):
        raise NotSeen("no request has named this url")
    if forwarded_for is not None:
        ipaddress.ip_address(forwarded_for)  # ValueError: not an address
    if body is None and template is not None:
        body = template["payload"]
    if body is None:
        raise ValueError("give body: the JSON to send")
    payload = body if amount is None else _with_amount(body, amount)
    with state.transaction():
        return plan_forged(
            state, url=url, payload=payload, at=state.clock.micros(), forwarded_for=forwarded_for
        )


def _logged(state: State, ref: object, *, with_amount: bool) -> dict[str, Any]:
    for row in state.store.rows(
        "SELECT url, body FROM callbacks WHERE kind <> ?1 AND (id = ?2 OR ?2 = 'last') ORDER BY id DESC",
        FORGED,
        ref,
    ):
        payload = json.loads(row["body"]) if row["body"].startswith("{") else None
        # The last one may be a failure, which has no amount to falsify.
        if ref != "last" or not with_amount or _amounts(payload):
            return {"url": row["url"], "payload": payload}
    raise NotSeen(f"there is no such callback: {ref}")


def _has_seen(state: State, url: str) -> bool:
    places = state.store.rows(
        "SELECT m.name AS place, p.name AS field FROM sqlite_master m JOIN pragma_table_info(m.name) p"
        " WHERE m.type = 'table' AND (p.name = 'url' OR p.name LIKE '%\\_url' ESCAPE '\\')"
    )
    return any(
        state.store.row(f"SELECT 1 FROM {row['place']} WHERE {row['field']} = ?", url)  # noqa: S608 (own names)
        for row in places
    )


def _with_amount(body: object, amount: int) -> object:
    """The payload with another amount wherever one of the documented keys holds it."""
    changed = copy.deepcopy(body)
    found = _amounts(changed)
    if not found:
        raise ValueError("there is no amount in this payload to replace")
    for holder, key in found:
        holder[key] = f"{amount}.00" if isinstance(holder[key], str) else amount
    return changed


def _amounts(node: object) -> list[tuple[dict[str, Any], str]]:
    if isinstance(node, list):
        return [found for item in node for found in _amounts(item)]
    if not isinstance(node, dict):
        return []
    if {node.get("Name"), node.get("Key")} & {"Amount", "TransactionAmount"} and "Value" in node:
        return [(node, "Value")]
    here = [(node, key) for key in ("TransAmount", "Amount") if key in node]
    return here + [found for item in node.values() for found in _amounts(item)]
