"""Read off a request who calls, and in which language."""

import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest

# Keys of META: the prefix keeps them apart from everything that a client can send.
REQUEST_ID = "zemi.request_id"
ERROR_CODE = "zemi.error_code"


def language_of(request: HttpRequest) -> str:
    """English or Swahili, whichever `Accept-Language` prefers; English when it says nothing of either."""
    best, best_weight = "en", 0.0
    for name, weight in accepted(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        language = name[:2]
        if language in {"en", "sw"} and weight > best_weight:
            best, best_weight = language, weight
    return best


def accepted(header: str) -> Iterator[tuple[str, float]]:
    """What a header of preferences names, in lower case, with its weight; one that can't be read weighs nothing."""
    for part in header[:500].split(","):
        name, _, parameters = part.partition(";")
        written = next((word[2:] for word in parameters.replace(" ", "").split(";") if word[:2] == "q="), "1")
        try:
            yield name.strip().lower(), float(written)
        except ValueError:
            yield name.strip().lower(), 0.0


def client_address(request: HttpRequest) -> str:
    """The address that the request came from.

    Behind `TRUSTED_PROXIES` proxies of our own it is the entry of X-Forwarded-For that the outermost of them
    wrote, counted from the right: what stands further left is the client's own invention (SAFETY 3.9).
    """
    peer = str(request.META.get("REMOTE_ADDR") or "")
    proxies: int = settings.TRUSTED_PROXIES
    if proxies:
        entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= proxies:
            return _readable(entries[-proxies].strip()) or peer
    return peer


def _readable(entry: str) -> str:
    """Read one entry of X-Forwarded-For, which may be written with a port; "" when it isn't an address."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def caller_address(request: HttpRequest) -> str:
    """Name whose budget a stranger's guess is charged to: the address, of IPv6 the household's /64."""
    address = client_address(request)
    if ":" in address:
        address = str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    return f"address:{address}"
