"""Structured logs: constant event names, values as keys, and no personal data (SAFETY 3.8).

The second net: whatever looks like a phone number, a key or a bearer token is masked before a line is written.
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_MASKS = (
    # Not inside a word: hex ids have such digits too.
    (re.compile(r"(?<![0-9A-Za-z])\+?(?:254|0)[17]\d{8}(?![0-9A-Za-z])"), "<phone>"),
    # PostgreSQL tells the whole row that a constraint refused.
    (re.compile(r"DETAIL: .*"), "DETAIL: <row>"),
    (re.compile(r"zk_(test|live)_[A-Za-z0-9_-]+"), "<api key>"),
    (re.compile(r"zs_[A-Za-z0-9_-]+"), "<session>"),
    (re.compile(r"(?i)bearer +[A-Za-z0-9._~+/=-]+"), "<bearer>"),
    (re.compile(r"/hooks/[0-9a-f]+"), "/hooks/<secret>"),
    (re.compile(r"ws_CO_\d+"), "<checkout id>"),
)
_SECRET_NAMES = frozenset(
    {"phone", "msisdn", "code", "delivery_code", "key", "token", "password", "authorization"}
)


def mask(text: str) -> str:
    """Replace what looks like personal data or a secret."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value of a log line; drop those whose very name says secret."""
    for name, value in event.items():
        if name in _SECRET_NAMES:
            event[name] = "<redacted>"
        elif isinstance(value, str):
            event[name] = mask(value)
    return event


def configure(*, json_lines: bool, level: int = logging.INFO) -> None:
    """Write one line per event: JSON for machines, key=value for people. All processes call it once."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Tracebacks without local variables: those hold phones and codes.
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer() if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("httpx2", "httpcore", "httpcore2", "werkzeug"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Below errors it repeats, with the raw path, what the line of each request says already.
    logging.getLogger("django.request").setLevel(logging.ERROR)


def current_request_id() -> str | None:
    """The id of the request that this thread is answering; None in a worker."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found


log: structlog.stdlib.BoundLogger = structlog.get_logger("zemi")
