"""Who asks, and whether that is enough: keys, sessions, and an access that every endpoint declares (DOMAIN 4.9)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from zemi.api.errors import (
    ApiKeyInvalid,
    ApiKeyRequired,
    ScopeMissing,
    SessionInvalid,
    SignInRequired,
)
from zemi.common import clock
from zemi.common.errors import ZemiError
from zemi.identity import api_keys, sessions
from zemi.identity.api_keys import Scope
from zemi.identity.models import ApiKey, Session
from zemi.orders.errors import OrderNotFound
from zemi.orders.parties import Asker, Role, find_order_of
from zemi.trust.errors import TooManyAttempts
from zemi.web.requests import caller_address

if TYPE_CHECKING:
    # At run time DRF's views import this module, by its settings.
    from rest_framework.views import APIView

# The names of the ways to say who one is, in OpenAPI.
KEY, SESSION, LINK = "apiKey", "session", "orderLink"
# The header that carries the token of an order's link; it is never logged.
LINK_HEADER = "Zemi-Order-Token"


class Access(ABC):
    """Who may use an endpoint."""

    # Whether one without a key or session may come in.
    open: ClassVar[bool] = False

    @abstractmethod
    def admit(self, request: Request, view: "APIView") -> None:
        """Let the caller pass.

        :raises ZemiError: one of `refusals`
        """

    @property
    @abstractmethod
    def scope(self) -> Scope | None:
        """What a key must be for; None where any key will do, or none is taken."""

    @property
    @abstractmethod
    def ways(self) -> tuple[str, ...]:
        """How one may say who one is: KEY, SESSION, LINK."""

    @property
    @abstractmethod
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """What somebody is told who may not."""


@dataclass(frozen=True, slots=True)
class Anyone(Access):
    """Open, as the seed's endpoints are; a key that is sent all the same must have the scope `keys_need`.

    With `by_link` the token of the link of the order that the address names lets in too, as `Role.LINK` in `self.role`:
    one that is wrong is refused like a wrong key.
    """

    keys_need: Scope | None = None
    by_link: bool = False
    open: ClassVar[bool] = True

    def admit(self, request: Request, view: "APIView") -> None:
        """Let everyone pass but a key without the scope, and a link of another order."""
        key = key_of(request)
        if key is not None and self.keys_need is not None:
            _need_scope(key, self.keys_need)
        if self.by_link and request.auth is None and _link_token(request):
            _let_in(request, view, roles=(Role.LINK,))

    @property
    def scope(self) -> Scope | None:
        """Of a key that nobody had to send."""
        return self.keys_need

    @property
    def ways(self) -> tuple[str, ...]:
        """Any."""
        return (KEY, SESSION, LINK) if self.by_link else (KEY, SESSION)

    @property
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """Only keys and links are refused."""
        scope = (ScopeMissing,) if self.keys_need is not None else ()
        return (*scope, OrderNotFound, TooManyAttempts) if self.by_link else scope


@dataclass(frozen=True, slots=True)
class NeedsScope(Access):
    """Only for API keys with the scope `scope`."""

    scope: Scope

    def admit(self, request: Request, view: "APIView") -> None:
        """Let keys with the scope pass."""
        key = key_of(request)
        if key is None:
            raise ApiKeyRequired
        _need_scope(key, self.scope)

    @property
    def ways(self) -> tuple[str, ...]:
        """Keys only."""
        return (KEY,)

    @property
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """No key, or not for this."""
        return (ApiKeyRequired, ScopeMissing)


@dataclass(frozen=True, slots=True)
class SignedIn(Access):
    """Only for people who have proved a phone."""

    def admit(self, request: Request, view: "APIView") -> None:
        """Let sessions pass."""
        if session_of(request) is None:
            raise SignInRequired

    @property
    def scope(self) -> Scope | None:
        """Keys are not taken."""
        return None

    @property
    def ways(self) -> tuple[str, ...]:
        """Sessions only."""
        return (SESSION,)

    @property
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """Not signed in."""
        return (SignInRequired,)


@dataclass(frozen=True, slots=True)
class KeyOrSession(Access):
    """For merchants by a key with the scope `keys_need`, and for people who are signed in: each sees what is theirs."""

    keys_need: Scope

    def admit(self, request: Request, view: "APIView") -> None:
        """Let both pass."""
        key = key_of(request)
        if key is not None:
            _need_scope(key, self.keys_need)
        elif session_of(request) is None:
            raise SignInRequired

    @property
    def scope(self) -> Scope | None:
        """What a merchant's key must be for."""
        return self.keys_need

    @property
    def ways(self) -> tuple[str, ...]:
        """Either."""
        return (KEY, SESSION)

    @property
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """A stranger, or a key that is not for this."""
        return (SignInRequired, ScopeMissing)


