"""Log lines: JSON on standard error, each with ``at``, ``level``, a stable ``action`` and words."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime
from typing import Final

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from tocsin.core.instants import to_text

log = structlog.get_logger(__name__)


def _stamped(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["at"] = to_text(datetime.now(UTC))
    return event


def _from_library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event.setdefault("action", "library")
    if isinstance(record, logging.LogRecord):
        event["library"] = record.name
    return event


_SHARED: Final[tuple[Processor, ...]] = (
    structlog.stdlib.add_log_level,
    _stamped,
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("message"),
)


def write_logs(level: str) -> None:
    """Send what the program and its libraries log, from *level* upwards, to standard error.

    A thread that dies of an error in the code is logged too; nothing ends unsaid.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                _from_library,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=list(_SHARED),
        )
    )
    # What libraries say below a warning is of no use to whoever runs this.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    threading.excepthook = _thread_died


def _thread_died(died: threading.ExceptHookArgs) -> None:
    log.critical(
        "a thread died of an error in the code; restart the server",
        action="thread_died",
        thread=None if died.thread is None else died.thread.name,
        exc_info=died.exc_value,
    )
