"""The providers that the settings name, built once per process.

In sandbox mode with nothing configured, the simulator is asked what it is to be called by.
"""

import hashlib
import threading
from pathlib import Path

from django.conf import settings

from zemi.common import http_client
from zemi.common.db import outside_transaction
from zemi.common.http_client import NoAnswer, NotSent
from zemi.providers import wire
from zemi.providers.africastalking.client import AfricasTalking, AfricasTalkingConfig
from zemi.providers.base import MessageProvider, PaymentProvider, Refused, UnreadableCallback
from zemi.providers.circuit import MONEY_HELD_BACK, QUESTION_HELD_BACK, Circuits, breaks
from zemi.providers.errors import ProviderNotReady
from zemi.providers.mpesa.client import Mpesa, MpesaConfig
from zemi.providers.mpesa.fields import UnusableCertificate
from zemi.providers.mpesa.sandbox import Sandbox
from zemi.providers.tokens import DatabaseTokens
from zemi.settings import read

_SAFARICOM = {"sandbox": "https://sandbox.safaricom.co.ke", "production": "https://api.safaricom.co.ke"}
_AFRICASTALKING = "https://api.africastalking.com"
_AFRICASTALKING_SANDBOX = "https://api.sandbox.africastalking.com"
_CONFIG_READ_S = 5.0

_lock = threading.RLock()
_mobile_money: PaymentProvider | None = None
_messages: MessageProvider | None = None
_circuits = Circuits()


class _GuardedMpesa(Mpesa):
    """M-Pesa whose calls go through their circuits, and refuse to run while a transaction is open.

    The adapter itself knows no database.
    """

    circuits: Circuits
    charge = breaks("stk", Mpesa.charge, MONEY_HELD_BACK)
    query_charge = breaks("stk_query", Mpesa.query_charge, QUESTION_HELD_BACK)
    disburse = breaks("b2c", Mpesa.disburse, MONEY_HELD_BACK)
    query_disbursement = breaks("status", Mpesa.query_disbursement, QUESTION_HELD_BACK)
    query_transaction = breaks("status", Mpesa.query_transaction, QUESTION_HELD_BACK)
    reverse = breaks("reversal", Mpesa.reverse, MONEY_HELD_BACK)
    top_up = breaks("top_up", Mpesa.top_up, MONEY_HELD_BACK)
    balance = breaks("balance", Mpesa.balance, QUESTION_HELD_BACK)
    pull_transactions = breaks("pull", Mpesa.pull_transactions, QUESTION_HELD_BACK)
    register_c2b_urls = breaks("c2b_register", Mpesa.register_c2b_urls, MONEY_HELD_BACK)
    register_pull = breaks("pull_register", Mpesa.register_pull, MONEY_HELD_BACK)
    # Where another call needs a token, that call's own circuit counts what becomes of it.
    credentials_problem = breaks("token", Mpesa.credentials_problem, MONEY_HELD_BACK)


class _GuardedAfricasTalking(AfricasTalking):
    """Africa's Talking whose call goes through its circuit, and refuses to run while a transaction is open."""

    circuits: Circuits
    send_text = breaks("sms", AfricasTalking.send_text, MONEY_HELD_BACK)


def circuits() -> Circuits:
    """Give the circuits of this process."""
    return _circuits


def mobile_money() -> PaymentProvider:
    """Give the mobile-money provider. The first call may ask the simulator: no transaction may be open then.

    :raises ProviderNotReady: the simulator does not answer, or the settings can't be used; the next call
    tries again
    """
    global _mobile_money  # noqa: PLW0603 (one per process)
    with _lock:
        if _mobile_money is None:
            config = _mpesa_config()
            _mobile_money = _build_mpesa(config)
        return _mobile_money


def make_ready() -> None:
    """Build the mobile-money provider, if it isn't: said before a transaction opens that will need to know of it.

    No operation of the provider's: at most the simulator is asked what it is to be called by. No circuit counts that.

    :raises ProviderNotReady: as `mobile_money`
    """
    mobile_money()


def credentials_problem() -> Refused | None:
    """Why the mobile-money provider gives us no token; None when it does. No transaction may be open.

    :raises ProviderNotReady: as `mobile_money`
    """
    provider = mobile_money()
    return provider.credentials_problem() if isinstance(provider, _GuardedMpesa) else None


def provider_address() -> str:
    """Where the calls to the mobile-money provider go."""
    return _mpesa_config().base_url


def messages() -> MessageProvider:
    """Give the provider of text messages; as `mobile_money`.

    :raises ProviderNotReady: as there
    """
    global _messages  # noqa: PLW0603 (one per process)
    with _lock:
        if _messages is None:
            guarded = _GuardedAfricasTalking(_sms_config())
            guarded.circuits = _circuits
            _messages = guarded
        return _messages


