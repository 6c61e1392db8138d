"""Routes tried out, and routes to where this server cannot send."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.rest.asking import Client, client
from tocsin.adapters.rest.trial_bench import AT_ONCE, MOST_WAITING, TrialBench
from tocsin.core.errors import Overloaded
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Refused, Retry, Trial, Verdict
from tocsin.store.sealing import WrongSecretKey

WEBHOOK = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
NO_MAIL = "this server sends no mail; set TOCSIN_SMTP_HOST and TOCSIN_MAIL_FROM"
SECRET = "whsec_" + "QUJD" * 10


@dataclass
class Recorder:
    """A sender that remembers what it was asked to try out, and says *verdict*."""

    verdict: Verdict = field(default_factory=Delivered)
    trials: list[Trial] = field(default_factory=list)
    pace: Pace = field(default_factory=lambda: Pace(concurrent=1))

    def send(self, parcel: Parcel) -> Verdict:
        """Nothing here is a delivery."""
        raise AssertionError("a trial is no delivery")

    def try_out(self, trial: Trial) -> Verdict:
        """Remember it."""
        self.trials.append(trial)
        return self.verdict


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def gateway(tmp_path: Path, recorder: Recorder) -> Iterator[Client]:
    """A gateway that sends to webhooks, and says what it lacks for mail."""
    with client(
        tmp_path,
        senders={DestinationKind.WEBHOOK: recorder},
        unavailable={DestinationKind.EMAIL: NO_MAIL},
        unseal=lambda box: box[::-1],
    ) as made:
        yield made


def route(gateway: Client, destination: Mapping[str, str] = WEBHOOK, **given: object) -> str:
    """Make a route; its id."""
    body = {"name": "noc", "destination": dict(destination)} | given
    made = gateway.ask("POST", "/routes", body, who="admin")
    assert made.status == 201, made.body
    identity: str = made.json["id"]
    return identity


def try_out(gateway: Client, identity: str, **asked: Any) -> Any:
    """Try a route out."""
    return gateway.ask("POST", f"/routes/{identity}/test", **({"who": "admin"} | asked))


# -- trials ---------------------------------------------------------------------------------------


def test_a_trial_is_sent_at_once_and_leaves_no_trace_in_the_log(
    gateway: Client, recorder: Recorder
) -> None:
    identity = route(gateway, {**WEBHOOK, "secret": SECRET})
    with gateway.house.store.reading() as turn:
        before = turn.last_position()

    with capture_logs() as logs:
        done = try_out(gateway, identity)

    assert done.status == 200, done.body
    assert done.json == {"outcome": "delivered", "reason": None, "took_ms": done.json["took_ms"]}
    assert 0 <= done.json["took_ms"] < 5_000
    (trial,) = recorder.trials
    to = trial.to
    assert (to.org, to.route_id, to.route_name) == ("net", identity, "noc")
    assert to.destination.url == WEBHOOK["url"]
    assert to.secret == SECRET.encode()
    assert trial.at == gateway.house.clock.now
    with gateway.house.store.reading() as turn:
        assert turn.last_position() == before
    (told,) = [one for one in logs if one.get("action") == "route_tried"]
    assert (told["route"], told["outcome"]) == (identity, "delivered")
    assert SECRET not in str(logs)
    assert SECRET.encode() not in done.body


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [(Retry("no answer within 5 s", wish=7.0), "retry"), (Refused("410 Gone"), "refused")],
)
def test_what_became_of_it_is_said(
    gateway: Client, recorder: Recorder, verdict: Retry | Refused, outcome: str
) -> None:
    recorder.verdict = verdict

    done = try_out(gateway, route(gateway))

    assert (done.status, done.json["outcome"]) == (200, outcome)
    assert done.json["reason"] == verdict.reason


def test_the_same_request_is_sent_once(gateway: Client, recorder: Recorder) -> None:
    identity, other = route(gateway), route(gateway, name="other")
    key = {"Idempotency-Key": "once"}

    first = try_out(gateway, identity, headers=key)
    again = try_out(gateway, identity, headers=key)
    elsewhere = try_out(gateway, other, headers=key)

    assert first.json == again.json
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in elsewhere.headers
    assert [one.to.route_name for one in recorder.trials] == ["noc", "other"]
    assert len({one.delivery_id for one in recorder.trials}) == 2


def test_a_disabled_route_can_be_tried_out_and_a_removed_one_not(
    gateway: Client, recorder: Recorder
) -> None:
    identity = route(gateway, enabled=False)
    assert try_out(gateway, identity).status == 200

    assert gateway.ask("DELETE", f"/routes/{identity}", who="admin").status == 200
    gone = try_out(gateway, identity)

    assert (gone.status, gone.code) == (404, "not_found")
    assert len(recorder.trials) == 1


def test_where_there_is_no_sender_it_says_so(gateway: Client, recorder: Recorder) -> None:
    identity = route(gateway, {"kind": "slack", "channel": "C0123456789"})

    refused = try_out(gateway, identity)

    assert (refused.status, refused.code) == (409, "conflict")
    assert "slack" in refused.json["detail"]
    assert recorder.trials == []


def test_who_changes_the_route_tries_it_out(gateway: Client, recorder: Recorder) -> None:
    own = route(gateway, name="own", contributor="alpha")
    nobodys = route(gateway, name="nobodys")
    for name, role, contributor in (
        ("oncall", "oncall_engineer", None),
        ("lead", "sre_lead", None),
        ("bound", "sre_lead", "alpha"),
    ):
        gateway.house.invite(name, org="net", role=role, contributor=contributor)

    refused = [("owner", own), ("oncall", own), ("bound", nobodys), ("oncall", "nowhere")]
    for who, identity in refused:
        answer = try_out(gateway, identity, who=who)
        assert (answer.status, answer.code) == (403, "forbidden"), who
    assert recorder.trials == []
    for who, identity in (("lead", own), ("lead", nobodys), ("bound", own)):
        assert try_out(gateway, identity, who=who).status == 200, who


def test_a_secret_of_another_key_is_an_outcome(tmp_path: Path, recorder: Recorder) -> None:
    def unseal(box: bytes) -> bytes:
        raise WrongSecretKey("another key")

    senders = {DestinationKind.WEBHOOK: recorder}
    with client(tmp_path, senders=senders, unseal=unseal) as gateway:
        done = try_out(gateway, route(gateway))

    assert (done.status, done.json["outcome"]) == (200, "refused")
    assert "TOCSIN_SECRET_KEY" in done.json["reason"]
    assert recorder.trials == []


# -- where they run -------------------------------------------------------------------------------


def test_a_few_wait_and_the_rest_is_sent_away() -> None:
    bench, gate = TrialBench(), threading.Event()

    def work() -> bool:
        return gate.wait(10)

    async def crowd() -> list[bool]:
        asked = [asyncio.ensure_future(bench.run(work)) for _ in range(AT_ONCE + MOST_WAITING + 1)]
        (sent_away,), _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        refusal = sent_away.exception()
        assert isinstance(refusal, Overloaded)
        assert refusal.retry_after is not None
        asked.remove(sent_away)
        # Whoever waits and goes away makes room.
        gone = asked.pop()
        gone.cancel()
        await asyncio.wait([gone])
        asked.append(asyncio.ensure_future(bench.run(work)))
        gate.set()
        return await asyncio.gather(*asked)

    assert asyncio.run(crowd()) == [True] * (AT_ONCE + MOST_WAITING)
    bench.close()


def test_a_full_bench_is_a_503(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(Recorder):
        """Answers when it is let."""

        def try_out(self, trial: Trial) -> Verdict:
            assert gate.wait(10)
            return super().try_out(trial)

    slow = Slow()
    with client(tmp_path, senders={DestinationKind.WEBHOOK: slow}) as gateway:
        identity = route(gateway)

        async def crowd() -> list[int]:
            path = f"/routes/{identity}/test"
            asked = [
                asyncio.ensure_future(gateway.asked("POST", path, who="admin"))
                for _ in range(AT_ONCE + MOST_WAITING + 1)
            ]
            # The one that is sent away is answered first, while all others wait.
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            (first,) = done
            refused = first.result()
            assert (refused.status, refused.code) == (503, "overloaded")
            assert refused.headers["retry-after"]
            gate.set()
            return sorted(answer.status for answer in await asyncio.gather(*asked))

        statuses = gateway.loop.run_until_complete(crowd())

    assert statuses == [200] * (AT_ONCE + MOST_WAITING) + [503]


# -- where this server cannot send ----------------------------------------------------------------


def test_a_route_to_where_nothing_can_be_sent_is_refused(gateway: Client) -> None:
    mail = {"kind": "email", "address": "noc@example.net"}
    identity = route(gateway)

    made = gateway.ask("POST", "/routes", {"name": "m", "destination": mail}, who="admin")
    changed = gateway.ask("PATCH", f"/routes/{identity}", {"destination": mail}, who="admin")

    for refused in (made, changed):
        assert refused.status == 422
        assert refused.fields == {("destination.kind", "unavailable")}
        assert "TOCSIN_SMTP_HOST" in refused.json["errors"][0]["detail"]
    assert gateway.ask("GET", f"/routes/{identity}", who="admin").json["version"] == 1


@pytest.mark.parametrize(
    "destination",
    [
        {"kind": "slack", "channel": "C0123456789"},
        {"kind": "airtable", "table_base": "appABC/Tickets", "secret": "pat123"},
        WEBHOOK,
    ],
)
def test_other_kinds_are_taken_though_there_is_no_sender_yet(
    gateway: Client, destination: dict[str, str]
) -> None:
    assert route(gateway, destination)


def test_with_a_mail_server_mail_is_taken(tmp_path: Path) -> None:
    with client(tmp_path) as gateway:
        assert route(gateway, {"kind": "email", "address": "noc@example.net"})
