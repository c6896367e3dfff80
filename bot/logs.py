"""Structured logs: an event name and fields. No secret gets into them, whichever library wrote it."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from services.redaction import redact

NOISY = ("aiogram.event", "apscheduler", "uvicorn.access", "matplotlib", "PIL", "openai", "httpx2", "httpcore2")


def set_up(level: str, fmt: str) -> None:
    """Send structlog's and the libraries' events to standard error, as readable lines or as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    tail: list[Processor] = [structlog.processors.format_exc_info, _redacted(renderer)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _redacted(render: Processor) -> Processor:
    """The line as a whole, whatever of it carries the secret: the event, a field, a traceback."""

    def line(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return redact(str(render(logger, method, event)))

    return line
