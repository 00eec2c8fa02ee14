"""How a log line looks: readable text, or one JSON object with `LOG_FORMAT=json`.

Every line carries the correlation id of the request it was written for.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "correlation_id"}


class CorrelationFilter(logging.Filter):
    """Puts the correlation id of the current request on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with its correlation id."""
        # The middleware cannot be imported before Django is set up, and logging is set up first;
        # where nobody has loaded it, there is no request.
        middleware = sys.modules.get("config.middleware")
        variable = getattr(middleware, "correlation_id", None)
        record.correlation_id = variable.get() if variable is not None else ""
        return True


class TextFormatter(logging.Formatter):
    """Time, level, logger, message; the correlation id in brackets when there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self.default_msec_format = "%s.%03d"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Render the line without its traceback."""
        text = super().formatMessage(record)
        correlation_id = getattr(record, "correlation_id", "")
        return f"{text} [{correlation_id}]" if correlation_id else text


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what was given as `extra` becomes further members."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record, traceback included."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            "correlation_id": getattr(record, "correlation_id", ""),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configuration(*, level: str, form: str) -> dict[str, Any]:
    """`LOGGING`: everything to standard error. `form` is "text" or "json"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"correlation": {"()": "config.logs.CorrelationFilter"}},
        "formatters": {
            "text": {"()": "config.logs.TextFormatter"},
            "json": {"()": "config.logs.JsonFormatter"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["correlation"],
                "formatter": "json" if form == "json" else "text",
            },
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            # One handler for all: those that Django and gunicorn bring would write lines twice.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
            "gunicorn.access": {"handlers": [], "level": level, "propagate": True},
            # A line for each tick and each success of a task says nothing; failures still do.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }
