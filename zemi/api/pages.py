"""What surrounds the API: is it alive, what does it offer."""

import base64
import hashlib
import re
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from zemi.api.auth import Access, Anyone
from zemi.api.endpoint import Endpoint
from zemi.common.logs import log
from zemi.identity.deployment import is_ours

_YES_OR_NO = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
_CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Alive(Endpoint):
    """Say that the process runs. It asks nothing of anybody else."""

    access: ClassVar[Access] = Anyone()
    has_toll = False
    authentication_classes = ()
    is_versioned = False
    tag = "health"
    statuses = {200: "The process runs."}
    answer_schema = _YES_OR_NO

    def get(self, request: Request) -> HttpResponse:
        """Answer yes."""
        return self.answer_bare({"ok": True})


class Ready(Endpoint):
    """Say whether requests can be served: the database answers and is migrated. Why not, the log says."""

    access: ClassVar[Access] = Anyone()
    has_toll = False
    authentication_classes = ()
    is_versioned = False
    tag = "health"
    statuses = {200: "Requests can be served.", 503: "Not now."}
    answer_schema = _YES_OR_NO

    def get(self, request: Request) -> HttpResponse:
        """Answer yes or no."""
        ready = is_ready()
        return self.answer_bare({"ok": ready}, status=200 if ready else 503)


class Docs(SpectacularSwaggerSplitView):
    """The API to read and to try, served from here: no script and no style of anybody else's."""

    authentication_classes = ()
    url = "/api/openapi.json"
    template_name = "api/docs.html"

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Answer with a policy of its own, since the page brings one style in its head."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Content-Security-Policy"] = (
            f"{_CLOSED}; style-src 'self' {_swagger_style_hash()}; script-src 'self'; img-src 'self' data:; "
            "connect-src 'self'"
        )
        return response


@require_safe
def openapi(_: HttpRequest) -> HttpResponse:
    """The OpenAPI document of this deployment."""
    from zemi.api.schema import document_bytes

    return HttpResponse(document_bytes(), content_type="application/json")


def is_ready() -> bool:
    """Whether the database answers and no migration is missing."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return _is_migrated() and _is_ours()
    except Error as error:
        log.warning("not_ready", error=type(error).__qualname__)
        return False


_migrated = False


def _is_migrated() -> bool:
    # Looked up until it is true once: the files of a running process don't change.
    global _migrated  # noqa: PLW0603 (a fact about the process)
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def _is_ours() -> bool:
    if is_ours():
        return True
    log.error("not_ready", error="the database is of the other mode", mode=settings.MODE)
    return False


@cache
def _swagger_style_hash() -> str:
    template = get_template("drf_spectacular/swagger_ui.html")
    source: str = template.template.source  # type: ignore[attr-defined]
    return " ".join(_hash(style) for style in re.findall(r"<style>(.*?)</style>", source, re.DOTALL))


def _hash(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
