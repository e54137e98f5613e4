"""Staff with passkeys: a device that answers our own address alone, as second factor, beside an app or instead of it."""

import json
import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from fido2.cose import ES256

from tests.pages.conftest import words
from tests.pages.staff import PASSWORD, Device, Employee, asked_on, secret_on
from zemi.console import factors, passkeys
from zemi.staff.models import StaffAct

pytestmark = pytest.mark.usefixtures("stage")
HOME = "What waits for you"


def starts(name: str, capsys: Any) -> tuple[Employee, Any]:
    """Somebody who has joined by the password, before the page that enrols the first second factor."""
    employee = Employee(name, capsys)
    return employee, employee.choose_password(employee.link(employee.run("add", name)))


def gives_password(employee: Employee) -> Any:
    employee.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return employee.press("/console/sign-in", name=employee.name, password=PASSWORD)


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def chebet(capsys: Any, device: Device) -> Employee:
    """Joined with a passkey alone."""
    employee, page = starts("chebet", capsys)
    employee.press("/console/enrol", passkey=device.make(page))
    return employee


def test_staff_join_and_sign_in_with_a_passkey(capsys: Any, device: Device) -> None:
    chebet, page = starts("chebet", capsys)
    assert asked_on(page)["rp"] == {"name": "Zemi", "id": "localhost"}
    assert asked_on(page)["excludeCredentials"] == []

    codes = chebet.press("/console/enrol", passkey=device.make(page))

    assert len(re.findall(r"<li><code>\d{8}</code></li>", codes.content.decode())) == 10
    assert HOME in words(chebet.open("/console"))
    page = gives_password(chebet)
    assert "Use your passkey" in words(page)
    assert [known["id"] for known in asked_on(page)["allowCredentials"]] == [
        json.loads(device.show(page))["id"]
    ]
    assert HOME not in words(chebet.open("/console"))
    page = chebet.open("/console/second-factor")
    assert HOME in words(chebet.press("/console/second-factor", passkey=device.show(page)))
    assert "second factor (passkey)" in chebet.run("list")


def test_the_passkey_of_somebody_else_opens_nothing(chebet: Employee, capsys: Any) -> None:
    other = Device()
    kamau, page = starts("kamau", capsys)
    kamau.press("/console/enrol", passkey=other.make(page))

    page = gives_password(chebet)
    refused = chebet.press("/console/second-factor", passkey=other.show(page))

    assert refused.status_code == 401
    assert "not one of yours" in words(refused)
    assert HOME not in words(chebet.open("/console"))


def test_a_stolen_name_of_a_passkey_does_not_sign(chebet: Employee, device: Device) -> None:
    forger = Device()
    forger.name = device.name

    refused = chebet.press("/console/second-factor", passkey=forger.show(gives_password(chebet)))

    assert refused.status_code == 401


