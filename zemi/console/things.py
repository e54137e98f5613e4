"""The pages of one thing: its evidence and its buttons; and those of everything that is sent, and of what staff did."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from zemi.common import clock
from zemi.common.ids import new_key, read_key
from zemi.common.money import kes
from zemi.console.errors import ConfirmFirst, NothingWaitsHere
from zemi.console.evidence import Evidence, acts_table, find_address, read_evidence, read_order_evidence
from zemi.console.gate import Staff, render, staff_page
from zemi.console.offers import offers_for, take_up
from zemi.disbursements import switch
from zemi.orders.queries import get_order
from zemi.staff.dispatch import start_sending, stop_sending
from zemi.staff.models import StaffAct


@staff_page("GET", "POST")
def thing(request: HttpRequest, staff: Staff, kind: str, key: UUID) -> HttpResponseBase:
    """One thing that waits, or waited, for a person."""
    return _page_of(request, staff, lambda: read_evidence(kind, key))


@staff_page("GET", "POST")
def order(request: HttpRequest, staff: Staff, order_reference: str) -> HttpResponseBase:
    """One order, with everything that was paid for it."""
    return _page_of(request, staff, lambda: read_order_evidence(get_order(order_reference=order_reference)))


@staff_page("GET", "POST")
def find(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """Go to the order, receipt or top-up of a number. Asked by POST: what is typed stands in no address."""
    if request.method != "POST":
        return redirect("/console")
    return redirect(find_address(request.POST.get("number", "")))


@staff_page("GET", "POST")
def sending(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """Stop everything that goes out, or start it again."""
    if request.method == "POST":
        _only_fresh(staff)
        kinds = tuple(kind for kind in switch.KINDS if kind == request.POST.get("kind"))
        change = stop_sending if request.POST.get("action") == "stop" else start_sending
        change(kinds=kinds, by=staff.name, reason=request.POST.get("reason", ""), now=clock.now())
        return redirect(request.path)
    switches = [(row, f"sending_{row.name}") for row in switch.state()]
    return render(request, "sending", staff=staff, switches=switches)


@staff_page("GET")
def acts(request: HttpRequest, staff: Staff) -> HttpResponseBase:
    """The newest things that staff did."""
    return render(request, "acts", staff=staff, table=acts_table(StaffAct.objects.order_by("-id")))


def _page_of(request: HttpRequest, staff: Staff, read: Any) -> HttpResponseBase:
    if request.method == "POST":
        return _act(request, staff, read)
    found = read()
    return render(
        request,
        "evidence",
        staff=staff,
        found=found,
        offers=offers_for(found, who=staff.name),
        once=new_key(),
        limit=kes(settings.FOUR_EYES_KES),
        result=_result(request, staff),
        is_mine=getattr(found.row, "maker", None) == staff.name,
    )


def _act(request: HttpRequest, staff: Staff, read: Any) -> HttpResponseBase:
    key = read_key(request.POST.get("once", ""))
    if key is None:
        raise NothingWaitsHere
    done = redirect(f"{request.path}?{urlencode({'done': key})}")
    # A double click: what the first one did is shown.
    if StaffAct.objects.filter(pk=key).exists():
        return done
    _only_fresh(staff)
    found: Evidence = read()
    take_up(
        found,
        request.POST.get("action", ""),
        {name: str(value).strip()[:80] for name, value in request.POST.items()},
        who=staff.name,
        reason=request.POST.get("reason", ""),
        key=key,
        now=clock.now(),
    )
    return done


def _only_fresh(staff: Staff) -> None:
    if not staff.is_fresh:
        raise ConfirmFirst


def _result(request: HttpRequest, staff: Staff) -> StaffAct | None:
    """What the form that led here did."""
    key = read_key(request.GET.get("done", ""))
    return StaffAct.objects.filter(pk=key, actor=staff.name).first() if key else None
