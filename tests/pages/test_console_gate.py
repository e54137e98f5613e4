"""Every address of the console is shut to whoever has not signed in with both factors."""

import re

import pytest
from django.test import Client

from zemi.urls import urlpatterns
from zemi.web.page import CONTENT_POLICY

# Where somebody signs in.
OPEN = {"sign-in", "second-factor", "enrol", "join/1-x", "sign-out"}
_EXAMPLES = (
    (r"<slug:token>", "1-x"),
    (r"<reference:order_reference>", "ZEM-ABCD2345"),
    (r"<slug:(name|kind)>", "receipts"),
    (r"<uuid:key>|<path:object_id>", "01932f4e-6c7a-7c3d-8e1f-5a6b7c8d9e0f"),
    (r"<path:url>|\(\?P<url>\.\*\)\$", "x"),
    (r"\^\(\?P<app_label>(\w+).*", r"\1/"),
    (r"<int:content_type_id>", "1"),
)


def console_paths() -> list[str]:
    """An address of every route below /console."""
    found = []
    for entry in urlpatterns:
        route = str(entry.pattern)
        if route.startswith("console"):
            for inner in getattr(entry, "url_patterns", [None]):
                deeper = getattr(inner, "url_patterns", [None])
                found += [route + _of(inner) + _of(one) for one in deeper]
    for pattern, example in _EXAMPLES:
        found = [re.sub(pattern, example, path) for path in found]
    return sorted({f"/{path}" for path in found})


def _of(entry: object) -> str:
    return str(getattr(entry, "pattern", ""))


@pytest.mark.django_db
def test_every_page_of_the_console_sends_strangers_away() -> None:
    paths = [path for path in console_paths() if path.removeprefix("/console/") not in OPEN]
    assert len(paths) > 60

    # One for all: each new one builds the whole product's middleware anew, which takes longer than to ask.
    stranger = Client()
    for path in paths:
        for method in ("get", "post"):
            answer = getattr(stranger, method)(path)
            stranger.cookies.clear()
            assert answer.status_code in {302, 405}, (path, method, answer.status_code)
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/console/sign-in?next=/console"), path
                assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
