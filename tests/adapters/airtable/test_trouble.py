"""What goes wrong with Airtable is a verdict, in time, that gives nothing away."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from time import monotonic

import pytest

from tests.adapters.airtable.answering import BASE, JSON, TOKEN, Airtable, Reply, refusal
from tests.adapters.airtable.parcels import parcel, trial
from tests.handler.acting import House
from tocsin.adapters.airtable.sender import AirtableSender
from tocsin.core.commands import ChangeStatus
from tocsin.dispatcher.contract import SEND_SECONDS, Pace, Refused, Retry, Verdict

ENDLESS = json.dumps(
    {
        "records": [
            {
                "id": "recTicket00000000",
                "createdTime": "2026-11-20T12:00:00.000Z",
                "fields": {"description": "x" * 2_000_000},
            }
        ],
        "createdRecords": ["recTicket00000000"],
        "updatedRecords": [],
    }
).encode()

Send = Callable[..., Verdict]


@pytest.fixture
def send(home: House, airtable: Airtable) -> Send:
    """Sends an opening; what became of it."""
    outcome = home.ask("owner", home.incident("A secret matter"))

    def sent(
        *,
        endpoint: str | None = None,
        seconds: float = 4.5,
        base: str | None = BASE,
        token: str | None = TOKEN,
    ) -> Verdict:
        made = AirtableSender(
            store=home.store, endpoint=endpoint or airtable.address, seconds=seconds
        )
        verdict = made.send(parcel(home, outcome, base=base, token=token))
        assert isinstance(verdict, Retry | Refused)
        assert "secret matter" not in verdict.reason
        assert "pat" not in verdict.reason
        return verdict

    return sent


def test_a_token_that_is_not_taken_may_be_taken_another_time(send: Send) -> None:
    assert send(token="patOld.0123") == Retry(
        "the token is not accepted (401): give the route a new one"
    )


@pytest.mark.parametrize("token", [None, "pat\r\nX-Evil: 1", "", "påt"])
def test_a_token_that_is_none_is_not_sent(
    send: Send, airtable: Airtable, token: str | None
) -> None:
    assert isinstance(send(token=token), Retry)
    assert airtable.asked == []


@pytest.mark.parametrize("base", [None, "", "../meta", "appX/../../meta", "app?x=1"])
def test_a_base_that_is_none_is_not_asked(send: Send, airtable: Airtable, base: str | None) -> None:
    assert isinstance(send(base=base), Refused)
    assert airtable.asked == []


def test_a_base_that_is_not_there(send: Send) -> None:
    assert send(base="appElsewhere") == Refused(
        "there is no such base, or no table Ticket in it (404)"
    )


def test_a_table_that_may_not_be_seen(send: Send, airtable: Airtable) -> None:
    del airtable.tables["Ticket"]

    verdict = send()

    assert isinstance(verdict, Retry)
    assert "the base and its table Ticket (403)" in verdict.reason


def test_a_field_that_is_not_there_is_named(send: Send, airtable: Airtable) -> None:
    airtable.tables["Ticket"].remove("affected_link_pubkey")

    assert send() == Refused("the table Ticket has no field affected_link_pubkey (422): add it")


def test_a_field_of_another_sort_is_named(send: Send, airtable: Airtable) -> None:
    airtable.numbers.add("severity")

    assert send() == Refused(
        "the field severity of the table Ticket does not take our value (422): make it text"
    )


def test_a_trial_looks_at_both_tables(home: House, airtable: Airtable) -> None:
    airtable.tables["Update"].remove("status_from")
    mirror = AirtableSender(store=home.store, endpoint=airtable.address)

    assert mirror.try_out(trial(home)) == Refused(
        "the table Update has no field status_from (422): add it"
    )


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (
            refusal(429, "RATE_LIMIT_REACHED", "Rate limit exceeded"),
            Retry("Airtable was asked too often", wish=30.0),
        ),
        (refusal(503, "SERVICE_UNAVAILABLE"), Retry("Airtable is out of order (503)")),
        (refusal(500, "SERVER_ERROR", "oh"), Retry("Airtable is out of order (500)")),
        (refusal(408, "TIMEOUT"), Retry("Airtable did not take it in time (408)")),
        (
            refusal(422, "INVALID_REQUEST_UNKNOWN", "A secret matter is no good"),
            Refused("the table Ticket does not take the row (422): compare its fields with ours"),
        ),
        (
            (422, b"<html>", {"Content-Type": "text/html"}),
            Refused("the table Ticket does not take the row (422): compare its fields with ours"),
        ),
        (
            refusal(413, "REQUEST_TOO_LARGE"),
            Refused("Airtable refuses the row in the table Ticket (413)"),
        ),
        (
            (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
            Retry("what answered sends us elsewhere, which Airtable does not"),
        ),
        *(
            (
                (200, body, {"Content-Type": JSON}),
                Retry("what answered does not answer as Airtable does"),
            )
            for body in (
                b"",
                b"<html>",
                b"[]",
                b"{}",
                b'{"records":[],"createdRecords":[],"updatedRecords":[]}',
                b'{"records":[1],"createdRecords":[],"updatedRecords":[]}',
                ENDLESS,
            )
        ),
    ],
)
def test_an_answer_is_judged_and_not_asked_for_again(
    send: Send, airtable: Airtable, reply: Reply, verdict: Verdict
) -> None:
    airtable.instead.append(reply)

    assert send() == verdict
    assert len(airtable.asked) == 1


def test_nobody_answers(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]

    assert send(endpoint=f"http://127.0.0.1:{port}") == Retry("Airtable cannot be reached")


def test_one_that_hangs_is_not_waited_for(send: Send, airtable: Airtable) -> None:
    airtable.hanging = True
    began = monotonic()

    verdict = send(seconds=0.3)

    assert verdict == Retry("Airtable did not answer in time")
    assert monotonic() - began < SEND_SECONDS / 2


def test_what_was_given_up_does_not_go_on(home: House, airtable: Airtable) -> None:
    outcome = home.ask("owner", home.incident())
    said = home.ask("owner", ChangeStatus(body="Looking."), subject=outcome.state.id)
    mirror = AirtableSender(store=home.store, endpoint=airtable.address, seconds=0.3)
    airtable.held.clear()

    verdict = mirror.send(parcel(home, said))
    airtable.held.set()
    for thread in threading.enumerate():
        if thread.name.startswith("tocsin-airtable"):
            thread.join()

    assert verdict == Retry("Airtable did not answer in time")
    assert [path.rpartition("/")[2] for _, path in airtable.asked] == ["Ticket"]


ASK = """
import sys
from tocsin.adapters.airtable.bases import Base
from tocsin.adapters.airtable.exchange import upserted
base = Base(endpoint=sys.argv[1], id=sys.argv[2], token=sys.argv[3])
print(upserted([("Ticket", {"ref": "I20261120-af36"})], base=base, seconds=4.5))
"""


def test_no_proxy_of_the_environment_is_asked(airtable: Airtable) -> None:
    nowhere = "http://127.0.0.1:1"
    environment = {
        name: value for name, value in os.environ.items() if name.lower() != "no_proxy"
    } | {"http_proxy": nowhere, "https_proxy": nowhere}

    told = subprocess.run(
        [sys.executable, "-c", ASK, airtable.address, BASE, TOKEN],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "Delivered(remote_id='recTicket00000000')"


def test_it_is_never_asked_more_often_than_it_allows(home: House) -> None:
    pace = AirtableSender(store=home.store).pace

    assert pace == Pace(concurrent=1, per_second=2.5, burst=1)
