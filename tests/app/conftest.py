"""A gateway that stands in, and the program run against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from tests.app.stand_in_gateway import ME, Reply, StandIn, standing_in
from tocsin.app.command_line.program import program

KEY = "tk_abc123_thesecretofthiskey"

Run = Callable[..., Result]


@pytest.fixture
def gateway() -> Iterator[StandIn]:
    """A stand-in that knows the key's member, of the org ``acme``."""
    with standing_in() as stand_in:
        stand_in.answers("GET", "/v1/me", Reply(body=ME))
        yield stand_in


@pytest.fixture
def run(gateway: StandIn) -> Run:
    """The program with a key for the stand-in; further environment and standard input by name."""

    def running(*arguments: str, stdin: str | None = None, **environment: str | None) -> Result:
        known: dict[str, str | None] = {
            "TOCSIN_URL": gateway.url,
            "TOCSIN_API_KEY": KEY,
            "TOCSIN_API_KEY_FILE": None,
            "TOCSIN_ORG": None,
            "COLUMNS": "140",
        }
        return CliRunner(env={**known, **environment}).invoke(
            program, arguments, input=stdin, prog_name="tocsin"
        )

    return running
