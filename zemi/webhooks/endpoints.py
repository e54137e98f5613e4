"""Merchants' endpoints: made, changed, rotated, switched off."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import QuerySet

from zemi.common.clock import stamp
from zemi.common.db import append, conclude, insert, unit_of_work, violates, write_if
from zemi.common.ids import key_of_form, public_id
from zemi.common.outside import Policy, UrlRefused, check_url
from zemi.common.phone import Phone
from zemi.events.listeners import SEEN_FOR, begin_listening, stop_listening
from zemi.events.public import TOLD
from zemi.webhooks import errors
from zemi.webhooks.models import DisabledReason, Extent, WebhookDelivery, WebhookEndpoint, WebhookReplay
from zemi.webhooks.signing import new_secret

# How long the secret that a rotation replaced still signs too.
ROTATION = timedelta(hours=24)
# When a new endpoint is given what was missed before every process had heard of it.
CATCH_UP = 2 * SEEN_FOR + timedelta(seconds=1)


def policy() -> Policy:
    """Where may be sent to: https on the operator's ports; in the sandbox also http, and to this machine."""
    if settings.LIVE:
        return Policy(ports=settings.WEBHOOK_PORTS, proxy=settings.WEBHOOK_PROXY)
    return Policy(ports=None, plain_http=True, loopback=True, proxy=settings.WEBHOOK_PROXY)


