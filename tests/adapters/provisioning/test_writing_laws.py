"""Whatever the ledger and its node do, and whoever else writes there: nothing is recorded that was
not on the ledger, and both agree in the end."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.doublezero.ledger import declining
from tests.adapters.provisioning.kept import LINE, Crash, Crashing, Keeping, node
from tests.adapters.provisioning.town import DAY, SIDE_A, SIDE_Z, START, lay, link, until, want
from tests.adapters.webhook.listening import status
from tests.handler.acting import NOON, house
from tocsin.adapters.doublezero.accounts import Link
from tocsin.adapters.doublezero.words import LINK_DESIRED, LINK_HEALTH, LINK_STATUS
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.ledger import LedgerAway

BROKEN = status("500 Internal Server Error")
METHODS = (
    "getProgramAccounts",
    "getMultipleAccounts",
    "getLatestBlockhash",
    "simulateTransaction",
    "sendTransaction",
    "getSignatureStatuses",
)

Deed = tuple[str, ...]
DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.sampled_from([("judge",), ("step",), ("follow",), ("ledger is itself again",)]),
    st.tuples(st.just("time passes"), st.sampled_from(["clean", "errors"])),
    st.tuples(
        st.just("wish"), st.sampled_from(["activated", "soft_drained", "hard_drained", "deleted"])
    ),
    st.tuples(st.just("trouble"), st.sampled_from(METHODS), st.sampled_from(["away", "declines"])),
    st.sampled_from([("refuse",), ("refuse late",), ("drop",), ("crash",)]),
    st.tuples(
        st.just("somebody else"),
        st.sampled_from(["health", "status", "desired_status"]),
        st.sampled_from(["1", "2", "6", "7"]),
    ),
)


@dataclass
class Story:
    """A link that a ledger keeps, and all that the ledger ever said of it."""

    keeping: Keeping
    minutes: int = 0
    healths: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        home = self.keeping.home
        lay(home, wanted=False)
        self.keeping.follow()
        self.keeping.town.carry(SIDE_A, SIDE_Z, start=START, minutes=DAY + 30)
        until(home, NOON)
        want(home, "activated")
        self.look()

    @property
    def account(self) -> Link:
        account = self.keeping.node.accounts[LINE]
        assert isinstance(account, Link)
        return account

    def look(self) -> None:
        """Nothing is recorded that was never there."""
        self.healths.add(LINK_HEALTH.word(self.account.health))
        self.statuses.add(LINK_STATUS.word(self.account.status))
        life = link(self.keeping.home).life
        assert life.health.value in self.healths
        assert life.status.value in self.statuses

    def do(self, deed: Deed) -> None:
        keeping, made = self.keeping, self.keeping.node
        match deed:
            case ("judge",):
                keeping.monitor(keeping.ledger(attempts=2)).round()
            case ("step",):
                keeping.activator(keeping.ledger(attempts=2)).everything()
            case ("follow",):
                self.follow()
            case ("ledger is itself again",):
                self.mend()
            case ("time passes", how):
                errors = 5 if how == "errors" else None
                began = NOON + self.minutes * MINUTE
                keeping.town.carry(SIDE_A, SIDE_Z, start=began, minutes=40, errors_at=errors)
                self.minutes += 40
                until(keeping.home, NOON + self.minutes * MINUTE)
            case ("wish", desired):
                if desired != "deleted" or link(keeping.home).life.status.value == "hard_drained":
                    want(keeping.home, desired)
            case ("trouble", method, how):
                made.troubles[method] = [BROKEN if how == "away" else declining(-32000)] * 3
            case ("refuse",):
                made.refusing[LINE] = 8
            case ("refuse late",):
                made.refusing_late[LINE] = 8
            case ("drop",):
                made.dropped = 4
            case ("crash",):
                with suppress(Crash):
                    keeping.activator(Crashing(keeping.ledger(attempts=2))).everything()
            case ("somebody else", what, number):
                if (what, number) != ("desired_status", "2"):
                    changed: dict[str, Any] = {what: int(number)}
                    made.accounts[LINE] = replace(self.account, **changed)
            case _:
                raise AssertionError(deed)
        self.look()

    def follow(self) -> None:
        with suppress(LedgerAway):
            self.keeping.follow()

    def mend(self) -> None:
        made = self.keeping.node
        made.troubles.clear()
        made.refusing.clear()
        made.refusing_late.clear()
        made.dropped = 0


@given(deeds=st.lists(DEEDS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_nothing_is_recorded_that_was_not_on_the_ledger_and_both_agree_in_the_end(
    deeds: list[Deed],
) -> None:
    with tempfile.TemporaryDirectory() as folder, house(Path(folder)) as home, node() as made:
        story = Story(Keeping(home=home, node=made))
        for deed in deeds:
            story.do(deed)
        story.mend()
        for _ in range(3):
            story.keeping.follow()
            story.keeping.monitor().round()
            story.keeping.activator().everything()
            story.look()
        story.keeping.follow()
        batches = list(made.batches)

        now, account = link(home), story.account
        assert now.life.health.value == LINK_HEALTH.word(account.health)
        known = LINK_STATUS.words.get(account.status)
        assert known is None or now.life.status.value == known
        if now.life.desired.value != "deleted":
            assert now.life.desired.value == LINK_DESIRED.word(account.desired_status)
        story.keeping.monitor().round()
        story.keeping.activator().everything()
        assert made.batches == batches, "and nothing is left to be written"
