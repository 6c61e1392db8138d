"""What goes wrong between the command line and the gateway, and what is said about it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.conftest import KEY, Run
from tests.app.stand_in_gateway import ORG, Reply, StandIn, problem
from tocsin.app.command_line.client import Gateway, call
from tocsin.app.command_line.problems import OutcomeUnknown, Refused, Unreachable, told

EMPTY = Reply(body={"items": [], "next_cursor": None})
NOTE = ("incident", "comment", "I1", "--body", "hello")
NOTES = f"{ORG}/tickets/I1/updates"
MADE = Reply(status=201, body={"update_id": "u1"})


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_a_refusal_names_each_field_and_is_exit_code_1(gateway: StandIn, run: Run) -> None:
    wrong = {"field": "device_pubkey[0]", "code": "unknown", "detail": "no device ams-9 here"}
    gateway.answers(
        "POST", NOTES,
        problem(422, "validation", title="Invalid fields", detail="1 is wrong", errors=(wrong,)),
    )  # fmt: skip

    answer = run(*NOTE)

    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert answer.stderr.splitlines() == [
        "Invalid fields: 1 is wrong",
        "  device_pubkey[0]: no device ams-9 here",
    ]


def test_what_the_sentence_says_of_a_field_is_not_said_again(gateway: StandIn, run: Run) -> None:
    at = {"field": "at", "code": "not_in_future", "detail": "must not be in the future"}
    body = {"field": "body", "code": "required", "detail": "say something"}
    detail = "at: must not be in the future"
    wrong = problem(422, "validation", title="Invalid fields", detail=detail, errors=(at, body))
    gateway.answers("POST", NOTES, wrong)

    answer = run(*NOTE)

    assert answer.stderr.splitlines() == [f"Invalid fields: {detail}", "  body: say something"]


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "unauthenticated", "TOCSIN_API_KEY"),
        (403, "forbidden", "tocsin whoami"),
        (404, "not_found", "check its name"),
        (409, "invalid_transition", "get"),
        (412, "version_mismatch", "read it again"),
        (422, "idempotency_mismatch", "leave it out"),
        (500, "internal", "req-17"),
    ],
)
def test_a_refusal_says_what_to_do_next(
    status: int, code: str, advice: str, gateway: StandIn, run: Run
) -> None:
    gateway.answers("POST", NOTES, problem(status, code, title="No", detail="because"))

    answer = run(*NOTE)

    assert answer.exit_code == 1
    assert answer.stderr.startswith("No: because\n")
    assert advice in answer.stderr


def test_a_server_that_is_busy_is_asked_again_under_one_idempotency_key(
    gateway: StandIn, run: Run
) -> None:
    busy = problem(503, "overloaded", headers={"Retry-After": "0"})
    spent = problem(429, "rate_limited", headers={"Retry-After": "0"})
    gateway.answers("POST", NOTES, busy, spent, MADE)

    answer = run(*NOTE)

    assert answer.exit_code == 0, answer.output
    # Whether it is busy, or its storage away, is not for us to guess.
    assert answer.stderr == "not taken now (503); again in 0 s\nnot taken now (429); again in 0 s\n"
    keys = [asked.headers["idempotency-key"] for asked in gateway.asked if asked.path == NOTES]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_server_that_stays_busy_is_not_asked_for_ever(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", NOTES, problem(503, "overloaded", headers={"Retry-After": "0"}))

    answer = run(*NOTE)

    assert answer.exit_code == 1
    assert len([asked for asked in gateway.asked if asked.path == NOTES]) == 3


def test_a_long_wait_is_left_to_the_person(gateway: StandIn, run: Run) -> None:
    gateway.answers(
        "POST", NOTES, problem(503, "unavailable", title="Full", headers={"Retry-After": "3600"})
    )

    answer = run(*NOTE)

    assert answer.exit_code == 1
    assert "try again in 3600 s" in answer.stderr
    assert len([asked for asked in gateway.asked if asked.path == NOTES]) == 1


def test_a_change_without_an_idempotency_key_is_sent_once(gateway: StandIn, run: Run) -> None:
    where = f"{ORG}/tickets/I1"
    gateway.answers("PATCH", where, problem(503, "overloaded", headers={"Retry-After": "0"}))

    assert run("incident", "update", "I1", "--title", "t").exit_code == 1
    assert len([asked for asked in gateway.asked if asked.path == where]) == 1


def test_a_broken_connection_is_made_again(gateway: StandIn, run: Run) -> None:
    gateway.answers("POST", NOTES, Reply(cut=True), MADE)

    answer = run(*NOTE)

    assert answer.exit_code == 0, answer.output
    first, second = (asked for asked in gateway.asked if asked.path == NOTES)
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_an_answer_that_never_comes_is_told_as_unknown(gateway: StandIn) -> None:
    gateway.answers("POST", NOTES, Reply(cut=True))
    pauses: list[float] = []

    with pytest.raises(OutcomeUnknown) as caught:
        call(Gateway(url=gateway.url, key=KEY, pause=pauses.append), "POST", NOTES, body={})

    sent = gateway.asked[0].headers["idempotency-key"]
    assert len(gateway.asked) == 3
    assert pauses == sorted(pauses)
    assert sum(pauses) < 2
    assert caught.value.idempotency_key == sent
    assert any(f"--idempotency-key {sent}" in line for line in told(caught.value))


def test_nobody_listening_is_told_with_what_to_start(run: Run) -> None:
    answer = run("incident", "list", TOCSIN_URL=f"http://127.0.0.1:{free_port()}")

    assert answer.exit_code == 1
    assert "connection refused" in answer.stderr
    assert "make run" in answer.stderr


def test_connecting_is_tried_a_few_times_and_no_more() -> None:
    pauses: list[float] = []
    nowhere = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(Unreachable) as caught:
        call(Gateway(url=nowhere, key=None, pause=pauses.append), "DELETE", "/x")

    assert caught.value.refused
    assert len(pauses) == 2


def test_another_kind_of_server_is_told_apart(gateway: StandIn, run: Run) -> None:
    html = {"Content-Type": "text/html"}
    gateway.answers("GET", f"{ORG}/tickets", Reply(raw=b"<html>", status=502, headers=html))
    gateway.answers("GET", f"{ORG}/devices", Reply(body={"hello": 1}))
    gateway.answers("GET", f"{ORG}/links", Reply(body={"detail": "x"}, status=404))

    for kind in ("incident", "device", "link"):
        answer = run(kind, "list")
        assert answer.exit_code == 1
        assert "not a Tocsin gateway" in answer.stderr


def test_a_redirect_is_not_followed_with_the_key(gateway: StandIn, run: Run) -> None:
    elsewhere = {"Location": f"{gateway.url}/elsewhere"}
    gateway.answers("GET", f"{ORG}/tickets", Reply(status=302, headers=elsewhere))

    assert run("incident", "list").exit_code == 1
    assert all(asked.path != "/elsewhere" for asked in gateway.asked)


def test_the_key_may_come_from_a_file(gateway: StandIn, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")

    answer = run("whoami", TOCSIN_API_KEY=None, TOCSIN_API_KEY_FILE=str(file))

    assert answer.exit_code == 0, answer.output
    assert gateway.only("GET", "/v1/me").headers["authorization"] == f"Bearer {KEY}"


def test_without_a_key_none_is_sent(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", "/v1/me", problem(401, "unauthenticated", title="Not authenticated"))

    answer = run("whoami", TOCSIN_API_KEY=None)

    assert answer.exit_code == 1
    assert "TOCSIN_API_KEY" in answer.stderr
    assert "authorization" not in gateway.only("GET", "/v1/me").headers


def test_no_way_of_failing_shows_the_key(gateway: StandIn, run: Run, tmp_path: Path) -> None:
    gateway.answers("GET", f"{ORG}/tickets", Reply(cut=True))
    file = tmp_path / "key"
    file.write_text(KEY)
    odd = tmp_path / "odd"
    odd.write_bytes(f"{KEY}\xff".encode("latin-1"))
    nowhere = f"http://127.0.0.1:{free_port()}"

    answers = [
        run("whoami"),
        run("doctor"),
        run("incident", "list"),
        run("incident", "get", "nothing"),
        run("incident", "list", TOCSIN_URL=nowhere),
        run("whoami", TOCSIN_API_KEY=f"{KEY}\nX-Evil: 1"),
        run("whoami", TOCSIN_API_KEY=f"{KEY} {KEY}"),
        run("whoami", TOCSIN_API_KEY_FILE=str(file)),
        run("whoami", TOCSIN_API_KEY=None, TOCSIN_API_KEY_FILE=str(odd)),
        run("whoami", TOCSIN_API_KEY=None, TOCSIN_API_KEY_FILE=str(tmp_path / "none")),
    ]

    assert [answer.exit_code for answer in answers] == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    for answer in answers:
        assert "thesecretofthiskey" not in answer.output
    assert "thesecretofthiskey" not in repr(Gateway(url=gateway.url, key=KEY))


@pytest.mark.parametrize(
    "url", ["ftp://x", "nothing", "http://", "http://u:p@x", "http://x/?q=1", "http://x:99999999"]
)
def test_an_address_that_is_none_is_wrong_usage(url: str, run: Run) -> None:
    answer = run("whoami", TOCSIN_URL=url)

    assert answer.exit_code == 2
    assert "TOCSIN_URL" in answer.stderr


def test_a_prefix_in_the_address_is_kept(gateway: StandIn, run: Run) -> None:
    gateway.answers("GET", "/tocsin/v1/me", Reply(body={"role": "viewer"}))

    assert run("whoami", TOCSIN_URL=f"{gateway.url}/tocsin/").exit_code == 0


def test_a_name_is_one_part_of_the_path(gateway: StandIn) -> None:
    with pytest.raises(Refused):
        call(Gateway(url=gateway.url, key=None), "GET", "/a%2Fb%3Fc")

    assert gateway.asked[0].path == "/a%2Fb%3Fc"


def test_a_reader_that_goes_away_is_no_crash(gateway: StandIn) -> None:
    many = [{"ref": f"I{n}", "title": "x" * 200} for n in range(2000)]
    gateway.answers("GET", f"{ORG}/tickets", Reply(body={"items": many, "next_cursor": None}))
    program = f"{sys.executable} -c 'from tocsin.app.command_line import main; main()'"

    ran = subprocess.run(
        ["sh", "-c", f"{program} incident list --limit 2000 | head -1"],
        env={"TOCSIN_URL": gateway.url, "TOCSIN_ORG": "acme", "TOCSIN_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Traceback" not in ran.stderr
