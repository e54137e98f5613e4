"""Live mode starts with all of its settings right, or says everything that is wrong and does not start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MASTER = "1:" + "0123456789abcdef" * 4


@pytest.fixture
def live(child_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    certificate = tmp_path / "certificate.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----")
    return child_env | {
        "ZEMI_MODE": "live",
        "ZEMI_MASTER_KEY": MASTER,
        "ZEMI_TRUSTED_PROXIES": "1",
        "DJANGO_SECRET_KEY": "kd83-sk29-qq01-zz94-pw55",
        "ALLOWED_HOSTS": "zemi.invalid",
        "MPESA_ENVIRONMENT": "production",
        "MPESA_CONSUMER_KEY": "aKs83jQx91lwPz02",
        "MPESA_CONSUMER_SECRET": "Zm5tYx71kqWv88sd",
        "MPESA_SHORTCODE": "400200",
        "MPESA_PASSKEY": "q8w7e6r5t4y3u2i1o0",
        "MPESA_CALLBACK_URL": "https://zemi.invalid/api/webhooks/mpesa/",
        "MPESA_B2C_SHORTCODE": "400300",
        "MPESA_INITIATOR_NAME": "zemiapi",
        "MPESA_INITIATOR_PASSWORD": "Hq7#kd93%mWz",
        "MPESA_CERTIFICATE": str(certificate),
        "AT_USERNAME": "zemi",
        "AT_API_KEY": "atsk_93kdk2lq8xmz1",
    }


def start(env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "import zemi.settings"], env=env, capture_output=True, text=True, check=False
    )


def test_a_whole_configuration_starts(live: dict[str, str]) -> None:
    done = start(live)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ZEMI_TRUSTED_PROXIES": None}, "ZEMI_TRUSTED_PROXIES is not said"),
        ({"ZEMI_MASTER_KEY": "1:" + "0" * 64}, "ZEMI_MASTER_KEY is too short or too plain"),
        ({"MPESA_PASSKEY": None}, "MPESA_PASSKEY is missing"),
        ({"MPESA_PASSKEY": "your-passkey-goes-here"}, "MPESA_PASSKEY is a placeholder"),
        ({"MPESA_CONSUMER_KEY": "your-key"}, "MPESA_CONSUMER_KEY is a placeholder"),
        ({"MPESA_CERTIFICATE": "/nowhere.pem"}, "MPESA_CERTIFICATE names no file"),
        ({"MPESA_ENVIRONMENT": "sandbox"}, "means Safaricom's sandbox"),
        ({"MPESA_BASE_URL": "https://sandbox.safaricom.co.ke"}, "means Safaricom's sandbox"),
        ({"MPESA_CALLBACK_URL": "http://zemi.invalid/"}, "MPESA_CALLBACK_URL is no https address"),
        ({"MPESA_CALLBACK_URL": "https://"}, "MPESA_CALLBACK_URL is no https address"),
        ({"AT_USERNAME": "sandbox"}, "Africa's Talking's sandbox"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS allows every host"),
        ({"DEBUG": "True"}, "DEBUG is on"),
    ],
)
def test_a_half_live_configuration_is_refused(
    live: dict[str, str], change: dict[str, Any], problem: str
) -> None:
    env = {name: value for name, value in (live | change).items() if value is not None}

    done = start(env)

    assert done.returncode == 78
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    for name in ("MPESA_CONSUMER_SECRET", "DJANGO_SECRET_KEY", "MPESA_INITIATOR_PASSWORD"):
        assert live[name] not in done.stderr


@pytest.mark.parametrize(
    "real", [{"MPESA_ENVIRONMENT": "production"}, {"MPESA_BASE_URL": "https://api.safaricom.co.ke"}]
)
def test_sandbox_mode_does_not_start_on_real_money(child_env: dict[str, str], real: dict[str, str]) -> None:
    done = start(child_env | real)

    assert done.returncode == 78
    assert "means real money" in done.stderr


def test_live_mode_has_no_address_of_the_sandbox(live: dict[str, str], child_env: dict[str, str]) -> None:
    """And its cookies are refused by browsers from anywhere but this very host."""
    program = (
        "import django; django.setup()\n"
        "from zemi.urls import API, urlpatterns\n"
        "from django.conf import settings\n"
        "from zemi.checkout.page import PARTY_COOKIE\n"
        "print(*(route.pattern for route in (*API, *urlpatterns)), settings.CSRF_COOKIE_NAME, PARTY_COOKIE)"
    )

    def addresses(env: dict[str, str]) -> str:
        command = [sys.executable, "-c", program]
        env = env | {"DJANGO_SETTINGS_MODULE": "zemi.settings"}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    in_sandbox, in_live = addresses(child_env), addresses(live)

    for word in ("sandbox/phone", "webhooks/payment", "api/v1/test/"):
        assert word in in_sandbox
        assert word not in in_live
    assert "__Host-csrf __Host-party" in in_live
