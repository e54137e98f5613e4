"""Somebody of the staff at the console, who joins by a link and holds an authenticator app."""

import re
from typing import Any

from django.test import Client

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
        self.capsys.readouterr()
        self.exit_code = main(["staff-user", *words])
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


def _clock() -> float:
    import time

    return time.time()


def secret_on(page: Any) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1]
