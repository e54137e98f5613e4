"""The documentation below docs/ as pages, named as the files are: docs/howto/webhooks.md is /guide/howto/webhooks."""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.gzip import gzip_page

from zemi.api.error_list import FIELD_CODES, error_list
from zemi.developers.markdown import Document, Link, read_markdown
from zemi.developers.page import charged
from zemi.web.page import page, render

HOME = "/guide"
ERRORS = "/docs/errors"
# The home of the guide; its bold lines are the four kinds of documentation, in the order of KINDS.
_INDEX = "index"
KINDS = ("guide_learn", "guide_do", "guide_understand", "guide_look_up")
# Files that have a page of their own elsewhere.
_ELSEWHERE = {"openapi.json": "/api/openapi.json", "reference/errors": ERRORS}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation; `parts` are the pages of its folder, on these pages."""

    path: str
    title: str
    is_here: bool
    parts: Sequence["Entry"] = ()


@gzip_page
@page("GET", charged=charged)
def home(request: HttpRequest) -> HttpResponse:
    """All that is written, by what the reader wants: learn, do, understand, look up."""
    if _INDEX not in _files():
        # Installed without docs/: what is made from the code is there all the same.
        return render(request, "developers/guide", tab="guide", groups=[])
    return render(request, "developers/guide", tab="guide", groups=_navigation(HOME))


@gzip_page
@page("GET", charged=charged)
def show(request: HttpRequest, name: str) -> HttpResponse:
    """One page of the documentation.

    :raises Http404: there is no such file
    """
    if name not in _files() or name == _INDEX:
        raise Http404
    groups = _navigation(_path_of(name))
    return render(request, "developers/document", tab="guide", document=_document(name), groups=groups)


@gzip_page
@page("GET", charged=charged)
def errors(request: HttpRequest) -> HttpResponse:
    """Every error code: its cause, its sentences, what to do, and an example. Where each `doc_url` leads."""
    groups = _navigation(ERRORS) if _INDEX in _files() else []
    return render(
        request,
        "developers/errors",
        tab="errors",
        groups=groups,
        errors=error_list(),
        field_codes=FIELD_CODES,
    )


def names() -> Sequence[str]:
    """The names of all pages, as they stand in their addresses."""
    return [name for name in _files() if name not in {_INDEX, *_ELSEWHERE}]


@cache
def _files() -> Mapping[str, str]:
    """The Markdown of every file below docs/, by its name without the ending; read once, and no other file ever."""
    root = settings.BASE_DIR / "docs"
    found = {file.relative_to(root).with_suffix("").as_posix(): file for file in sorted(root.rglob("*.md"))}
    return {name: file.read_text(encoding="utf-8") for name, file in found.items() if name not in _ELSEWHERE}


@cache
def _document(name: str) -> Document:
    return read_markdown(_files()[name], resolve=lambda target: _address(target, from_page=name))


def _address(target: str, *, from_page: str) -> str | None:
    """Where a link of the page `from_page` leads; None if to nothing that is shown here."""
    if target.startswith(("https://", "#")):
        return target
    file, _, anchor = target.partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(from_page), file)).removesuffix(".md")
    if name in _ELSEWHERE:
        path = _ELSEWHERE[name]
    elif name in _files():
        path = _path_of(name)
    else:
        return None
    return f"{path}#{anchor}" if anchor else path


def _path_of(name: str) -> str:
    """The address of a page; "reference/index" stands at /guide/reference/index, the home of all at /guide."""
    return HOME if name == _INDEX else f"{HOME}/{name}"


@cache
def _navigation(here: str) -> Sequence[tuple[str, Sequence[Entry]]]:
    """The home's links by kind: the name of the kind's text, and its entries."""
    index = _document(_INDEX)
    kinds = dict(zip(dict.fromkeys(link.below for link in index.links), KINDS, strict=True))
    groups: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for link in index.links:
        path = _address(link.target, from_page=_INDEX)
        if path is not None:
            groups[kinds[link.below]].append(_entry(link, path, here))
    return list(groups.items())


def _entry(link: Link, path: str, here: str) -> Entry:
    folder = path.removesuffix("index")
    is_inside = path.endswith("/index") and (
        here.startswith(folder) or (here == ERRORS and folder.endswith("reference/"))
    )
    if not is_inside:
        return Entry(path, link.words, is_here=path == here)
    name = path.removeprefix(f"{HOME}/")
    parts = [
        Entry(part, each.words, is_here=part == here)
        for each in _document(name).links
        if (part := _address(each.target, from_page=name)) is not None
    ]
    return Entry(path, link.words, is_here=path == here, parts=parts)
