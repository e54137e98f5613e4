"""Every setting, from the environment or `.env`. `OPTIONS` is the table that reads, documents and checks them.

A secret may stand in a file: `NAME_FILE` names it. Nothing is required in sandbox mode; live mode refuses to start
half-configured (DESIGN 6).
"""

import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import Env

from zemi.common import clock, crypto, limits, logs
from zemi.common.phone import InvalidPhone, Phone
from zemi.common.proxy import Proxy

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its name, default in sandbox mode, why it exists, and whether it is a secret or needed in live."""

    name: str
    default: str
    why: str
    secret: bool = False
    live: bool = False


OPTIONS = (
    Option("ZEMI_MODE", "sandbox", "sandbox: simulator, demo keys; live: real money"),
    Option("ZEMI_PORT", "8000", "port of the web server"),
    Option("ZEMI_SIM_PORT", "8001", "port of the simulator that `make run` starts"),
    Option("ZEMI_VAR", "var", "directory of the database, the simulator's state and the logs; nothing is written elsewhere"),
    Option("ZEMI_MASTER_KEY", "", "<number>:<64 hex digits>, several by commas: hashes and seals phones and codes", secret=True, live=True),
    Option("ZEMI_FEE_BPS", "0", "commission in basis points (100 = 1 %), taken at release, rounded to whole shillings"),
    Option("ZEMI_ORDER_MAX_KES", "250000", "largest order in shillings; M-Pesa moves at most 250,000 at a time"),
    Option("ZEMI_FOUR_EYES_KES", "10000", "a manual refund or retry above this many shillings needs a second person; corrections always do"),
    Option("ZEMI_CODE_BUDGET", "10", "wrong delivery codes that one caller may give in 15 minutes, over all orders"),
    Option("ZEMI_REQUEST_LOG_DAYS", "7", "days that merchants see their API requests on the developers' pages; 0: none are written"),
    Option("ZEMI_WEBHOOK_DELIVERY_DAYS", "90", "days that merchants see what became of a webhook delivery, from its end; then it and its tries are deleted"),
    Option("ZEMI_PHOTO_DAYS", "365", "days that the photo of a payment link is kept after the link and the last order by it have ended"),
    Option("ZEMI_UNCLAIMED_AFTER_DAYS", "730", "days without a movement after which a balance is set apart as unclaimed"),
    Option("ZEMI_ORDER_EXPIRY_H", "24", "hours that an order waits for its payment"),
    Option("ZEMI_PULL_EVERY_MIN", "15", "minutes between two looks at M-Pesa's list of what came in, once it was registered for (register-pull); 0: never"),
    Option("ZEMI_CANCEL_ANSWER_H", "24", "hours in which buyer or seller can answer the other's request to cancel a paid order"),
    Option("ZEMI_LOOKUP_BUDGET", "60", "unknown references that one caller may read in 15 minutes"),
    Option("ZEMI_LIMITS", "", "other numbers for the named limits, by commas: anonymous_writes=30,orders_per_phone=20 (docs/reference/sweeps.md)"),
    Option("ZEMI_VERIFIED_PHONE", "", "1: a buyer without a merchant proves the phone by a one-time code before ordering; always so in live mode"),
    Option("ZEMI_SESSION_MIN", "60", "minutes that somebody who proved a phone by a one-time code stays signed in"),
    Option("ZEMI_TRUSTED_PROXIES", "0", "number of own proxies in front; 0 ignores X-Forwarded-For; live mode wants it said"),
    Option("ZEMI_WEBHOOK_PORTS", "443", "in live mode, ports of merchants' webhook endpoints that may be sent to, by commas"),
    Option("ZEMI_WEBHOOK_PROXY", "", "http://host:port of a proxy by which webhooks go out, user:password@ before it if it wants that; it must give tunnels (CONNECT) to addresses", secret=True),
    Option("ZEMI_WEB_WORKERS", "", "web processes; default 1 on SQLite, 2 on PostgreSQL"),
    Option("ZEMI_WEB_THREADS", "4", "threads of each web process"),
    Option("ZEMI_WORK_PROCESSES", "", "worker processes; default 1 on SQLite, which has one writer, 2 on PostgreSQL"),
    Option("ZEMI_BROKER_URL", "", "amqp:// or redis:// address of a broker for `zemi work --celery`; empty: no broker, no bell", secret=True),
    Option("ZEMI_LOG_JSON", "", "1 writes logs as JSON lines; default in live mode"),
    Option("DJANGO_SECRET_KEY", "", "Django's own secret (sessions, CSRF)", secret=True, live=True),
    Option("DEBUG", "False", "Django's debug pages; never in live mode"),
    Option("ALLOWED_HOSTS", "", "host names that the web server answers to, by commas", live=True),
    Option("DATABASE_URL", "", "postgres://user:password@host:port/name; default is SQLite below ZEMI_VAR", secret=True),
    Option("DB_NAME", "", "PostgreSQL database; choosing it chooses PostgreSQL when DATABASE_URL is empty"),
    Option("DB_USER", "postgres", "PostgreSQL user"),
    Option("DB_PASSWORD", "", "PostgreSQL password", secret=True),
    Option("DB_HOST", "localhost", "PostgreSQL host"),
    Option("DB_PORT", "5432", "PostgreSQL port"),
    Option("MPESA_ENVIRONMENT", "sandbox", "sandbox or production: which Safaricom host is meant"),
    Option("MPESA_BASE_URL", "", "Daraja's address; default is the simulator as long as MPESA_CONSUMER_KEY is empty, then Safaricom's by ZEMI_MODE"),
    Option("MPESA_CONSUMER_KEY", "", "Daraja app's consumer key; empty in sandbox mode asks the simulator for its own", live=True),
    Option("MPESA_CONSUMER_SECRET", "", "Daraja app's consumer secret", secret=True, live=True),
    Option("MPESA_SHORTCODE", "", "paybill that collects", live=True),
    Option("MPESA_PASSKEY", "", "passkey of the paybill, for STK push", secret=True, live=True),
    Option("MPESA_CALLBACK_URL", "", "public address for callbacks; only its origin is used, the paths are secret per attempt", live=True),
    Option("MPESA_B2C_SHORTCODE", "", "shortcode that pays out", live=True),
    Option("MPESA_INITIATOR_NAME", "", "API operator with the B2C role", live=True),
    Option("MPESA_INITIATOR_PASSWORD", "", "the operator's password; valid for 90 days", secret=True, live=True),
    Option("MPESA_CERTIFICATE", "", "file with Safaricom's certificate (PEM) for the SecurityCredential", live=True),
    Option("ZEMI_PUBLIC_URL", "", "address under which people reach the pages, for links in text messages (with a host of up to 28 characters); default is the origin of MPESA_CALLBACK_URL"),
    Option("AT_BASE_URL", "", "Africa's Talking; default is the simulator as long as AT_API_KEY is empty, then their host"),
    Option("AT_USERNAME", "", "Africa's Talking user name", live=True),
    Option("AT_API_KEY", "", "Africa's Talking API key", secret=True, live=True),
    Option("AT_SENDER_ID", "", "sender of the text messages, as registered"),
    Option("ZEMI_OPERATOR_PHONES", "", "phones of the operators, by commas: told by text message of what can't wait"),
    Option("ZEMI_SUCCESS_RATE_ALERT_PERCENT", "90", "operators are told when fewer calls of an operation work, in percent; 0: never"),
    Option("ZEMI_OPERATOR_LANGUAGE", "en", "language of those messages: en or sw"),
)  # fmt: skip

env = Env(eager=False)
# What the environment says wins over the file. ZEMI_ENV_FILE can't stand in it; empty means no file (tests, checks).
if _env_file := os.environ.get("ZEMI_ENV_FILE", str(BASE_DIR / ".env")):
    env.read_env(_env_file, recurse=False)
_names = {option.name: option for option in OPTIONS}


def read(name: str) -> str:
    """Read a setting, or the file that NAME_FILE names; an empty one is its default."""
    option = _names[name]
    file = os.environ.get(f"{name}_FILE", "")
    value = Path(file).read_text().strip() if file else env.str(name, "")
    return value or option.default


def refuse(problems: list[str]) -> None:
    """Say all that is wrong with the configuration at once, and stop with exit code 78 (EX_CONFIG)."""
    lines = "\n".join(f"  - {problem}" for problem in problems)
    print(f"zemi can't start with this configuration:\n{lines}", file=sys.stderr)  # noqa: T201 (logs are not set up yet)
    raise SystemExit(78)


def whole(name: str, least: int, most: int) -> int:
    """Read a whole number between `least` and `most`; what it isn't goes to the list of problems."""
    text = read(name)
    if not text.isdecimal() or not least <= int(text) <= most:
        _problems.append(f"{name} is a whole number from {least} to {most}, not {text!r}")
        return least
    return int(text)


