"""The control paths around M-Pesa and the scenarios."""

from collections.abc import Callable

from werkzeug.wrappers import Request

from simulator import control_money, levers, scenarios, sms
from simulator.state import State


def routes(
    state: State, wishes: Callable[[Request], dict[str, object]]
) -> dict[tuple[str, str], Callable[[Request], object]]:
    """The control paths: method and path to what answers."""
    return {
        ("POST", "/_sim/float"): lambda request: levers.change_float(state, wishes(request)),
        ("POST", "/_sim/reversals"): lambda request: control_money.reverse_pay_in(state, wishes(request)),
        ("GET", "/_sim/initiator"): lambda _: state.credentials.initiator(),
        ("POST", "/_sim/initiator/password"): lambda request: levers.set_password(state, wishes(request)),
        ("POST", "/_sim/initiator/lock"): lambda _: levers.lock_initiator(state),
        ("POST", "/_sim/forge"): lambda request: levers.forge(state, wishes(request)),
        ("GET", "/_sim/scenario"): lambda _: scenarios.show(state),
        ("POST", "/_sim/scenario"): lambda request: scenarios.load(state, wishes(request)),
        ("DELETE", "/_sim/scenario"): lambda _: scenarios.drop(state),
        ("GET", "/_sim/sms/reports"): lambda _: sms.reports(state),
        ("POST", "/_sim/sms/reports"): lambda request: levers.set_sms_reports(state, wishes(request)),
    }
