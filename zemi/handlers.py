"""What answers when no view does: JSON below the API's paths, a page for people everywhere else."""

from django.http import HttpRequest, HttpResponseBase

from zemi.api import errors as api
from zemi.web import lost as pages


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Django's handler400."""
    return api.bad_request(request, exception) if api.is_api(request) else pages.stale(request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 (Django's signature)
    """Django's handler403."""
    return api.permission_denied(request) if api.is_api(request) else pages.stale(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001 (Django's signature)
    """Django's handler404."""
    return api.not_found(request) if api.is_api(request) else pages.not_found(request)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Django's handler500; the exception is logged by Django itself."""
    return api.server_error(request) if api.is_api(request) else pages.broken(request)
