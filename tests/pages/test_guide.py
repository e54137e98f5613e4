"""The documentation as pages: every file has one, every link of one leads somewhere, nothing in it is obeyed."""

import re
from html import unescape

import pytest
from django.contrib.staticfiles import finders

from tests.pages.conftest import Person, words
from zemi.developers.guide import names
from zemi.developers.markdown import read_markdown

PAGES = ["/guide", "/docs/errors", *(f"/guide/{name}" for name in names())]


def _links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', html)]


@pytest.fixture(scope="module")
def seen() -> dict[str, str]:
    """What was opened, and what it said: a page has a link to nearly every other."""
    return {}


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(amina: Person, path: str, seen: dict[str, str]) -> None:
    def read(page: str) -> str:
        if page not in seen:
            answer = amina.open(page)
            assert answer.status_code == 200, page
            seen[page] = answer.content.decode()
        return seen[page]

    for link in _links(read(path)):
        if link.startswith(("https://", "?")):
            continue
        target, _, anchor = link.partition("#")
        target = (target or path).partition("?")[0]
        if target.startswith("/static/"):
            assert finders.find(target.removeprefix("/static/")), link
        elif html := read(target):
            assert not anchor or f'id="{anchor}"' in html, link


def test_no_page_but_the_home_is_missing_from_the_navigation(amina: Person) -> None:
    seen, waiting = set[str](), ["/guide"]
    while waiting:
        path = waiting.pop()
        if path not in seen and path.startswith(("/guide", "/docs/errors")):
            seen.add(path)
            html = amina.open(path).content.decode()
            waiting += [link.partition("#")[0] for link in _links(html)]

    assert set(PAGES) - seen == set()


def test_the_tutorial_is_read_as_it_is_written(amina: Person) -> None:
    page = amina.open("/guide/tutorial")
    html = page.content.decode()

    assert "<h1>Your first escrow in ten minutes</h1>" in html
    assert '<h2 id="2-amina-makes-an-order">2. Amina makes an order</h2>' in html
    assert "curl -s -X POST http://localhost:8000/api/orders/create \\\n" in unescape(html)
    assert '<a href="/guide/tutorial" aria-current="page">' in html
    assert "On this page" in words(page)


def test_the_frame_speaks_swahili_and_the_documentation_says_that_it_is_english(juma: Person) -> None:
    page = juma.open("/guide/howto/webhooks")

    assert "Kurasa zote za mwongozo" in words(page)
    assert '<article lang="en"' in page.content.decode()


@pytest.mark.parametrize(
    "name", ["nothing-here", "index", "../../etc/passwd", "adr", "howto/webhooks.md", "%00"]
)
def test_what_is_no_page_is_not_found(amina: Person, name: str) -> None:
    assert amina.open(f"/guide/{name}").status_code == 404


def test_the_reference_of_the_api_leads_to_the_guide(amina: Person) -> None:
    page = amina.open("/docs")
    html = page.content.decode()

    assert 'id="swagger-ui"' in html
    assert '<a href="/guide">Guide</a>' in html
    assert "'unsafe-" not in page.headers["Content-Security-Policy"]


def test_markdown_is_shown_and_never_obeyed() -> None:
    hostile = (
        "<!-- generated -->\n# A `title`\n\n<script>alert(1)</script> <b onclick=x>b</b>\n\n"
        "[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://elsewhere.example/x.png) [d](gone.md)\n\n"
        "## Twice\n\n## Twice\n\n```\n<i>\n```\n"
    )
    page = read_markdown(hostile, resolve=lambda target: None if target == "gone.md" else target)

    assert page.title == "A title"
    assert not re.search(r"<(script|b|i|img)\b", page.html)
    assert "href" not in page.html
    assert "&lt;script&gt;" in page.html
    assert "c" in page.html
    assert [heading.anchor for heading in page.headings] == ["twice", "twice-1"]
    assert "<pre" in page.html
    assert "&lt;i&gt;" in page.html


def test_a_diagram_of_states_is_a_list(amina: Person) -> None:
    page = words(amina.open("/guide/reference/states"))

    assert "awaiting_payment \N{RIGHTWARDS ARROW} paid (order.paid), expired (order.expired)" in page
    assert "stateDiagram" not in page


def test_the_documentation_is_small_over_the_wire(amina: Person) -> None:
    amina.headers["accept-encoding"] = "gzip"
    sizes = {path: len(amina.open(path).content) for path in PAGES}

    assert max(sizes.values()) < 50_000, sizes
    assert amina.open("/guide").headers["Content-Encoding"] == "gzip"
