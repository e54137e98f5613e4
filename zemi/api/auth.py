"""Who asks, and whether that is enough: API keys, and an access that every endpoint declares (DOMAIN 4.9)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from zemi.api.errors import ApiKeyInvalid, ApiKeyRequired, ScopeMissing
from zemi.common import clock
from zemi.identity import api_keys
from zemi.identity.models import ApiKey
from zemi.web.requests import caller_address

if TYPE_CHECKING:
    # At run time DRF's views import this module, by its settings.
    from rest_framework.views import APIView


class Access(Protocol):
    """Who may use an endpoint."""

    def check(self, key: ApiKey | None) -> None:
        """Let the holder of `key` (None: a stranger) pass.

        :raises ApiKeyRequired: a stranger may not
        :raises ScopeMissing: the key is not for this
        """
        ...


@dataclass(frozen=True, slots=True)
class Anyone:
    """Open, as the seed's endpoints are; a key that is sent all the same must have the scope `keys_need`."""

    keys_need: str | None = None

    def check(self, key: ApiKey | None) -> None:
        """Let everyone pass but a key without the scope."""
        if key is not None and self.keys_need is not None and self.keys_need not in key.scopes:
            raise ScopeMissing(scope=self.keys_need)


@dataclass(frozen=True, slots=True)
class NeedsScope:
    """Only for API keys with `scope`."""

    scope: str

    def check(self, key: ApiKey | None) -> None:
        """Let keys with the scope pass."""
        if key is None:
            raise ApiKeyRequired
        if self.scope not in key.scopes:
            raise ScopeMissing(scope=self.scope)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer zk_...`. A bad key is refused everywhere, also where none is needed."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        """Find the key. None when there is no such header.

        :raises ApiKeyInvalid: the header is there, and no key that is valid now
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        key = api_keys.authenticate(token.strip(), now=clock.now()) if scheme.lower() == "bearer" else None
        if key is None:
            raise ApiKeyInvalid
        return None, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says about how to do better."""
        return 'Bearer realm="zemi"'


class DenyByDefault(BasePermission):
    """Asks the endpoint's `access`; an endpoint without one is closed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Whether the caller may go on."""
        access: Access | None = getattr(view, "access", None)
        if access is None:
            return False
        access.check(key_of(request))
        return True


def key_of(request: Request) -> ApiKey | None:
    """The API key of the caller; None for a stranger."""
    found: Any = request.auth
    return found if isinstance(found, ApiKey) else None


def merchant_of(request: Request) -> UUID:
    """The merchant whose key this is, where the endpoint's access has made sure that there is one.

    :raises ApiKeyRequired: there is none
    """
    key = key_of(request)
    if key is None:
        raise ApiKeyRequired
    return key.merchant_id


def caller(request: Request) -> str:
    """Name whose budget a guess is charged to: the key, else the address (of IPv6 the household's /64)."""
    key = key_of(request)
    if key is not None:
        return f"key:{key.id}"
    return caller_address(request._request)
