"""Markdown of our own documentation as HTML: raw HTML is shown, never obeyed; nothing is loaded from anywhere.

Headings get the anchors that code hosts give them, so that one link works there and here.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# What a link of a page leads to, given what stands in the Markdown; None: nowhere here, so its words stay plain.
Resolve = Callable[[str], str | None]

_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*", re.DOTALL)
_BOLD_LINE = ["strong_open", "text", "strong_close"]
_MOVE = re.compile(r"\s*(\S+) --> (\S+?)(?:: (.*))?")
# These read on when a line is broken; drawings made of characters are scrolled instead.
_FLOWING = frozenset({"bash", "sh", "json", "python", "http", "sql", "ts"})


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a page, to jump to."""

    anchor: str
    words: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that stands in a page: where the Markdown points, its words, and the bold line it stands below."""

    target: str
    words: str
    below: str


@dataclass(frozen=True, slots=True)
class Document:
    """A page: its title, the HTML of all that follows it, its parts, and the links in it as they are written."""

    title: str
    html: SafeString
    headings: Sequence[Heading]
    links: Sequence[Link]


def read_markdown(text: str, *, resolve: Resolve) -> Document:
    """Turn one page into HTML. A comment at its head, which says that it is generated, is left out."""
    tokens = _PARSER.parse(_COMMENT.sub("", text))
    title, body = _split_title(tokens)
    headings = _name_headings(body)
    links = _read_links(body)
    _resolve_links(body, resolve)
    # Ours: built by the renderer from escaped text.
    html = mark_safe(_PARSER.renderer.render(body, _PARSER.options, {}))  # noqa: S308
    return Document(title, html, headings, links)


def _split_title(tokens: list[Token]) -> tuple[str, list[Token]]:
    """The words of the first heading, and all that comes after it."""
    if len(tokens) > 2 and tokens[0].tag == "h1":
        return _words(tokens[1]), tokens[3:]
    return "", tokens


def _name_headings(tokens: list[Token]) -> list[Heading]:
    found, seen = [], Counter[str]()
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        words = _words(inline)
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        seen[anchor] += 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor] - 1}"
        opening.attrSet("id", anchor)
        if opening.tag == "h2":
            found.append(Heading(anchor, words))
    return found


def _read_links(tokens: list[Token]) -> list[Link]:
    found, below = [], ""
    for token in tokens:
        children = token.children or []
        if [child.type for child in children if child.content or child.nesting] == _BOLD_LINE:
            below = _words(token)
        for opening, inner in pairwise(children):
            if opening.type == "link_open":
                found.append(Link(str(opening.attrGet("href")), inner.content, below))
    return found


def _resolve_links(tokens: list[Token], resolve: Resolve) -> None:
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                # None is shown: a page of words weighs little.
                child.type, child.content = "text", _words(child)
        is_dropped = False
        for child in token.children or []:
            if child.type == "link_open":
                address = resolve(str(child.attrGet("href")))
                is_dropped = address is None
                child.attrSet("href", address or "")
            if is_dropped and child.type in {"link_open", "link_close"}:
                is_dropped = child.type == "link_open"
                child.type, child.content, child.nesting = "text", "", 0


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type in {"text", "code_inline"})


def _fence(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """A block of code; a diagram of states becomes a list of what may follow what."""
    token = tokens[index]
    kind = token.info.strip().partition(" ")[0]
    if kind == "mermaid" and token.content.startswith("stateDiagram"):
        return _moves(token.content)
    if kind in _FLOWING or not kind:
        return f'<pre class="flow"><code>{escape(token.content)}</code></pre>'
    return f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>'


def _moves(diagram: str) -> str:
    rows: dict[str, list[str]] = {}
    for line in diagram.splitlines():
        if match := _MOVE.fullmatch(line):
            start, end, event = match.groups()
            said = f"<code>{escape(end)}</code>" + (f" ({escape(event)})" if event else "")
            rows.setdefault(start, []).append(said)
    items = "".join(
        f"<li><code>{escape(start)}</code> \N{RIGHTWARDS ARROW} {', '.join(ends)}</li>"
        for start, ends in rows.items()
        if start != "[*]" and ends != ["<code>[*]</code>"]
    )
    return f'<ul class="moves">{items}</ul>'.replace("<code>[*]</code>", "\N{BULLET}")


def _table_open(*_: Any) -> str:
    # Wide ones are scrolled by themselves, also with the keyboard.
    return '<div class="scroll" tabindex="0"><table>'


def _table_close(*_: Any) -> str:
    return "</table></div>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("code_block", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


_PARSER = _parser()
