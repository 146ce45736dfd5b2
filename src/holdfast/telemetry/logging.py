"""Log lines: JSON in production, readable text in development; always one line per message, on standard error."""

import json
import logging
import os
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Literal, TypeAlias

import msgspec
import structlog
from structlog.types import Processor

from holdfast.telemetry import callers, context, lines, metrics, request_log
from holdfast.telemetry.redaction import hide, redacted
from holdfast.telemetry.repeats import Repeats

EventDict: TypeAlias = MutableMapping[str, Any]

_encoder = msgspec.json.Encoder(enc_hook=repr)
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES |= {ord("\n"): "\\n", ord("\r"): "\\r", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
# JSON escapes the usual line breaks. These characters also end a line for some programs, or reverse its text.
_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F))}
_JSON_ESCAPES |= {code: f"\\u{code:04x}" for code in range(0x2066, 0x206A)}


def configure_logging(
    app_env: Literal["development", "production"],
    log_level: str,
    *,
    secrets: Iterable[str] = (),
    caller_key: str | None = None,
) -> None:
    """Configure structlog and the standard library's logging to write in the same way.

    Args:
        app_env: `production` writes JSON lines, `development` readable text. Both are combined for 100 ms.
        log_level: The least severe level that is written, such as `INFO`.
        secrets: What must never be written, such as the database's password.
        caller_key: The key of the callers' pseudonyms; None for a random one of this process.
    """
    hide(secrets)
    callers.use_key(caller_key)
    level = logging.getLevelNamesMapping()[log_level]
    production = app_env == "production"
    colours = not production and sys.stderr.isatty()
    lines.use(lines.LineSink(gather=True, on_dropped=_tell_dropped))
    request_log.set_up(level, request_log.as_json if production else request_log.Readable(colours=colours))
    repeats = Repeats()
    shared: list[Processor] = [
        _add_work,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    writing: list[Processor]
    if production:
        writing = [_add_process, structlog.processors.format_exc_info, redact, _json]
    else:
        console = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
        writing = [structlog.processors.format_exc_info, redact, escape_control_characters, console]
    structlog.configure(
        processors=[_leaving_out(repeats), *shared, *writing],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_LineLogger,
        cache_logger_on_first_use=False,
    )
    _take_over_standard_logging(level, shared, writing, repeats)


class _LineLogger:
    """Receives rendered lines from structlog."""

    def __init__(self, *_: object) -> None:
        pass

    def debug(self, line: str) -> None:
        _write(line)

    def error(self, line: str) -> None:
        _write(line, at_once=True)

    msg = info = warning = warn = debug
    critical = fatal = exception = err = error


class _LineHandler(logging.Handler):
    """Receives records from the standard library's logging."""

    def __init__(self, repeats: Repeats) -> None:
        super().__init__()
        self._repeats = repeats

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            left_out = self._repeats.left_out_before(str(record.msg))
            if left_out is None:
                return
            if left_out:
                record.msg, record.args = f"{record.getMessage()} (left out before: {left_out})", None
            _write(self.format(record), at_once=record.levelno >= logging.ERROR)
        except Exception:  # noqa: BLE001 - logging must not raise; handleError is the library's way
            self.handleError(record)


def escape_control_characters(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """Keep a message on one line, whatever is in its values. JSON does so by itself.

    A traceback keeps its lines, but they are indented, so that none of them looks like a message.
    """
    for name, value in event_dict.items():
        if not isinstance(value, str):
            continue
        if name == "exception":
            event_dict[name] = "\n".join("    " + line.translate(_ESCAPES) for line in value.split("\n"))
        else:
            event_dict[name] = value.translate(_ESCAPES)
    return event_dict


def redact(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    """Remove secrets from every value."""
    for name, value in event_dict.items():
        event_dict[name] = _redacted_in(value)
    return event_dict


def _redacted_in(value: object) -> object:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, BaseException):
        return redacted(repr(value))
    if isinstance(value, dict):
        return {redacted(str(name)): _redacted_in(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_redacted_in(inner) for inner in value]
    return value if isinstance(value, int | float | None) else redacted(str(value))


def _leaving_out(repeats: Repeats) -> Processor:
    def leave_out(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
        left_out = repeats.left_out_before(str(event_dict.get("event")))
        if left_out is None:
            raise structlog.DropEvent
        if left_out:
            event_dict["left_out"] = left_out
        return event_dict

    return leave_out


def _tell_dropped(count: int) -> None:
    metrics.log_lines_dropped_total.labels("slow").inc(count)
    structlog.get_logger("holdfast.log").warning("log_lines_dropped", lines=count)


def _take_over_standard_logging(
    level: int, shared: list[Processor], writing: list[Processor], repeats: Repeats
) -> None:
    handler = _LineHandler(repeats)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *writing],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _add_work(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    work = context.current()
    if work is not None:
        for name in ("request_id", "batch", "trace_id"):
            fact = getattr(work, name)
            if fact is not None:
                event_dict.setdefault(name, fact)
    return event_dict


def _add_process(_logger: object, _method: str, event_dict: EventDict) -> EventDict:
    event_dict["pid"] = os.getpid()
    return event_dict


def _json(_logger: object, _method: str, event_dict: EventDict) -> str:
    try:
        return _encoder.encode(event_dict).decode().translate(_JSON_ESCAPES)
    except UnicodeEncodeError:  # a text contains half a surrogate pair
        return json.dumps(event_dict, default=repr)


def _write(line: str, *, at_once: bool = False) -> None:
    lines.sink().write(line.encode(errors="backslashreplace") + b"\n", at_once=at_once)
