"""Browsers in which somebody is signed in, and a gateway that can send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.handler.acting import house
from tests.web.dashboard.browsing import Browser, Desk
from tocsin.adapters.rest.application import make_application
from tocsin.adapters.rest.gateway import Gateway
from tocsin.adapters.rest.trial_bench import TrialBench
from tocsin.app.signing_in import signing_in
from tocsin.app.within import Within
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Delivered, Pace, Parcel, Trial, Verdict

DESK: Final = "https://desk.example"


@pytest.fixture
def admin(at_desk: Desk) -> Browser:
    """Who may everything."""
    return signed_in(at_desk, "admin")


@pytest.fixture
def member(at_desk: Desk) -> Browser:
    """A member of a contributor."""
    return signed_in(at_desk, "owner")


@pytest.fixture
def engineer(at_desk: Desk) -> Browser:
    """Who is on call, for the whole org."""
    at_desk.house.invite("engineer", org="net", role="oncall_engineer")
    return signed_in(at_desk, "engineer")


@pytest.fixture
def bound_lead(at_desk: Desk) -> Browser:
    """Who runs one contributor."""
    at_desk.house.invite("bound lead", org="net", role="sre_lead", contributor="alpha")
    return signed_in(at_desk, "bound lead")


def signed_in(desk: Desk, who: str) -> Browser:
    """A browser of that one of the cast."""
    browser = Browser(desk)
    assert browser.sign_in(who).status == 303
    return browser


@dataclass
class Receiver:
    """Says of each trial what it is told to say."""

    verdict: Verdict = field(default_factory=Delivered)
    pace: Pace = field(default_factory=lambda: Pace(concurrent=1))

    def send(self, parcel: Parcel) -> Verdict:
        """Nothing here is a delivery."""
        raise AssertionError("a trial is no delivery")

    def try_out(self, trial: Trial) -> Verdict:
        """What is said of it."""
        return self.verdict


@pytest.fixture
def receiver() -> Receiver:
    """Where trials arrive."""
    return Receiver()


@pytest.fixture
def sending(tmp_path: Path, receiver: Receiver) -> Iterator[Desk]:
    """A dashboard of a gateway that can send to webhooks, and makes links to sign in."""
    with (
        house(tmp_path) as furnished,
        ThreadPoolExecutor(2) as readers,
        closing(asyncio.new_event_loop()) as loop,
    ):
        gateway = Gateway(
            store=furnished.store,
            writer=furnished.writer,
            clock=furnished.clock,
            entropy=lambda: next(furnished.numbers),
            readers=readers,
            cursor_key=b"k" * 32,
            senders={DestinationKind.WEBHOOK: receiver},
            signing_in=signing_in(None, key=bytes(32), url=DESK, bench=TrialBench()),
            unseal=lambda box: box[::-1],
        )
        yield Desk(house=furnished, loop=loop, within=Within(make_application(gateway)))
