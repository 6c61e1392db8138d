"""Log lines of the server: JSON, each with an instant, a level, an action and words."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SAYING = """
import logging, sys, threading
import structlog
from tocsin.app.logs import write_logs

write_logs(sys.argv[1])
log = structlog.get_logger("tocsin.somewhere")
log.info("all is well", action="well", count=3)
log.warning("mind the gap", action="minded")
logging.getLogger("somebody.else").info("chatter")
logging.getLogger("somebody.else").warning("a %s", "word")

def die():
    raise RuntimeError("out of luck")

thread = threading.Thread(target=die, name="clock")
thread.start()
thread.join()
"""


def logged(level: str) -> list[dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-c", SAYING, level], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_every_line_says_when_how_bad_and_what() -> None:
    lines = logged("info")

    assert [line["action"] for line in lines] == ["well", "minded", "library", "thread_died"]
    for line in lines:
        assert len(line["at"]) == len("2026-11-20T12:00:00.000000Z")
        assert line["level"] in {"info", "warning", "critical"}
        assert line["message"]
    assert lines[0]["count"] == 3
    assert (lines[2]["library"], lines[2]["message"]) == ("somebody.else", "a word")


def test_a_thread_that_dies_is_told_with_its_name_and_reason() -> None:
    last = logged("error")

    assert [line["action"] for line in last] == ["thread_died"]
    assert last[0]["thread"] == "clock"
    assert "out of luck" in last[0]["exception"]
