"""Log lines: JSON in production, readable text in development, always one line per message on standard error."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TypeAlias

import msgspec
import structlog
from structlog.types import Processor

EventDict: TypeAlias = MutableMapping[str, Any]

_encoder = msgspec.json.Encoder(enc_hook=repr)
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES |= {ord("\n"): "\\n", ord("\r"): "\\r", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def configure_logging(app_env: Literal["development", "production"], log_level: str) -> None:
    """Set up structlog and the standard library's logging to write alike.

    Args:
        app_env: `production` writes JSON lines, `development` readable text.
        log_level: The least severe level that is written, such as `INFO`.
    """
    level = logging.getLevelNamesMapping()[log_level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    writing: list[Processor]
    if app_env == "production":
        writing = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        writing = [escape_control_characters, console]
    structlog.configure(
        processors=[*shared, *writing],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *writing],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def escape_control_characters(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """Keep a message on its line, whatever somebody put into a value (JSON escapes by itself)."""
    for name, value in event_dict.items():
        if isinstance(value, str):
            event_dict[name] = value.translate(_ESCAPES)
    return event_dict


def _json(event_dict: EventDict, **_: object) -> str:
    return _encoder.encode(event_dict).decode()