def sandbox() -> Sandbox:
    """Give what only the simulator offers: its books and messages; sandbox mode only.

    :raises ProviderNotReady: live mode, where nothing is simulated
    """
    if settings.LIVE:
        raise ProviderNotReady(problem="nothing is simulated in live mode")
    return Sandbox(_simulator_url())


def reset() -> None:
    """Forget what was built, as after a change of settings; for tests."""
    global _mobile_money, _messages, _circuits  # noqa: PLW0603 (one per process)
    with _lock:
        _mobile_money = _messages = None
        _circuits = Circuits()


def _build_mpesa(config: MpesaConfig) -> PaymentProvider:
    app = hashlib.sha256(f"{config.base_url}|{config.consumer_key}".encode()).hexdigest()
    try:
        mpesa = _GuardedMpesa(config, DatabaseTokens(f"mpesa:{app[:32]}"))
    except UnusableCertificate as error:
        raise ProviderNotReady(problem=f"MPESA_CERTIFICATE: {error}") from error
    mpesa.circuits = _circuits
    return mpesa


def _mpesa_config() -> MpesaConfig:
    if not settings.LIVE and not read("MPESA_CONSUMER_KEY"):
        found = _ask_simulator()
        return MpesaConfig(
            base_url=_simulator_url(),
            consumer_key=found["consumer_key"],
            consumer_secret=found["consumer_secret"],
            shortcode=found["shortcode"],
            passkey=found["passkey"],
            b2c_shortcode=found["b2c_shortcode"],
            initiator_name=found["initiator_name"],
            initiator_password=found["initiator_password"],
            certificate_pem=found["certificate"],
        )
    # Somebody who has an app at Safaricom means Safaricom, unless told otherwise.
    return MpesaConfig(
        base_url=read("MPESA_BASE_URL") or _SAFARICOM["production" if settings.LIVE else "sandbox"],
        consumer_key=read("MPESA_CONSUMER_KEY"),
        consumer_secret=read("MPESA_CONSUMER_SECRET"),
        shortcode=read("MPESA_SHORTCODE"),
        passkey=read("MPESA_PASSKEY"),
        b2c_shortcode=read("MPESA_B2C_SHORTCODE"),
        initiator_name=read("MPESA_INITIATOR_NAME"),
        initiator_password=read("MPESA_INITIATOR_PASSWORD"),
        certificate_pem=_certificate(read("MPESA_CERTIFICATE")),
    )


def _sms_config() -> AfricasTalkingConfig:
    if not settings.LIVE and not read("AT_API_KEY"):
        found = _ask_simulator()
        return AfricasTalkingConfig(
            base_url=read("AT_BASE_URL") or _simulator_url(),
            username=found["sms_username"],
            api_key=found["sms_api_key"],
            sender_id=read("AT_SENDER_ID"),
        )
    username = read("AT_USERNAME") or "sandbox"
    host = _AFRICASTALKING_SANDBOX if username == "sandbox" else _AFRICASTALKING
    return AfricasTalkingConfig(
        base_url=read("AT_BASE_URL") or host,
        username=username,
        api_key=read("AT_API_KEY"),
        sender_id=read("AT_SENDER_ID"),
    )


@outside_transaction
def _ask_simulator() -> dict[str, str]:
    """Fetch what the simulator is to be called by: every value of its /_sim/config.

    :raises ProviderNotReady: it does not answer, or answers something else
    """
    try:
        answer = http_client.send("GET", f"{_simulator_url()}/_sim/config", read_timeout_s=_CONFIG_READ_S)
        found = wire.read_object(answer.body)
    except (NotSent, NoAnswer) as error:
        raise ProviderNotReady(problem=f"no simulator at {_simulator_url()}") from error
    except UnreadableCallback as error:
        raise ProviderNotReady(problem=f"no simulator at {_simulator_url()}, but something else") from error
    config = {name: value for name, value in found.items() if isinstance(value, str)}
    missing = sorted(_NEEDED - config.keys())
    if answer.status != 200 or missing:
        lacking = ", ".join(missing) or "an answer that says 200"
        raise ProviderNotReady(problem=f"the simulator's configuration lacks {lacking}")
    return config


_NEEDED = frozenset(
    {
        "consumer_key",
        "consumer_secret",
        "shortcode",
        "passkey",
        "b2c_shortcode",
        "initiator_name",
        "initiator_password",
        "certificate",
        "sms_username",
        "sms_api_key",
    }
)


def _simulator_url() -> str:
    return (read("MPESA_BASE_URL") or str(settings.SIM_URL)).rstrip("/")


def _certificate(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ProviderNotReady(problem="the file that MPESA_CERTIFICATE names can't be read") from error
