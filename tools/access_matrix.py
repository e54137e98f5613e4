"""Every address, method and sort of caller, and what each is told: for docs/reference/access.md and its test.

Read off the accesses that the endpoints declare. tests/api/test_access_matrix.py asks for every cell.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from zemi.api.auth import Access, Anyone, KeyOrSession, NeedsScope, OrderParty, SignedIn
from zemi.api.endpoint import Endpoint, operations_of
from zemi.orders.parties import Role

IN = "yes"


class Actor(Enum):
    """Who asks. The order that an address names is one that `OWN_KEY`'s merchant made for `BUYER` and `SELLER`."""

    STRANGER = "a stranger"
    OWN_KEY = "its merchant's key, with every scope"
    WEAK_KEY = "its merchant's key, with no scope"
    OTHER_KEY = "another merchant's key"
    BUYER = "its buyer, signed in"
    SELLER = "its seller, signed in"
    SOMEBODY = "somebody else, signed in"
    LINK = "a holder of its link"


_KEYS = frozenset({Actor.OWN_KEY, Actor.WEAK_KEY, Actor.OTHER_KEY})
_PEOPLE = frozenset({Actor.BUYER, Actor.SELLER, Actor.SOMEBODY})
_BY_SORT: dict[type[Access], tuple[frozenset[Actor], str]] = {
    NeedsScope: (_KEYS, "api_key_required"),
    SignedIn: (_PEOPLE, "sign_in_required"),
    KeyOrSession: (_KEYS | _PEOPLE, "sign_in_required"),
}
_ROLES = {
    Actor.OWN_KEY: Role.MERCHANT,
    Actor.BUYER: Role.BUYER,
    Actor.SELLER: Role.SELLER,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    endpoint: type[Endpoint]

    def told(self, actor: Actor) -> str:
        """What `actor` is told: IN, or the code of the refusal."""
        access = self.endpoint.access
        if not self.endpoint.authentication_classes:
            return IN
        if actor is Actor.WEAK_KEY and access.scope is not None:
            return "scope_missing"
        if isinstance(access, Anyone):
            return IN
        if isinstance(access, OrderParty):
            return self._told_by_role(access, actor)
        let_in, otherwise = _BY_SORT[type(access)]
        return IN if actor in let_in else otherwise

    def _told_by_role(self, access: OrderParty, actor: Actor) -> str:
        if _ROLES.get(actor) in access.roles:
            return IN
        is_known = actor in _PEOPLE or (actor in _KEYS and access.keys_need is not None)
        return "order_not_found" if is_known else "sign_in_required"


def operations() -> list[Operation]:
    """Every operation, in the order of the URL configuration."""
    from zemi.urls import urlpatterns

    return list(_operations("/", urlpatterns))


def _operations(prefix: str, patterns: Iterable[Any]) -> Iterator[Operation]:
    for entry in patterns:
        path = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(entry.pattern))
        if hasattr(entry, "url_patterns"):
            yield from _operations(path, entry.url_patterns)
        else:
            for method, view in operations_of(entry.callback).items():
                yield Operation(method.upper(), path, view.cls)
