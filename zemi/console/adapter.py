"""How allauth keeps second factors here: sealed, under names that an authenticator app shows."""

from allauth.mfa.adapter import DefaultMFAAdapter

from zemi.common import crypto
from zemi.console import passkeys

_CONTEXT = "staff|second factor"


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Seals what would let a reader of the database sign in."""

    def encrypt(self, text: str) -> str:
        """Seal the secret of an authenticator app, or the seed of recovery codes."""
        return crypto.seal(text, context=_CONTEXT).hex()

    def decrypt(self, encrypted_text: str) -> str:
        """Open what `encrypt` sealed.

        :raises SealBroken: it was changed, or its key is not in the ring
        """
        return crypto.unseal(bytes.fromhex(encrypted_text), context=_CONTEXT)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Whom a passkey is for: the name of our own address, whatever the request says."""
        return {"id": passkeys.host(), "name": "Zemi"}