def ports(name: str) -> frozenset[int]:
    """Read port numbers by commas; what is none goes to the list of problems."""
    parts = [part.strip() for part in read(name).split(",")]
    if not all(part.isdecimal() and 0 < int(part) < 65536 for part in parts):
        _problems.append(f"{name} is a list of port numbers by commas, not {read(name)!r}")
        return frozenset()
    return frozenset(int(part) for part in parts)


def proxy(name: str) -> Proxy | None:
    """Read the address of a proxy; None when there is none. What is no address goes to the list of problems, unsaid."""
    try:
        return Proxy.read(read(name)) if read(name) else None
    except ValueError:
        _problems.append(f"{name} is written http://host:port or http://user:password@host:port")
        return None


def phones(name: str) -> tuple[str, ...]:
    """Read phones by commas as E.164; what is none goes to the list of problems, unsaid."""
    found = []
    for number, written in enumerate(filter(None, (part.strip() for part in read(name).split(","))), start=1):
        try:
            found.append(Phone.parse(written).e164)
        except InvalidPhone:
            _problems.append(f"{name}: number {number} is no Kenyan mobile number, such as 0712345678")
    return tuple(dict.fromkeys(found))


_problems: list[str] = []

MODE = read("ZEMI_MODE")
LIVE = MODE == "live"
if MODE not in {"sandbox", "live"}:
    _problems.append(f"ZEMI_MODE is sandbox or live, not {MODE!r}")

