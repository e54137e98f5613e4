"""A merchant's own requests, and the end of old ones."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from zemi.common.db import outside_transaction
from zemi.common.ids import read_public_id
from zemi.request_log.models import LoggedRequest

PAGE = 50
_MOST_DELETED = 1000


def list_requests(
    *, merchant_id: UUID, before: str = "", only_refused: bool = False
) -> tuple[list[LoggedRequest], bool]:
    """A merchant's requests, newest first, PAGE at most, older than the request `before` (req_...); are there more?"""
    rows = LoggedRequest.objects.filter(merchant_id=merchant_id)
    key = read_public_id("req", before)
    if key is not None:
        rows = rows.filter(id__lt=key)
    if only_refused:
        rows = rows.filter(status__gte=400)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def find_request(written: str, *, merchant_id: UUID) -> LoggedRequest | None:
    """One of a merchant's requests by its Request-Id; None: there is none any more, or it is somebody else's."""
    key = read_public_id("req", written)
    return LoggedRequest.objects.filter(merchant_id=merchant_id, pk=key).first() if key is not None else None


@outside_transaction
def forget_old_requests(*, now: datetime) -> int:
    """Delete what is older than ZEMI_REQUEST_LOG_DAYS, some at a time; how many."""
    adapt = connection.ops.adapt_datetimefield_value
    statement = """
        DELETE FROM request_log_loggedrequest WHERE id IN (
            SELECT id FROM request_log_loggedrequest WHERE at < %s ORDER BY at LIMIT %s)"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(now - timedelta(days=settings.REQUEST_LOG_DAYS)), _MOST_DELETED])
        return int(cursor.rowcount)
