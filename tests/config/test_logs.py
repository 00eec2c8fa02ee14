"""A log line as text and as JSON."""

import json
import logging

from config.logs import CorrelationFilter, JsonFormatter, TextFormatter
from config.middleware import correlation_id


def _record(message="counted %s", *arguments, **more):
    record = logging.LogRecord("stock", logging.INFO, __file__, 1, message, arguments or (3,), None)
    vars(record).update(more)
    token = correlation_id.set("abc")
    try:
        CorrelationFilter().filter(record)
    finally:
        correlation_id.reset(token)
    return record


def test_json_has_the_message_the_correlation_id_and_what_was_given_as_extra():
    line = json.loads(JsonFormatter().format(_record(sku="S1")))

    assert line["message"] == "counted 3"
    assert line["level"] == "INFO"
    assert line["correlation_id"] == "abc"
    assert line["sku"] == "S1"


def test_text_ends_with_the_correlation_id():
    assert TextFormatter().format(_record()).endswith("stock: counted 3 [abc]")


def test_a_traceback_stays_in_the_json_line():
    error = ValueError("odd")
    record = _record(exc_info=(ValueError, error, None))

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert "ValueError: odd" in json.loads(line)["exception"]