def create_endpoint(
    *,
    merchant_id: UUID,
    url: str,
    types: Iterable[str] = (),
    description: str = "",
    alert_phone: Phone | None = None,
    once: UUID | None = None,
    now: datetime,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint that hears of everything from `now` on. Its secret is in the answer and shown nowhere else.

    `alert_phone` is texted when the endpoint is given up. `once` is the key of the form that asks: sent twice and said the
    same, it makes one endpoint, and both are answered its secret.

    Opens its own transaction.

    :raises WebhookUrlRefused, EventTypeUnknown: as it says
    :raises TooManyEndpoints: the merchant has WebhookEndpoint.MOST
    :raises WebhookEndpointNotFound: what this form has made was deleted meanwhile
    """
    secret = new_secret()
    endpoint = WebhookEndpoint(
        merchant_id=merchant_id,
        url=_checked_url(url),
        types=_checked_types(types),
        description=description,
        created_at=now,
        updated_at=now,
    )
    endpoint.secret_sealed = endpoint.seal_secret(secret)
    for name, value in endpoint.alert_columns(alert_phone).items():
        setattr(endpoint, name, value)
    if once is not None:
        endpoint.form_key = key_of_form(once, endpoint.url, endpoint.types, description, alert_phone)
        if WebhookEndpoint.objects.filter(merchant_id=merchant_id, form_key=endpoint.form_key).exists():
            return _made_by(endpoint)
    taken = set(_of(merchant_id).values_list("slot", flat=True))
    for slot in range(WebhookEndpoint.MOST):
        if slot in taken:
            continue
        endpoint.slot = slot
        try:
            with unit_of_work():
                insert(endpoint)
                begin_listening(merchant_id, now=now)
                _catch_up(endpoint, now=now)
                return conclude((endpoint, secret))
        except IntegrityError as error:
            if violates(error, WebhookEndpoint, "webhooks_endpoint_once_per_form"):
                return _made_by(endpoint)
            # Another request took the slot meanwhile: the next one may be free.
            if not violates(error, WebhookEndpoint, "webhooks_endpoint_slot"):
                raise
    raise errors.TooManyEndpoints(most=WebhookEndpoint.MOST)


def _made_by(form: WebhookEndpoint) -> tuple[WebhookEndpoint, str]:
    found = _of(form.merchant_id).filter(form_key=form.form_key).first()
    if found is None:
        raise errors.WebhookEndpointNotFound
    return found, found.secret()


def list_endpoints(merchant_id: UUID) -> list[WebhookEndpoint]:
    """The merchant's endpoints, oldest first; at most WebhookEndpoint.MOST."""
    return list(_of(merchant_id).order_by("id"))


def get_endpoint(endpoint_id: UUID, *, merchant_id: UUID) -> WebhookEndpoint:
    """Find one of the merchant's endpoints.

    :raises WebhookEndpointNotFound: there is none with this id, or it is somebody else's
    """
    found = _of(merchant_id).filter(pk=endpoint_id).first()
    if found is None:
        raise errors.WebhookEndpointNotFound
    return found


def update_endpoint(
    endpoint_id: UUID,
    *,
    merchant_id: UUID,
    url: str | None = None,
    types: Iterable[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
    alert_phone: Phone | Literal[""] | None = None,
    now: datetime,
) -> WebhookEndpoint:
    """Change what is given and leave the rest; an empty `alert_phone` forgets it. Opens its own transaction.

    What happened while it was disabled is not sent by itself: ask for a redelivery.

    :raises WebhookEndpointNotFound, WebhookUrlRefused, EventTypeUnknown: nothing was changed
    """
    endpoint = get_endpoint(endpoint_id, merchant_id=merchant_id)
    # Only what is given: the rest may have been changed by somebody else since it was read.
    changes: dict[str, Any] = {"updated_at": now}
    if url is not None:
        changes["url"] = _checked_url(url)
    if types is not None:
        changes["types"] = _checked_types(types)
    if description is not None:
        changes["description"] = description
    if alert_phone is not None:
        changes |= endpoint.alert_columns(alert_phone or None)
    if enabled is not None:
        # A new beginning either way: old failures don't count.
        changes |= {
            "disabled_at": None,
            "disabled_reason": "",
            "failures": 0,
            "failing_since": None,
            "held_until": None,
        }
    if enabled is False:
        changes |= {"disabled_at": endpoint.disabled_at or now, "disabled_reason": DisabledReason.MERCHANT}
    with unit_of_work():
        if not write_if(endpoint, changes, deleted_at=None):
            raise errors.WebhookEndpointNotFound
        endpoint.refresh_from_db()
        _listen(merchant_id, now=now)
        if enabled:
            _catch_up(endpoint, now=now)
    return endpoint


def delete_endpoint(endpoint_id: UUID, *, merchant_id: UUID, now: datetime) -> None:
    """Send nothing more to it, and forget its secrets. Opens its own transaction.

    :raises WebhookEndpointNotFound: as it says
    """
    endpoint = get_endpoint(endpoint_id, merchant_id=merchant_id)
    with unit_of_work():
        gone = {"deleted_at": now, "slot": None, "secret_sealed": b"", "old_secret_sealed": None}
        gone |= endpoint.alert_columns(None)
        if not write_if(endpoint, gone, deleted_at=None):
            raise errors.WebhookEndpointNotFound
        WebhookDelivery.objects.filter(endpoint=endpoint, due_at__isnull=False).update(
            due_at=None, failed_at=now, last_error="endpoint_deleted"
        )
        _listen(merchant_id, now=now)


def rotate_secret(endpoint_id: UUID, *, merchant_id: UUID, now: datetime) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret; for ROTATION the one before it signs too. Two are live at most.

    Opens its own transaction.

    :raises WebhookEndpointNotFound: as it says
    :raises WebhookSecretJustRotated: another rotation was faster, and its secret is the one that counts
    """
    endpoint = get_endpoint(endpoint_id, merchant_id=merchant_id)
    secret = new_secret()
    old = endpoint.secret()
    changes = {
        "secret_sealed": endpoint.seal_secret(secret),
        "old_secret_sealed": endpoint.seal_secret(old),
        "old_secret_until": now + ROTATION,
        "updated_at": now,
    }
    with unit_of_work():
        # Of two rotations at once one would hand out a secret that the other has replaced.
        if not write_if(endpoint, changes, deleted_at=None, secret_sealed=endpoint.secret_sealed):
            get_endpoint(endpoint_id, merchant_id=merchant_id)
            raise errors.WebhookSecretJustRotated
        for name, value in changes.items():
            setattr(endpoint, name, value)
        return conclude((endpoint, secret))


def show_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Write an endpoint as its merchant sees it; its secret is no part of that."""
    return {
        "id": public_id("we", endpoint.id),
        "object": "webhook_endpoint",
        "livemode": settings.LIVE,
        "url": endpoint.url,
        "description": endpoint.description,
        "types": endpoint.types,
        "enabled": endpoint.disabled_at is None,
        "disabled_at": stamp(endpoint.disabled_at),
        "disabled_reason": endpoint.disabled_reason or None,
        "failing_since": stamp(endpoint.failing_since),
        "old_secret_until": stamp(endpoint.old_secret_until),
        "alert_phone_masked": f"****{endpoint.alert_phone_last4}" if endpoint.alert_phone_last4 else None,
        "created_at": stamp(endpoint.created_at),
        "updated_at": stamp(endpoint.updated_at),
    }


def live_secrets(endpoint: WebhookEndpoint, *, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first."""
    secrets = [endpoint.secret()]
    if endpoint.old_secret_sealed and endpoint.old_secret_until and now < endpoint.old_secret_until:
        secrets.append(endpoint.secret(old=True))
    return secrets


def _of(merchant_id: UUID) -> "QuerySet[WebhookEndpoint]":
    return WebhookEndpoint.objects.filter(merchant_id=merchant_id, deleted_at__isnull=True)


def _listen(merchant_id: UUID, *, now: datetime) -> None:
    # Begin first: it locks, so that an endpoint which is being made at this moment is waited for, and then seen.
    begin_listening(merchant_id, now=now)
    if not _of(merchant_id).filter(disabled_at__isnull=True).exists():
        stop_listening(merchant_id)


def _catch_up(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    until = now + CATCH_UP
    append(
        WebhookReplay(
            endpoint=endpoint, since=now, until=until, extent=Extent.MISSING, created_at=now, due_at=until
        )
    )


def _checked_url(url: str) -> str:
    try:
        check_url(url, policy())
    except UrlRefused as refused:
        raise errors.WebhookUrlRefused(reason=refused.text) from refused
    return url


def _checked_types(types: Iterable[str]) -> list[str]:
    wanted = sorted(set(types))
    for event_type in wanted:
        if event_type not in TOLD:
            raise errors.EventTypeUnknown(event_type=event_type[:60])
    return wanted