def test_an_answer_opens_once_and_only_the_newest_page(chebet: Employee, device: Device) -> None:
    old = gives_password(chebet)
    newer = chebet.open("/console/second-factor")
    assert chebet.press("/console/second-factor", passkey=device.show(old)).status_code == 401
    assert chebet.press("/console/second-factor", passkey=device.show(newer)).status_code == 401

    answer = device.show(chebet.open("/console/second-factor"))
    assert HOME in words(chebet.press("/console/second-factor", passkey=answer))
    gives_password(chebet)
    assert chebet.press("/console/second-factor", passkey=answer).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://localhost:8000"},
        {"origin": "http://evil.localhost:8000"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://127.0.0.1:8000"},
        {"host": "evil.example"},
        {"framed": True},
        {"flags": 0},
    ],
    ids=str,
)
def test_what_was_shown_to_another_page_opens_nothing(
    chebet: Employee, device: Device, capsys: Any, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(device, name, value)
    page = gives_password(chebet)
    assert chebet.press("/console/second-factor", passkey=device.show(page)).status_code == 401

    kamau, page = starts("kamau", capsys)
    refused = kamau.press("/console/enrol", passkey=device.make(page))
    assert refused.status_code == 400
    assert "No passkey was made" in words(refused)
    assert not factors.has_factor(User.objects.get(username="kamau"))


def test_a_key_that_can_check_nothing_is_not_enrolled(capsys: Any, device: Device) -> None:
    sound = dict(ES256.from_cryptography_key(device.key.public_key()))
    kamau, page = starts("kamau", capsys)

    for key in (sound | {3: -9999}, sound | {-2: bytes(32)}, sound | {-1: 7}, {1: 2, 3: -7}):
        page = kamau.press("/console/enrol", passkey=device.make(page, key=key))
        assert page.status_code == 400
    assert "recovery" in words(kamau.press("/console/enrol", passkey=device.make(page))).lower()


@pytest.mark.parametrize(
    "noise", ["", "null", "[]", "{}", "[" * 9_000, "x" * 16_001, '{"id": 1}', '{"response": {}}', "\x00"]
)
def test_what_is_no_answer_of_a_device_is_refused(
    chebet: Employee, device: Device, capsys: Any, noise: str
) -> None:
    page = gives_password(chebet)
    assert chebet.press("/console/second-factor", passkey=noise).status_code == 401
    kamau, page = starts("kamau", capsys)
    assert kamau.press("/console/enrol", passkey=noise).status_code == 400

    # A part of a right one is none either, and nothing breaks over it.
    whole = json.loads(device.make(page))
    for part in whole["response"]:
        for cut in ("", "AAAA", whole["response"][part][:50], "\x00" + whole["response"][part][::-1]):
            broken = whole | {"response": whole["response"] | {part: cut}}
            assert kamau.press("/console/enrol", passkey=json.dumps(broken)).status_code == 400


def test_the_second_of_two_who_know_a_new_password_enrols_nothing(capsys: Any, device: Device) -> None:
    chebet, _ = starts("chebet", capsys)
    thief = Employee("chebet", capsys)
    page = gives_password(thief)
    mine = chebet.open("/console/enrol")
    user = User.objects.get(username="chebet")

    chebet.press("/console/enrol", passkey=device.make(mine))

    assert "Staff sign-in" in words(thief.press("/console/enrol", passkey=Device().make(page)))
    # Nor if both come through the gate at once.
    code = factors.code_of(secret_on(page), at=time.time())
    assert code is not None
    assert factors.enrol_app(user, secret_on(page), code, is_first=True, now=user.date_joined) is None
    assert [found.type for found in factors.factors_of(user)] == ["webauthn"]


def test_another_factor_is_added_and_a_lost_one_taken_away(
    chebet: Employee, device: Device, clock: Any
) -> None:
    page = chebet.open("/console/factors")
    assert "Passkey" in words(page)
    assert "Take it away" not in words(page)
    phone = Device()
    page = chebet.open("/console/enrol")
    assert len(asked_on(page)["excludeCredentials"]) == 1

    # Recovery codes stay as they were: none are shown.
    listed = words(chebet.press("/console/enrol", passkey=phone.make(page)))
    assert listed.count("Take it away") == 2
    chebet.secret = secret_on(chebet.open("/console/enrol"))
    assert "Authenticator app" in words(chebet.press("/console/enrol", code=chebet.code()))
    first = factors.factors_of(User.objects.get())[0]
    listed = words(chebet.press("/console/factors", factor=str(first.pk)))
    assert listed.count("Take it away") == 2

    page = gives_password(chebet)
    assert chebet.press("/console/second-factor", passkey=device.show(page)).status_code == 401
    page = chebet.open("/console/second-factor")
    assert HOME in words(chebet.press("/console/second-factor", passkey=phone.show(page)))
    assert "last used" in words(chebet.open("/console/factors"))
    done = StaffAct.objects.filter(action__startswith="factor").order_by("id")
    assert [(act.actor, act.action, act.payload["factor"]) for act in done] == [
        ("chebet", "factor-add", "webauthn"),
        ("chebet", "factor-add", "webauthn"),
        ("chebet", "factor-add", "totp"),
        ("chebet", "factor-remove", "webauthn"),
    ]
    assert "Take a second factor away" in words(chebet.open("/console/acts"))


def test_a_new_app_takes_the_place_of_the_old_one(capsys: Any) -> None:
    chebet = Employee("chebet", capsys)
    chebet.join()
    page = chebet.open("/console/enrol")
    assert "takes the place of the app" in words(page)
    old, chebet.secret = chebet.secret, secret_on(page)
    assert old != chebet.secret

    chebet.press("/console/enrol", code=chebet.code())

    assert [found.type for found in factors.factors_of(User.objects.get())] == ["totp"]
    new, chebet.secret = chebet.secret, old
    assert chebet.sign_in().status_code == 401
    chebet.secret = new
    assert HOME in words(chebet.press("/console/second-factor", code=chebet.code()))


def test_the_last_factor_and_that_of_somebody_else_stay(chebet: Employee, capsys: Any) -> None:
    kamau = Employee("kamau", capsys)
    kamau.join()
    theirs = factors.factors_of(User.objects.get(username="kamau"))[0]
    mine = factors.factors_of(User.objects.get(username="chebet"))[0]

    for key in (mine.pk, theirs.pk, "", "x", "9" * 20, "\u0663"):
        assert chebet.press("/console/factors", factor=str(key)).status_code == 409
    # Recovery codes are no factor that another could stay for.
    assert Authenticator.objects.filter(user=mine.user).count() == 2
    assert {found.pk for found in Authenticator.objects.exclude(type="recovery_codes")} == {
        mine.pk,
        theirs.pk,
    }


def test_a_console_left_open_changes_no_factor(chebet: Employee, device: Device, clock: Any) -> None:
    page = chebet.open("/console/enrol")
    chebet.press("/console/enrol", passkey=Device().make(page))
    first = factors.factors_of(User.objects.get())[0]
    clock.advance(minutes=6)

    listed = chebet.open("/console/factors")
    assert "Take it away" not in words(listed)
    assert "Confirm that it is you" in words(listed)
    assert chebet.press("/console/factors", factor=str(first.pk)).status_code == 403
    page = chebet.open("/console/enrol")
    assert "Your second factor" in words(page)
    assert factors.factors_of(User.objects.get()).count() == 2

    shown: Any = chebet.press("/console/second-factor", passkey=device.show(page), next="/console/enrol")
    assert shown.redirect_chain[-1][0] == "/console/enrol"
    assert shown.status_code == 200


def test_tries_with_passkeys_are_counted_too(chebet: Employee, settings: Any) -> None:
    gives_password(chebet)
    settings.LIMITS = settings.LIMITS | {"staff_sign_ins": 3}
    told = [chebet.press("/console/second-factor", passkey="{}").status_code for _ in range(3)]
    assert told[-1] == 429


def test_a_reset_ends_passkeys_too(chebet: Employee, device: Device) -> None:
    chebet.run("reset", "chebet")

    assert not Authenticator.objects.exists()
    assert HOME not in words(chebet.open("/console"))
    assert "no second factor yet" in chebet.run("list")
    assert "has no authenticator app" in chebet.run("code", "chebet")


def test_a_passkey_is_bound_to_the_public_name(settings: Any) -> None:
    assert passkeys.origin() == settings.PUBLIC_ORIGIN.replace("127.0.0.1", "localhost")
    settings.PUBLIC_ORIGIN = "https://pay.example.co.ke"
    assert (passkeys.origin(), passkeys.host()) == ("https://pay.example.co.ke", "pay.example.co.ke")
    # Beside an address of numbers there is no passkey: browsers make none.
    settings.PUBLIC_ORIGIN = "http://192.168.1.5:8000"
    assert passkeys.origin() == "http://192.168.1.5:8000"