@dataclass(frozen=True, slots=True, init=False)
class OrderParty(Access):
    """Only for those who are one of `roles` to the order that the address names; it is not found by anybody else.

    The endpoint finds the order in `self.order`, and what the caller is to it in `self.role`: of several, the first
    in the order given here. Merchants need the scope `keys_need`.
    """

    roles: tuple[Role, ...]
    keys_need: Scope | None

    def __init__(self, *roles: Role, keys_need: Scope | None = None) -> None:
        if (Role.MERCHANT in roles) != (keys_need is not None):
            raise TypeError("merchants come with keys, and keys need a scope")
        object.__setattr__(self, "roles", roles)
        object.__setattr__(self, "keys_need", keys_need)

    def admit(self, request: Request, view: "APIView") -> None:
        """Let the order's people pass, and find it for them."""
        key = key_of(request)
        if key is not None and self.keys_need is not None:
            _need_scope(key, self.keys_need)
        elif session_of(request) is None:
            raise SignInRequired
        _let_in(request, view, roles=self.roles)

    @property
    def scope(self) -> Scope | None:
        """What a merchant's key must be for."""
        return self.keys_need

    @property
    def ways(self) -> tuple[str, ...]:
        """By what its roles are proved."""
        return (KEY, SESSION) if self.keys_need is not None else (SESSION,)

    @property
    def refusals(self) -> tuple[type[ZemiError], ...]:
        """A stranger, a key that is not for this, or no order of theirs."""
        scope = (ScopeMissing,) if self.keys_need is not None else ()
        return (SignInRequired, *scope, OrderNotFound, TooManyAttempts)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer zk_...` or `zs_...`. What is bad is refused everywhere, also where none is needed."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey | Session] | None:
        """Find the key or the session. None when there is no such header.

        :raises ApiKeyInvalid: the header is there, and no key that is valid now
        :raises SessionInvalid: it looks like a session, and none is going on
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        if token.startswith(sessions.PREFIX):
            session = sessions.authenticate(token, now=clock.now())
            if session is None:
                raise SessionInvalid
            return None, session
        key = api_keys.authenticate(token, now=clock.now())
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
        access.admit(request, view)
        return True


def key_of(request: Request) -> ApiKey | None:
    """The API key of the caller; None for anybody else."""
    found: Any = request.auth
    return found if isinstance(found, ApiKey) else None


def session_of(request: Request) -> Session | None:
    """The session of a person who is signed in; None for anybody else."""
    found: Any = request.auth
    return found if isinstance(found, Session) else None


def asker_of(request: Request) -> Asker:
    """What the caller has proved, as the domain asks for it."""
    key, session = key_of(request), session_of(request)
    return Asker(
        merchant_id=key.merchant_id if key is not None else None,
        may_read=key is not None and Scope.READ in key.scopes,
        party_id=session.party_id if session is not None else None,
        link_token=_link_token(request),
    )


def merchant_of(request: Request) -> UUID:
    """The merchant whose key this is, where the endpoint's access has made sure that there is one.

    :raises ApiKeyRequired: there is none
    """
    return holder_of(request).merchant_id


def holder_of(request: Request) -> ApiKey:
    """The key of the caller, where the endpoint's access has made sure that there is one.

    :raises ApiKeyRequired: there is none
    """
    key = key_of(request)
    if key is None:
        raise ApiKeyRequired
    return key


def person_of(request: Request) -> Session:
    """The session of the person who is signed in, where the endpoint's access has made sure that there is one.

    :raises SignInRequired: there is none
    """
    session = session_of(request)
    if session is None:
        raise SignInRequired
    return session


def caller(request: Request) -> str:
    """Name whose budgets are charged: the merchant, the person, else the address (of IPv6 the household's /64).

    A merchant makes as many keys as it likes: they share one budget.
    """
    key, session = key_of(request), session_of(request)
    if key is not None:
        return f"merchant:{key.merchant_id}"
    if session is not None:
        return f"party:{session.party_id}"
    return caller_address(request._request)


def _let_in(request: Request, view: Any, *, roles: tuple[Role, ...]) -> None:
    view.order, view.role = find_order_of(
        asker_of(request),
        order_reference=view.kwargs["order_reference"],
        roles=roles,
        caller=caller(request),
        now=clock.now(),
    )


def _link_token(request: Request) -> str:
    token: str = request.META.get("HTTP_ZEMI_ORDER_TOKEN", "")
    return token


def _need_scope(key: ApiKey, scope: Scope) -> None:
    if scope not in key.scopes:
        raise ScopeMissing(scope=scope)
