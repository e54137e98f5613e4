"""Who is let into the console: staff alone, with a password and a second factor, and not for ever."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from tests.pages.conftest import Person, words
from tests.pages.staff import PASSWORD, Employee, secret_on
from zemi.console import factors

pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture
def chebet(capsys: Any) -> Employee:
    employee = Employee("chebet", capsys)
    employee.join()
    return employee


def is_in(person: Person) -> bool:
    return "What waits for you" in words(person.open("/console"))


def test_staff_join_by_a_link_and_sign_in_with_both_factors(capsys: Any) -> None:
    chebet = Employee("chebet", capsys)
    codes = chebet.join()
    assert len(re.findall(r"<li><code>\d{8}</code></li>", codes.content.decode())) == 10
    assert is_in(chebet)

    assert "Staff sign-in" in words(chebet.press("/console/sign-out"))
    assert not is_in(chebet)
    chebet.client.cookies.clear()
    assert "Your second factor" in words(chebet.press("/console/sign-in", name="chebet", password=PASSWORD))
    assert not is_in(chebet)


def test_a_code_opens_once(chebet: Employee) -> None:
    assert "What waits for you" in words(chebet.sign_in())
    again = chebet.sign_in()
    assert again.status_code == 401
    assert "was used already" in words(again)
    assert not is_in(chebet)


def test_a_recovery_code_opens_once(capsys: Any) -> None:
    chebet = Employee("chebet", capsys)
    [code, *_] = re.findall(r"<code>(\d{8})</code>", chebet.join().content.decode())

    for status in (200, 401):
        chebet.client = Client(enforce_csrf_checks=True)
        chebet.press("/console/sign-in", name="chebet", password=PASSWORD)
        assert chebet.press("/console/second-factor", code=code).status_code == status


def test_new_recovery_codes_end_the_old_ones(chebet: Employee, clock: Any) -> None:
    assert "make the old ones useless" in words(chebet.open("/console/recovery-codes"))
    first = re.findall(r"<code>(\d{8})</code>", chebet.press("/console/recovery-codes").content.decode())
    second = re.findall(r"<code>(\d{8})</code>", chebet.press("/console/recovery-codes").content.decode())
    assert len(second) == 10
    user = User.objects.get()
    assert factors.use_code(user, first[0], now=clock.now()) is None
    assert factors.use_code(user, second[0], now=clock.now()) == "recovery_codes"

    clock.advance(minutes=6)
    assert "Confirm that it is you" in words(chebet.press("/console/recovery-codes"))


def test_nobody_gets_in_with_a_password_alone(capsys: Any, clock: Any) -> None:
    chebet = Employee("chebet", capsys)
    page = chebet.choose_password(chebet.link(chebet.run("add", "chebet")))
    assert "Set up your second factor" in words(page)
    assert not is_in(chebet)
    assert "Staff sign-in" in words(chebet.open("/console/second-factor"))

    chebet.secret = secret_on(page)
    wrong = chebet.press("/console/enrol", code="000000")
    assert wrong.status_code == 400
    assert secret_on(wrong) == chebet.secret
    assert not is_in(chebet)
    clock.advance(minutes=11)
    assert "Staff sign-in" in words(chebet.press("/console/enrol", code=chebet.code()))


def test_a_password_alone_enrols_nothing_after_a_day(capsys: Any, clock: Any) -> None:
    chebet = Employee("chebet", capsys)
    chebet.choose_password(chebet.link(chebet.run("add", "chebet")))
    clock.advance(hours=25)

    late = chebet.press("/console/sign-in", name="chebet", password=PASSWORD)

    assert late.status_code == 403
    assert "zemi staff-user reset chebet" in words(late)


def test_createsuperuser_works_and_enrols_at_the_first_sign_in(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="wanjiku", email="", interactive=False)
    User.objects.update(date_joined=clock.now())
    wanjiku = Employee("wanjiku", capsys)

    page = wanjiku.press("/console/sign-in", name="wanjiku", password=PASSWORD)
    wanjiku.secret = secret_on(page)
    wanjiku.press("/console/enrol", code=wanjiku.code())

    assert is_in(wanjiku)
    # Who has a second factor enrols no other by the password.
    wanjiku.client.cookies.clear()
    wanjiku.press("/console/sign-in", name="wanjiku", password=PASSWORD)
    assert "Staff sign-in" in words(wanjiku.open("/console/enrol"))


def test_who_is_no_staff_is_nobody(capsys: Any) -> None:
    User.objects.create_user("otieno", password=PASSWORD)
    otieno = Employee("otieno", capsys)

    for name, password in (("otieno", PASSWORD), ("nobody", PASSWORD), ("", "")):
        refused = otieno.press("/console/sign-in", name=name, password=password)
        assert refused.status_code == 401
        assert "Name or password is wrong." in words(refused)


def test_a_link_opens_once_and_for_a_day(capsys: Any, settings: Any) -> None:
    chebet = Employee("chebet", capsys)
    link = chebet.link(chebet.run("add", "chebet"))
    weak = chebet.press(link, password="123456789012")
    assert weak.status_code == 400
    assert "Choose at least 12 characters" in words(weak)
    assert chebet.choose_password(link).status_code == 200
    assert chebet.open(link).status_code == 404

    for broken in ("1-x", "x", "999999999-x-y", "99999999999999-x", "\u0663-x"):
        assert chebet.open(f"/console/join/{broken}").status_code == 404
    link = chebet.link(chebet.run("reset", "chebet"))
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "older than a day" in words(chebet.open(link))


def test_tries_are_charged_to_the_address_and_to_the_account(
    chebet: Employee, settings: Any, clock: Any
) -> None:
    clock.advance(minutes=16)
    settings.LIMITS = settings.LIMITS | {"staff_sign_ins": 3}
    chebet.client = Client(enforce_csrf_checks=True)

    told = [chebet.press("/console/sign-in", name="chebet", password="wrong").status_code for _ in range(4)]
    assert told == [401, 401, 401, 429]
    elsewhere = Client(enforce_csrf_checks=False, REMOTE_ADDR="10.1.1.1")
    right = elsewhere.post("/console/sign-in", {"name": "chebet", "password": PASSWORD})
    assert right.status_code == 429
    assert elsewhere.post("/console/sign-in", {"name": "otieno", "password": "x"}).status_code == 401
    assert chebet.open("/console/join/1-x").status_code == 429


def test_codes_are_not_tried_in_bulk(chebet: Employee, settings: Any, capsys: Any) -> None:
    chebet.client = Client(enforce_csrf_checks=True)
    chebet.press("/console/sign-in", name="chebet", password=PASSWORD)
    # Two went to the address so far.
    settings.LIMITS = settings.LIMITS | {"staff_sign_ins": 4}
    told = [chebet.press("/console/second-factor", code="000000").status_code for _ in range(3)]
    assert told == [401, 401, 429]

    settings.LIMITS = settings.LIMITS | {"staff_sign_ins": 1_000_000}
    kamau = Employee("kamau", capsys)
    kamau.secret = secret_on(kamau.choose_password(kamau.link(kamau.run("add", "kamau"))))
    settings.LIMITS = settings.LIMITS | {"staff_sign_ins": 1}
    assert kamau.press("/console/enrol", code=kamau.code()).status_code == 429


def test_a_session_ends_idle_after_15_minutes_and_always_after_8_hours(chebet: Employee, clock: Any) -> None:
    clock.advance(minutes=14)
    assert is_in(chebet)
    clock.advance(minutes=14)
    assert is_in(chebet)
    clock.advance(minutes=15)
    assert not is_in(chebet)

    chebet.app_at = 30
    chebet.sign_in()
    for _ in range(34):
        clock.advance(minutes=14)
        assert is_in(chebet)
    clock.advance(minutes=5)
    assert not is_in(chebet)


def test_who_is_shut_out_or_reset_is_out_at_once(chebet: Employee, capsys: Any) -> None:
    assert "let in no more" in chebet.run("off", "chebet")
    assert not is_in(chebet)
    assert chebet.press("/console/sign-in", name="chebet", password=PASSWORD).status_code == 401
    assert "chebet" in chebet.run("list")
    assert "off, second factor" in chebet.run("list")

    link = chebet.link(chebet.run("reset", "chebet"))
    assert chebet.press("/console/sign-in", name="chebet", password=PASSWORD).status_code == 401
    chebet.secret = secret_on(chebet.choose_password(link))
    chebet.press("/console/enrol", code=chebet.code())
    assert is_in(chebet)
    chebet.run("reset", "chebet")
    assert not is_in(chebet)
    assert "no second factor yet" in chebet.run("list")


def test_the_command_refuses_what_makes_no_sense(capsys: Any, settings: Any) -> None:
    chebet = Employee("chebet", capsys)
    for name in ("Chebet", "a", "worker", "x" * 30, "a+b"):
        assert "2 to 29 small letters" in chebet.run("add", name)
        assert chebet.exit_code == 1
    chebet.run("add", "chebet")
    assert "There is a chebet already" in chebet.run("add", "chebet")
    for verb in ("reset", "off"):
        assert "There is no otieno" in chebet.run(verb, "otieno")
    assert "has no authenticator app" in chebet.run("code", "chebet")
    assert "There is no otieno" in chebet.run("code", "otieno")
    assert "no such key" in chebet.run("code", "--secret", "1")
    settings.LIVE = True
    assert "from phones alone" in chebet.run("code", "chebet")


def test_the_sandbox_plays_the_app(chebet: Employee) -> None:
    assert chebet.run("code", "chebet").strip() in {chebet.code(), chebet.run("code", "chebet").strip()}
    assert chebet.run("code", "--secret", chebet.secret) == chebet.run("code", "chebet")


def test_after_signing_in_one_is_where_one_wanted_to_be(chebet: Employee) -> None:
    chebet.client = Client(enforce_csrf_checks=True)
    sent: Any = chebet.open("/console/payouts-failed")
    assert sent.redirect_chain == [("/console/sign-in?next=/console/payouts-failed", 302)]
    chebet.app_at = 30
    landed: Any = chebet.sign_in(next="/console/payouts-failed")
    assert landed.redirect_chain[-1][0] == "/console/payouts-failed"
    assert "What waits for you" in words(chebet.open("/console/sign-in"))

    for elsewhere in ("https://evil.example/console", "//evil.example", "/sell", "/console-of-evil", "x"):
        landed = chebet.open("/console/sign-in", next=elsewhere)
        assert landed.redirect_chain[-1][0] == "/console"


def test_sealed_secrets_stand_in_the_database(chebet: Employee) -> None:
    from allauth.mfa.models import Authenticator
    from django.contrib.sessions.models import Session

    kept = " ".join(str(row.data) for row in Authenticator.objects.all())
    assert chebet.secret not in kept
    assert chebet.secret not in " ".join(str(row.get_decoded()) for row in Session.objects.all())


def test_a_form_of_another_site_does_nothing(chebet: Employee) -> None:
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = chebet.client.cookies

    for path in ("/console/sign-out", "/console/recovery-codes", "/console/sign-in"):
        assert forged.post(path, {}).status_code == 403
    assert is_in(chebet)


def test_the_console_speaks_swahili(capsys: Any) -> None:
    juma = Employee("juma", capsys, "sw")
    juma.join()

    assert "Yanayokusubiri" in words(juma.open("/console"))
    assert "What waits" not in juma.open("/console").content.decode()


def test_a_session_of_eight_hours_ends_in_the_browser_too(chebet: Employee, settings: Any) -> None:
    cookie = chebet.client.cookies["console"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert timedelta(seconds=settings.SESSION_COOKIE_AGE) == timedelta(hours=8)
