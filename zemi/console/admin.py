"""Django's own admin, to read in: every table of the product, nothing to change, no sealed value and no hash."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils import translation

from zemi.common import clock
from zemi.console.gate import HOME, SIGN_IN, staff_of
from zemi.trust.limits import charge_or_refuse, named
from zemi.web.page import finish, language

PATH = f"{HOME}/admin/"
# Of the admin's own addresses these change something, or let somebody in.
_LEFT_OUT = frozenset({"login", "logout", "password_change", "password_change_done", "autocomplete"})
_HIDDEN_ENDS = ("_hash", "_sealed", "password")
_MOST_COLUMNS = 8


def is_shown(field: "models.Field[Any, Any]") -> bool:
    """Whether a column may be read: nothing sealed, no hash."""
    return not isinstance(field, models.BinaryField) and not field.name.endswith(_HIDDEN_ENDS)


# Django's own class takes no type at run time.
if TYPE_CHECKING:
    _Table = ModelAdmin[Any]
else:
    _Table = ModelAdmin


class ReadOnly(_Table):
    """One table, to read in."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Every column that may be read."""
        return [field.name for field in self.opts.fields if is_shown(field)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.get_fields(request, obj)

    def get_list_display(self, request: HttpRequest) -> Any:
        """The first of them that are not wide."""
        wide = (models.JSONField, models.TextField)
        shown = [field for field in self.opts.fields if is_shown(field) and not isinstance(field, wide)]
        return [field.name for field in shown][:_MOST_COLUMNS]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """By status and the like."""
        return [field.name for field in self.opts.fields if is_shown(field) and field.choices]

    def get_ordering(self, request: HttpRequest) -> Any:
        """The newest first."""
        return ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever was let in may read."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever was let in may read."""
        return True


class ReadOnlySite(AdminSite):
    """The admin behind the console's gate."""

    site_header = site_title = "Zemi"
    site_url = HOME
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What its pages know, with their language for the words that are ours."""
        return super().each_context(request) | {"language": language(request)}

    def has_permission(self, request: HttpRequest) -> bool:
        """Only staff who are signed in with both factors."""
        return staff_of(request) is not None

    def admin_view(  # type: ignore[override]  # its own type says less
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., Any]:
        """Put a view of the admin behind the gate, with the headers and the language of every page."""
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            staff = staff_of(request)
            if staff is None:
                return finish(request, redirect(f"{SIGN_IN}?next={PATH}"))
            charge_or_refuse(named("authenticated", f"staff:{staff.user.pk}"), now=clock.now())
            with translation.override(language(request)):
                response: HttpResponseBase = inner(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            return finish(request, response)

        answer.methods = ("GET",)  # type: ignore[attr-defined]  # read by the list of addresses
        return answer

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's addresses, but for those that change something."""
        return [found for found in super().get_urls() if getattr(found, "name", None) not in _LEFT_OUT]


def make_site() -> ReadOnlySite:
    """The admin with every table of the product in it that has a key which fits into an address."""
    site = ReadOnlySite(name="admin")
    for model in apps.get_models():
        is_ours = model.__module__.startswith("zemi.") and not isinstance(model._meta.pk, models.BinaryField)
        if is_ours or model is User:
            site.register(model, ReadOnly)
    return site
