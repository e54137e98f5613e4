"""What goes into Daraja's fields: text that survives, whole shillings, passwords, times."""

import base64
import unicodedata
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from zemi.common.money import Money
from zemi.providers.base import Reason, Refused
from zemi.providers.wire import EAT

REFERENCE_MOST = 12  # AccountReference (DARAJA 1.2)
DESCRIPTION_MOST = 13  # TransactionDesc
REMARKS_MOST = 100  # Remarks, Occassion (DARAJA 1.4)
_FILLING = "Zemi"
_KEPT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -")


class UnusableCertificate(ValueError):
    """The configured certificate is not an X.509 certificate (PEM) with an RSA key."""


def clean(text: str, *, most: int) -> str:
    """Cut `text` to what Daraja takes: letters, digits, space and dash, from 2 to `most` of them.

    Other characters failed silently there (DARAJA 1.2). Accents are dropped, everything else becomes a
    space; where too little is left, "Zemi" stands in, since an empty field is refused.
    """
    plain = unicodedata.normalize("NFKD", text[: 8 * most])
    base = (character for character in plain if not unicodedata.combining(character))
    kept = "".join(character if character in _KEPT else " " for character in base)
    cut = " ".join(kept.split())[:most].strip()
    return cut if len(cut) > 1 else _FILLING


def amount_problem(amount: Money, *, least: Money, most: Money) -> Refused | None:
    """Refuse what M-Pesa can't move, before any call: cents, another currency, too little, too much."""
    if amount.currency != "KES":
        return Refused(Reason.INVALID_REQUEST, text="M-Pesa moves Kenyan shillings only")
    if not amount.is_whole:
        return Refused(Reason.INVALID_REQUEST, text="M-Pesa moves whole shillings only")
    if not least <= amount <= most:
        return Refused(Reason.INVALID_REQUEST, text=f"M-Pesa moves {least} to {most} at a time")
    return None


def timestamp(now: datetime) -> str:
    """Write `now` as Daraja does: 14 digits of East African time (DARAJA 1.2)."""
    return now.astimezone(EAT).strftime("%Y%m%d%H%M%S")


def spaced_time(at: datetime) -> str:
    """Write `at` as the pull of transactions takes it: "2026-11-23 12:00:00", East African time."""
    return at.astimezone(EAT).strftime("%Y-%m-%d %H:%M:%S")


def password(shortcode: str, passkey: str, stamp: str) -> str:
    """Make the password of an STK request; `stamp` is the Timestamp sent beside it."""
    return base64.b64encode(f"{shortcode}{passkey}{stamp}".encode()).decode()


def security_credential(initiator_password: str, certificate_pem: str) -> str:
    """Encrypt the initiator's password for Safaricom: RSA, PKCS#1 v1.5, base64 (DARAJA 4.4). May be reused.

    The certificate only carries the key: published ones have expired, so its dates are not checked.
    :raises UnusableCertificate: not a certificate with an RSA key that holds the password
    """
    try:
        key = load_pem_x509_certificate(certificate_pem.encode()).public_key()
        if not isinstance(key, RSAPublicKey):
            raise UnusableCertificate("the certificate's key is not RSA")
        return base64.b64encode(key.encrypt(initiator_password.encode(), PKCS1v15())).decode()
    except UnusableCertificate:
        raise
    except ValueError as error:
        raise UnusableCertificate("the certificate can't be read, or its key is too short") from error
