"""Somebody of the staff at the console, who joins by a link and holds an authenticator app."""

import json
import re
import secrets
from html import unescape
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests.pages.conftest import Person
from zemi.__main__ import main
from zemi.console.factors import code_of

PASSWORD = "kitenge na leso mbili"


class Employee(Person):
    """Joins the staff with the command, and signs in with both factors."""

    def __init__(self, name: str, capsys: Any, language: str = "en") -> None:
        super().__init__(language)
        self.name, self.secret, self.capsys = name, "", capsys
        # The moment that the app shows: each code opens once, so it moves on with each sign-in.
        self.app_at = 0.0

    def run(self, *words: str) -> str:
        """Type a command of `zemi staff-user`; what it prints."""
        return self.command("staff-user", *words)

    def command(self, *words: str) -> str:
        """Type a command; what it prints."""
        self.capsys.readouterr()
        self.exit_code = main([*words])
        printed = self.capsys.readouterr()
        return str(printed.out + printed.err)

    def press(self, path: str, **fields: str) -> Any:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.open("/claim").content.decode())
        assert token is not None
        fields["csrfmiddlewaretoken"] = token[1]
        return self.client.post(path, fields, headers=self.headers, follow=True)

    def join(self) -> Any:
        """Be added, choose a password, enrol the app; the page with the recovery codes."""
        page = self.choose_password(self.link(self.run("add", self.name)))
        self.secret = secret_on(page)
        return self.press("/console/enrol", code=self.code())

    def link(self, printed: str) -> str:
        found = re.search(r"https?://[^/]+(/console/join/\S+)", printed)
        assert found is not None, printed
        return found[1]

    def choose_password(self, link: str) -> Any:
        return self.press(link, password=PASSWORD)

    def code(self) -> str:
        code = code_of(self.secret, at=_clock() + self.app_at)
        assert code is not None
        return code

    def sign_in(self, **query: str) -> Any:
        """Password and code, in a browser that knows nothing."""
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.press("/console/sign-in", name=self.name, password=PASSWORD, **query)
        return self.press("/console/second-factor", code=self.code(), **query)


class Device:
    """A device with one passkey, and the browser before it: answers what a page asks, as browsers write it."""

    def __init__(self, origin: str = "http://localhost:8000") -> None:
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        self.origin, self.host, self.flags, self.framed = origin, "localhost", 0x01, False

    def make(self, page: Any, *, key: dict[int, Any] | None = None) -> str:
        """Make the passkey that this page asks for; with another public key if one is given."""
        public = ES256.from_cryptography_key(self.key.public_key()) if key is None else key
        kept = AttestedCredentialData.create(bytes(16), self.name, public)  # type: ignore[arg-type]  # a key is a mapping
        made = AttestationObject.create("none", self._data(kept), {})
        said = self._said("webauthn.create", page)
        return self._answer(clientDataJSON=said, attestationObject=made)

    def show(self, page: Any) -> str:
        """Show it, as this page asks."""
        data, said = self._data(), self._said("webauthn.get", page)
        signature = self.key.sign(data + sha256(said), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=said, authenticatorData=data, signature=signature)

    def _data(self, kept: bytes = b"") -> AuthenticatorData:
        flags = AuthenticatorData.FLAG(self.flags | (0x40 if kept else 0))
        return AuthenticatorData.create(sha256(self.host.encode()), flags, 0, kept)

    def _said(self, kind: str, page: Any) -> CollectedClientData:
        challenge = websafe_decode(asked_on(page)["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin, cross_origin=self.framed)

    def _answer(self, **response: bytes) -> str:
        name = websafe_encode(self.name)
        written = {part: websafe_encode(said) for part, said in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": written})


def asked_on(page: Any) -> dict[str, Any]:
    """What this page has its browser ask a device for."""
    found = re.search(r'data-passkey="([^"]+)"', page.content.decode())
    assert found is not None, page.content.decode()
    asked: dict[str, Any] = json.loads(unescape(found[1]))["publicKey"]
    return asked


def _clock() -> float:
    import time

    return time.time()


def secret_on(page: Any) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1]
