"""The dispatcher parks, a person has it tried again, the dispatcher delivers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.adapters.rest.asking import Client
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.breaker import MAX_REFUSALS
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Refused, Trial, Verdict
from tocsin.dispatcher.dispatcher import Dispatcher
from tocsin.dispatcher.naming import DUTIES
from tocsin.dispatcher.outcomes import DestinationTrouble
from tocsin.store.leasing import Alone


class AtOnce(Executor):
    """Does what it is given at once, on the thread that gives it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Unalarmed:
    """Nothing here is down for long."""

    def down(self, trouble: DestinationTrouble) -> None:
        """It is not."""
        raise AssertionError(trouble)

    def back(self, trouble: DestinationTrouble) -> None:
        """It never was away."""
        raise AssertionError(trouble)


@dataclass
class Receiver:
    """A destination that says *verdict* to everything, and remembers what it took."""

    verdict: Verdict
    sent: list[Parcel] = field(default_factory=list)
    pace: Pace = field(default_factory=lambda: Pace(concurrent=4))

    def send(self, parcel: Parcel) -> Verdict:
        """Take or refuse it."""
        self.sent.append(parcel)
        return self.verdict

    def try_out(self, trial: Trial) -> Verdict:
        """As everything else."""
        return self.verdict


@dataclass
class Timer:
    """Seconds that pass by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_parked_is_delivered_once_it_is_asked_for_again(gateway: Client) -> None:
    receiver, timer, clock = Receiver(Refused("it answered 410 Gone")), Timer(), gateway.house.clock
    destination = {"kind": "webhook", "url": "https://hooks.example.net/noc"}
    route = gateway.ask(
        "POST", "/routes", {"name": "noc", "destination": destination}, who="admin"
    ).json["id"]
    ref = gateway.incident()["ref"]
    dispatcher = Dispatcher(
        store=gateway.house.store,
        senders={DestinationKind.WEBHOOK: receiver},
        leases=Alone(DUTIES),
        unseal=lambda box: box[::-1],
        workers=AtOnce(),
        clock=clock,
        timer=timer,
        luck=lambda: 0.5,
        alarms=Unalarmed(),
    )

    def rounds() -> None:
        for _ in range(2 * MAX_REFUSALS + 2):
            clock.pass_by(timedelta(minutes=1))
            timer.now += 60.0
            dispatcher.round()

    rounds()
    said = gateway.ask("POST", f"/tickets/{ref}/updates", {"body": "We look."})
    assert said.status == 201, said.body
    rounds()

    opening, update = gateway.ask("GET", "/deliveries", who="admin").json["items"]
    assert (opening["state"], opening["attempts"]) == ("parked", MAX_REFUSALS)
    assert opening["reason"] == "it answered 410 Gone"
    assert (update["state"], update["event"]["kind"]) == ("held", "incident.note_added")
    assert len(receiver.sent) == MAX_REFUSALS
    receiver.verdict = Delivered("remote-1")
    rounds()
    assert len(receiver.sent) == MAX_REFUSALS

    redriven = gateway.ask("POST", f"/deliveries/{opening['id']}/redrive", who="admin")
    # No fact of the log: it says how far that had come.
    assert redriven.headers["x-position"] == said.headers["x-position"]
    assert redriven.status == 200, redriven.body
    rounds()

    assert gateway.ask("GET", "/deliveries", who="admin").json["items"] == []
    last = receiver.sent[MAX_REFUSALS:]
    assert [one.delivery_id for one in last] == [opening["id"], update["id"]]
    assert [one.opening for one in last] == [True, False]
    stands = gateway.ask("GET", f"/routes/{route}", who="admin").json["delivery"]
    assert (stands["delivered"], stands["waiting"], stands["parked"]) == (2, 0, 0)
