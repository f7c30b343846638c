"""Log lines: one event per fact, with fields; never a payload, an address of a person, or a token."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def configure_logs(log_format: Literal["console", "json"], *, level: int = logging.INFO) -> None:
    """Write to standard error, for people or for machines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor
    if log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        last = structlog.processors.JSONRenderer()
    else:
        last = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_without_meta, last])
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("aiohttp", "asyncio", "uvicorn", "alembic", "slack_sdk", "slack_bolt", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_meta(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
