"""Who may call: consumer key and secret, access tokens, the passkey, the initiator and its certificate."""

import base64
import binascii
import functools
import hashlib
import hmac
import re
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from simulator.clock import SECOND, Clock, iso
from simulator.identifiers import Identifiers
from simulator.store import Store
from simulator.switches import Switches

# Known to everybody, as those of Safaricom's own sandbox are.
CONSUMER_KEY = "SimulatorConsumerKey"
CONSUMER_SECRET = "SimulatorConsumerSecret"  # noqa: S105
PASSKEY = hashlib.sha256(b"zemi simulator passkey").hexdigest()
COLLECTION_SHORTCODE = "174379"
PAYOUT_SHORTCODE = "600000"
INITIATOR_NAME = "testapi"
INITIATOR_PASSWORD = "Simulator#2026"  # noqa: S105
SMS_USERNAME = "sandbox"
SMS_API_KEY = "atsk_simulator"
TOKEN_LIFE_S = 3_599
PASSWORD_LIFE_DAYS = 90

# After so many wrong credentials in a row the API user is locked (DARAJA 4.4).
_MOST_WRONG = 3
_PASSWORD = re.compile(r"[A-Za-z0-9#&%$]{8,64}")


class Credentials:
    """Writes need an open transaction of the store."""

    def __init__(self, store: Store, ids: Identifiers, clock: Clock, switches: Switches) -> None:
        self._store = store
        self._ids = ids
        self._clock = clock
        self._switches = switches
        if store.meta("initiator_set_at") is None:
            self._remember_password(INITIATOR_PASSWORD)

    def issue_token(self, now: int) -> str:
        """A new access token; the one before it is dead from now on (DARAJA 1.1)."""
        token = self._ids.token()
        self._store.remember("token", token)
        self._store.remember("token_until", str(now + TOKEN_LIFE_S * SECOND))
        return token

    def is_token(self, authorization: str, now: int) -> bool:
        """Whether an Authorization header carries the living token."""
        scheme, _, token = authorization.partition(" ")
        living = self._store.meta("token")
        if living is None or scheme.lower() != "bearer" or now >= int(self._store.meta("token_until") or 0):
            return False
        return hmac.compare_digest(token.strip().encode(), living.encode())

    def initiator_refusal(self, name: str, security_credential: str) -> str | None:
        """Why the initiator is refused: None, "2001" (wrong) or "8006" (locked), as the *result* will say."""
        wrong = int(self._store.meta("initiator_wrong") or 0)
        if wrong >= _MOST_WRONG:
            return "8006"
        right = self._decrypt(security_credential) == self.initiator_password().encode()
        if name == INITIATOR_NAME and right and not self.initiator()["expired"]:
            if wrong:
                self.unlock_initiator()
            return None
        self._store.remember("initiator_wrong", str(wrong + 1))
        return "8006" if wrong + 1 >= _MOST_WRONG else "2001"

    def unlock_initiator(self) -> None:
        """What a person does in Safaricom's portal."""
        self._store.remember("initiator_wrong", "0")

    def lock_initiator(self) -> None:
        """As too many wrong credentials do."""
        self._store.remember("initiator_wrong", str(_MOST_WRONG))

    def initiator_password(self) -> str:
        """The password in force, expired or not."""
        return self._store.meta("initiator_password") or INITIATOR_PASSWORD

    def set_initiator_password(self, password: str) -> None:
        """What a person does in the portal every 90 days: a new life for it, and the lock is off.

        :raises ValueError: not a password that the portal takes
        """
        if not _PASSWORD.fullmatch(password):
            raise ValueError("password is 8 to 64 letters, digits or # & % $ (DARAJA 4.4)")
        self._remember_password(password)
        self.unlock_initiator()

    def initiator(self) -> dict[str, object]:
        """As GET /_sim/initiator shows it."""
        ends = int(self._store.meta("initiator_set_at") or 0) + PASSWORD_LIFE_DAYS * 86_400 * SECOND
        wrong = int(self._store.meta("initiator_wrong") or 0)
        expires = self._switches.get("initiator_password_expires") is True
        return {
            "name": INITIATOR_NAME,
            "password_expires_at": iso(ends) if expires else None,
            "expired": expires and self._clock.micros() >= ends,
            "wrong_in_a_row": wrong,
            "locked": wrong >= _MOST_WRONG,
        }

    def _remember_password(self, password: str) -> None:
        self._store.remember("initiator_password", password)
        self._store.remember("initiator_set_at", str(self._clock.micros()))

    def certificate(self) -> str:
        """The self-signed X.509 certificate for the initiator's password, PEM (inside a transaction)."""
        return self._key_and_certificate()[1]

    def _decrypt(self, security_credential: str) -> bytes | None:
        key, _ = self._key_and_certificate()
        try:
            # PKCS#1 v1.5, not OAEP (DARAJA 4.4). A wrong one comes out as noise or as ValueError, by version.
            return _load(key).decrypt(
                base64.b64decode(security_credential, validate=True), padding.PKCS1v15()
            )
        except (binascii.Error, ValueError):
            return None

    def _key_and_certificate(self) -> tuple[str, str]:
        if self._store.in_memory:
            return _make_pair()
        key, certificate = self._store.meta("private_key"), self._store.meta("certificate")
        if key is None or certificate is None:
            key, certificate = _make_pair()
            self._store.remember("private_key", key)
            self._store.remember("certificate", certificate)
        return key, certificate


@functools.cache
def _load(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the state file holds a key of another kind")
    return key


@functools.cache
def _make_pair() -> tuple[str, str]:
    # Made once per process: instances that live in memory share it, as making one takes a tenth of a second.
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Daraja simulator")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2050, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