DEBUG = read("DEBUG").lower() in {"1", "true", "yes", "on"}
VAR = (BASE_DIR / read("ZEMI_VAR")).resolve()
PORT = whole("ZEMI_PORT", 1, 65535)
SIM_PORT = whole("ZEMI_SIM_PORT", 1, 65535)
FEE_BPS = whole("ZEMI_FEE_BPS", 0, 5000)
ORDER_MAX_KES = whole("ZEMI_ORDER_MAX_KES", 10, 250_000)
FOUR_EYES_KES = whole("ZEMI_FOUR_EYES_KES", 0, 250_000)
CODE_BUDGET = whole("ZEMI_CODE_BUDGET", 1, 10_000)
REQUEST_LOG_DAYS = whole("ZEMI_REQUEST_LOG_DAYS", 0, 3650)
WEBHOOK_DELIVERY_DAYS = whole("ZEMI_WEBHOOK_DELIVERY_DAYS", 7, 3650)
PHOTO_DAYS = whole("ZEMI_PHOTO_DAYS", 30, 3650)
UNCLAIMED_AFTER_DAYS = whole("ZEMI_UNCLAIMED_AFTER_DAYS", 30, 36_500)
ORDER_EXPIRY_H = whole("ZEMI_ORDER_EXPIRY_H", 1, 720)
PULL_EVERY_MIN = whole("ZEMI_PULL_EVERY_MIN", 0, 1440)
CANCEL_ANSWER_H = whole("ZEMI_CANCEL_ANSWER_H", 12, 720)
LOOKUP_BUDGET = whole("ZEMI_LOOKUP_BUDGET", 1, 1_000_000)
try:
    LIMITS = limits.read_limits(read("ZEMI_LIMITS"))
except ValueError as _wrong:
    LIMITS = limits.read_limits("")
    _problems.append(f"ZEMI_LIMITS: {_wrong}")
VERIFIED_PHONE = LIVE or read("ZEMI_VERIFIED_PHONE") == "1"
SESSION_MIN = whole("ZEMI_SESSION_MIN", 1, 1440)
TRUSTED_PROXIES = whole("ZEMI_TRUSTED_PROXIES", 0, 8)
WEBHOOK_PORTS = ports("ZEMI_WEBHOOK_PORTS")
WEBHOOK_PROXY = proxy("ZEMI_WEBHOOK_PROXY")
OPERATOR_PHONES = phones("ZEMI_OPERATOR_PHONES")
SUCCESS_RATE_ALERT_PERCENT = whole("ZEMI_SUCCESS_RATE_ALERT_PERCENT", 0, 100)
OPERATOR_LANGUAGE = read("ZEMI_OPERATOR_LANGUAGE")
if OPERATOR_LANGUAGE not in {"en", "sw"}:
    _problems.append(f"ZEMI_OPERATOR_LANGUAGE is en or sw, not {OPERATOR_LANGUAGE!r}")
BROKER_URL = read("ZEMI_BROKER_URL")
if BROKER_URL and urlsplit(BROKER_URL).scheme not in {"amqp", "amqps", "redis", "rediss"}:
    _problems.append(
        "ZEMI_BROKER_URL is an address that starts with amqp://, amqps://, redis:// or rediss://"
    )
