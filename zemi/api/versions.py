"""Dated versions of what answers look like (DOMAIN 4.8); docs/explanation/versions.md says what may change within one."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.http import http_date
from rest_framework.request import Request

from zemi.api.auth import key_of
from zemi.api.errors import VersionUnknown
from zemi.identity.merchants import pin_api_version
from zemi.snapshots.objects import API_VERSION

HEADER = "Zemi-Version"


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `deprecated_at`: from then on another one should be used; `sunset_at`: then it ends."""

    deprecated_at: datetime | None = None
    sunset_at: datetime | None = None


VERSIONS: dict[str, Version] = {API_VERSION: Version()}
NEWEST = API_VERSION


def asked_version(request: Request) -> str | None:
    """The version of the request's header; None without it.

    :raises VersionUnknown: there is no such version
    """
    asked: str | None = request.META.get("HTTP_ZEMI_VERSION")
    if asked is not None and asked not in VERSIONS:
        raise VersionUnknown(known=", ".join(sorted(VERSIONS)))
    return asked


def own_version(request: Request) -> str:
    """The version that the caller has without asking: what the merchant is pinned to, for a stranger the newest.

    A merchant is pinned to the newest version by its first call with a key.
    """
    key = key_of(request)
    if key is None:
        return NEWEST
    pinned: str = key.merchant.api_version
    return pinned or pin_api_version(key.merchant_id, NEWEST)


def version_headers(version: str | None) -> dict[str, str]:
    """What an answer says of its version (RFC 9745, RFC 8594); nothing where it has none."""
    if version is None:
        return {}
    found = {HEADER: version}
    dates = VERSIONS[version]
    if dates.deprecated_at is not None:
        found["Deprecation"] = f"@{int(dates.deprecated_at.timestamp())}"
    if dates.sunset_at is not None:
        found["Sunset"] = http_date(dates.sunset_at.timestamp())
    return found
