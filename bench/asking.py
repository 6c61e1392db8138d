"""Asking and timing the answer, without the habits of the one who asks.

Python looks through everything it knows when enough has been allocated, 40 ms at a time in a
process that has loaded all of this; what is read from an answer allocates. Neither is the server's
time, so neither happens while it is taken.
"""

from __future__ import annotations

import gc
import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.processes import ProcessFailed


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is looked through meanwhile; what is there is, before."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def seconds_to(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str]
) -> tuple[float, bytes]:
    """GET *path* on a kept connection: seconds from asking to the last byte, and the body.

    Raises:
        ProcessFailed: the answer is not 200.
    """
    began = time.perf_counter()
    connection.request("GET", path, headers=dict(headers))
    response = connection.getresponse()
    body = response.read()
    seconds = time.perf_counter() - began
    if response.status != 200:
        raise ProcessFailed(f"answered {response.status}: {body[:1000]!r}")
    return seconds, body