SIM_URL = f"http://127.0.0.1:{SIM_PORT}"

_SAFARICOM_SANDBOX, _SAFARICOM_LIVE = "sandbox.safaricom.co.ke", "api.safaricom.co.ke"
_PLACEHOLDERS = ("your-", "secure-", "change", "example", "test", "placeholder")


def _live_problems() -> Iterator[str]:
    """What live mode refuses to start with: real money needs all of it, and none of it half (DESIGN 6)."""
    yield from (f"{o.name} is missing: {o.why}" for o in OPTIONS if o.live and not read(o.name))
    if "ZEMI_TRUSTED_PROXIES" not in os.environ:
        # Behind a proxy that isn't counted, everybody is one caller, and one stranger's tries lock all out.
        yield "ZEMI_TRUSTED_PROXIES is not said: how many proxies of your own stand in front? 0 if none"
    if read("MPESA_CERTIFICATE") and not Path(read("MPESA_CERTIFICATE")).is_file():
        yield "MPESA_CERTIFICATE names no file"
    if DEBUG:
        yield "DEBUG is on: error pages would show phones and keys"
    if "*" in read("ALLOWED_HOSTS").split(","):
        yield "ALLOWED_HOSTS allows every host"
    if read("MPESA_ENVIRONMENT") != "production" or _SAFARICOM_SANDBOX in read("MPESA_BASE_URL"):
        yield "MPESA_ENVIRONMENT or MPESA_BASE_URL means Safaricom's sandbox, but ZEMI_MODE is live"
    if read("AT_USERNAME") == "sandbox":
        yield "AT_USERNAME is Africa's Talking's sandbox: no message would arrive"
    for name in ("MPESA_BASE_URL", "MPESA_CALLBACK_URL", "ZEMI_PUBLIC_URL", "AT_BASE_URL"):
        address = urlsplit(read(name))
        if read(name) and (address.scheme != "https" or not address.hostname):
            yield f"{name} is no https address"
    yield from _weak_values()


def _weak_values() -> Iterator[str]:
    for option in OPTIONS:
        value = read(option.name)
        if option.live and value.lower().startswith(_PLACEHOLDERS):
            yield f"{option.name} is a placeholder"
        # A key of all zeros or a word of three letters is no secret.
        elif option.live and option.secret and value and (len(value) < 12 or len(set(value)) < 6):
            yield f"{option.name} is too short or too plain for a secret"


if LIVE:
    _problems += _live_problems()
elif read("MPESA_ENVIRONMENT") == "production" or _SAFARICOM_LIVE in read("MPESA_BASE_URL"):
    _problems.append("MPESA_ENVIRONMENT or MPESA_BASE_URL means real money, but ZEMI_MODE is sandbox")
if _problems:
    refuse(_problems)


def _own_secret(name: str) -> str:
    """In sandbox mode make a secret once and keep it below ZEMI_VAR, so that nothing has to be configured."""
    file = VAR / "secrets" / name.lower()
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(secrets.token_hex(32))
        draft.chmod(0o600)
        try:
            # Two processes may start at once: the link exists once, and both read the winner's.
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()


SECRET_KEY = read("DJANGO_SECRET_KEY") or _own_secret("DJANGO_SECRET_KEY")
try:
    crypto.use_keys(crypto.read_ring(read("ZEMI_MASTER_KEY") or f"1:{_own_secret('ZEMI_MASTER_KEY')}"))
except ValueError as _error:
    refuse([f"ZEMI_MASTER_KEY: {_error}"])

if not LIVE:
    clock.let_be_moved(VAR / "clock")

