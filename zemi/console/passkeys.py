"""Passkeys: keys that devices keep, and show to the name of our own address alone: no page that looks like ours gets one.

allauth keeps and checks them, as it does the other factors; here is what it leaves open. What a browser sends may be
anything, so nothing of it is kept as it came.
"""

import json
import struct
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, CollectedClientData, RegistrationResponse

# Many times what any device sends.
_LONGEST = 16_000
# In so many ways its parsers say that something is no answer of a device.
_UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    UnsupportedAlgorithm,
    RecursionError,
    struct.error,
    ValidationError,
)


def origin() -> str:
    """Where staff sign in. A passkey is bound to a name, never to numbers: on one's own machine that is localhost."""
    return str(settings.PUBLIC_ORIGIN).replace("//127.0.0.1", "//localhost", 1)


def host() -> str:
    """The name that passkeys are bound to."""
    return urlsplit(origin()).hostname or "localhost"


def ask_to_make(user: User) -> str:
    """What the browser is asked for, as JSON, so that `user` gets a new passkey. Kept in the session until `read_new`."""
    return json.dumps(auth.begin_registration(user, passwordless=False))


def read_new(answer: str) -> dict[str, Any] | None:
    """Read the passkey that was made for the newest `ask_to_make` of this session; None if it is none."""
    try:
        credential = _read(answer)
        made = RegistrationResponse.from_dict(credential)
        auth.complete_registration(credential)
        _check_place(made.response.client_data)
        _check_key(made.response.attestation_object.auth_data.credential_data.public_key)  # type: ignore[union-attr]  # None is unreadable
    except _UNREADABLE:
        return None
    key = websafe_encode(made.raw_id)
    return {
        "id": key,
        "rawId": key,
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(made.response.client_data),
            "attestationObject": websafe_encode(made.response.attestation_object),
        },
    }


def keep(user: User, credential: dict[str, Any]) -> None:
    """Let `user` sign in with what `read_new` has read."""
    auth.WebAuthn.add(user, "", credential)


def ask_to_show(user: User) -> str:
    """What the browser is asked for, as JSON, so that `user` shows a passkey; empty if there is none to show."""
    if not Authenticator.objects.filter(user=user, type="webauthn").exists():
        return ""
    return json.dumps(auth.begin_authentication(user))


def was_shown(user: User, answer: str) -> bool:
    """Whether a passkey of `user` answered the newest `ask_to_show` of this session. It answers once."""
    try:
        response = _read(answer)
        _check_place(AuthenticationResponse.from_dict(response).response.client_data)
        shown = auth.complete_authentication(user, response)
    except _UNREADABLE:
        return False
    shown.record_usage()
    return True


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST:
        raise ValueError("no device says so much")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError("an answer is an object")
    return found


def _check_place(said: CollectedClientData) -> None:
    # allauth takes any address below the name too, and a page of ours in somebody's frame.
    if said.origin != origin() or said.cross_origin is not False:
        raise ValueError("it was shown somewhere else")


def _check_key(key: CoseKey) -> None:
    # Whoever relied on a key that can check nothing would be shut out: it fails here, in any of its ways.
    if key[3] not in CoseKey.supported_algorithms():
        raise ValueError("a key of a kind that was not asked for")
    with suppress(InvalidSignature):
        key.verify(b"", b"")
