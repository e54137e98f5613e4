"""A database belongs to one mode for ever: test keys and live rows never meet (DESIGN 6, ADR 0010)."""

from django.conf import settings
from django.db import connection

from zemi.identity.models import Deployment


def is_made() -> bool:
    """Tell whether the database was migrated at all."""
    return Deployment._meta.db_table in connection.introspection.table_names()


def is_ours() -> bool:
    """Tell whether the database is of this process's mode. One that is not migrated yet is anybody's."""
    return not is_made() or Deployment.objects.filter(mode=settings.MODE).exists()