ALLOWED_HOSTS = [host.strip() for host in read("ALLOWED_HOSTS").split(",") if host.strip()] or ["*"]
_OWN_ADDRESS = read("MPESA_CALLBACK_URL") or f"http://127.0.0.1:{PORT}"
CALLBACK_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(_OWN_ADDRESS))
PUBLIC_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(read("ZEMI_PUBLIC_URL") or _OWN_ADDRESS))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "zemi.events",
    "zemi.idempotency",
    "zemi.request_log",
    "zemi.ledger",
    "zemi.providers",
    "zemi.notifications",
    "zemi.webhooks",
    "zemi.identity",
    "zemi.trust",
    "zemi.orders",
    "zemi.links",
    "zemi.payments",
    "zemi.payouts",
    "zemi.disbursements",
    "zemi.refunds",
    "zemi.approvals",
    "zemi.unclaimed",
    "zemi.topups",
    "zemi.releases",
    "zemi.reconciliation",
    "zemi.staff",
    "zemi.snapshots",
    "zemi.web",
    "zemi.api",
    "zemi.checkout",
    "zemi.developers",
    "zemi.console",
    # After the console, whose frame around it is found first.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "zemi.worker",
]
MIDDLEWARE = [
    "zemi.api.middleware.RequestContext",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # These four touch nothing until a page of the console looks at its session.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "zemi.urls"
WSGI_APPLICATION = "zemi.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            # What Django's own admin needs.
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
TEST_RUNNER = "zemi.cli.pytest_runner.PytestRunner"
# Pages alone have forms (SAFETY 3.5). Behind a proxy that ends TLS a form's origin is still ours.
CSRF_COOKIE_NAME = "__Host-csrf" if LIVE else "csrf"
CSRF_COOKIE_SECURE = LIVE
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
CSRF_FAILURE_VIEW = "zemi.web.lost.stale"
# Staff alone have sessions of this kind (SAFETY 3.7); `zemi.console.gate` ends them after 15 idle minutes.
SESSION_COOKIE_NAME = "__Host-console" if LIVE else "console"
SESSION_COOKIE_SECURE = LIVE
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "/console/sign-in"
# For how long the link works with which somebody joins the staff.
PASSWORD_RESET_TIMEOUT = 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Of allauth only its second factors are used: it has no address here, and nobody signs up.
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "zemi.console.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Zemi"
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 31_536_000 if LIVE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = LIVE
# 64 KiB is many times what any endpoint needs (SAFETY 2.3).
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
# Files are no part of that: only the page that asks for one gets it.
FILE_UPLOAD_HANDLERS = ["zemi.web.uploads.Dropped"]
LOGGING_CONFIG = None


def _database() -> dict[str, Any]:
    """PostgreSQL where DATABASE_URL or DB_NAME says so, else SQLite below ZEMI_VAR (DESIGN 5)."""
    url = read("DATABASE_URL")
    if url and not url.startswith("sqlite"):
        found: dict[str, Any] = (
            dict(Env().dj_db_url("DATABASE_URL")) if not os.environ.get("DATABASE_URL_FILE") else {}
        )
        if not found:
            import dj_database_url

            found = dict(dj_database_url.parse(url))
    elif read("DB_NAME") and not url:
        found = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": read("DB_NAME"),
            "USER": read("DB_USER"),
            "PASSWORD": read("DB_PASSWORD"),
            "HOST": read("DB_HOST"),
            "PORT": read("DB_PORT"),
        }
    else:
        file = Path(url.removeprefix("sqlite:///")) if url else VAR / "zemi.sqlite3"
        file.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(file),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: no acknowledged commit is lost at power loss. Without recursive_triggers an
                # INSERT OR REPLACE would slip past the append-only triggers (SAFETY 4.6).
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON;",
            },
        }
    # The driver is no part of a run on SQLite.
    from zemi.common.postgres import Connection

    options = dict(found.get("OPTIONS") or {})
    options |= {
        "pool": {"min_size": 0, "max_size": 8, "timeout": 10, "connection_class": Connection},
        "server_side_binding": True,
        "prepare_threshold": 2,
        # A request never waits for ever: on a lock, on a statement, or with its transaction open (SAFETY 4.6).
        "options": "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=10s",
    }
    found |= {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "OPTIONS": options}
    return found


DATABASES = {"default": _database()}
POSTGRES = DATABASES["default"]["ENGINE"].endswith("postgresql")
WEB_WORKERS = whole("ZEMI_WEB_WORKERS", 1, 64) if read("ZEMI_WEB_WORKERS") else (2 if POSTGRES else 1)
WORK_PROCESSES = (
    whole("ZEMI_WORK_PROCESSES", 1, 64) if read("ZEMI_WORK_PROCESSES") else (2 if POSTGRES else 1)
)
WEB_THREADS = whole("ZEMI_WEB_THREADS", 1, 64)

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["zemi.api.auth.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["zemi.api.auth.DenyByDefault"],
    "DEFAULT_PARSER_CLASSES": ["zemi.api.json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["zemi.api.json.EnvelopeRenderer"],
    "EXCEPTION_HANDLER": "zemi.api.errors.handle",
    "DEFAULT_SCHEMA_CLASS": "zemi.api.schema.ZemiSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Zemi",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "PREPROCESSING_HOOKS": ["zemi.api.schema.list_operations"],
    # Words of a status stand where they are used: components for them would get names by chance.
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

logs.configure(json_lines=read("ZEMI_LOG_JSON") == "1" or (LIVE and read("ZEMI_LOG_JSON") != "0"))
