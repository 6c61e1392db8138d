"""Where erasing by the policy could go wrong unseen: between orgs, in a crowd, in trouble."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.adapters.clock.test_erasing import (
    REMOVED,
    ask,
    beaten,
    close,
    from_slack,
    keep,
    messages,
    names,
    opened,
    running,
)
from tests.handler.acting import House
from tocsin.adapters.clock.erasing import AT_ONCE, READ_AT_ONCE, Erasing, Neighbourhood
from tocsin.core.commands import ChangeStatus
from tocsin.core.errors import Overloaded, Refusal
from tocsin.core.instants import DAY
from tocsin.core.record_commands import ChangePolicy, CreateService, RemoveService
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Result, Writer
from tocsin.store.contract import StorageFailed


class Troubled(Writer):
    """A writer that answers each of the first *times* requests with *failure*."""

    def __init__(self, home: House, failure: Exception, *, times: int) -> None:
        super().__init__(
            store=home.store, clock=home.clock, entropy=lambda: next(home.numbers), seal=bytes
        )
        self._home, self._failure, self._left = home, failure, times

    def do_all(self, submissions: list[Submission]) -> list[Result]:  # type: ignore[override]
        """Fail, or do what is asked."""
        if self._left:
            self._left -= 1
            return [self._failure for _ in submissions]
        return self._home.writer.do_all(submissions)


@pytest.mark.parametrize("failure", [Overloaded("busy", retry_after=1), StorageFailed("away")])
def test_what_cannot_be_erased_at_the_moment_is_erased_later(
    filed: House, failure: Exception
) -> None:
    """A full queue or an absent database is no refusal: nothing is passed by for it."""
    stream = opened(filed)
    from_slack(filed, stream, "Dark.")
    keep(filed, slack_retention_days=1)
    filed.clock.pass_by(2 * DAY)
    erasing = Erasing(store=filed.store, writer=Troubled(filed, failure, times=1))

    with capture_logs() as logs, pytest.raises(type(failure)):
        erasing.look(at=filed.clock())
    assert logs == []
    assert messages(filed, stream) == [("Mia", "Dark.")]

    assert erasing.look(at=filed.clock()) is False
    assert messages(filed, stream) == [(REMOVED, REMOVED)]


def test_every_org_and_every_span_has_its_handful_at_once(filed: House) -> None:
    """However much an org has of one kind, what others have goes beside it."""
    crowded = opened(filed)
    for number in range(AT_ONCE + 5):
        from_slack(filed, crowded, f"word {number}")
    ended = opened(filed)
    close(filed, ended)
    theirs = opened(filed, "stranger", org="elsewhere", devices=(), services=("web",))
    ask(filed, "stranger", theirs, ChangeStatus(status="closed"), org="elsewhere")
    keep(filed, slack_retention_days=1, pii_retention_days=1)
    filed.ask("stranger", ChangePolicy(pii_retention_days=1), sort="policy", org="elsewhere")
    filed.clock.pass_by(2 * DAY)

    assert Erasing(store=filed.store, writer=filed.writer).look(at=filed.clock()) is True

    assert messages(filed, crowded).count((REMOVED, REMOVED)) == AT_ONCE
    assert set(names(filed, ended)) == {REMOVED}
    assert set(names(filed, theirs, "elsewhere")) == {REMOVED}


def test_how_far_one_org_has_come_says_nothing_of_another(filed: House) -> None:
    theirs = opened(filed, "stranger", org="elsewhere", devices=(), services=("web",))
    ask(filed, "stranger", theirs, ChangeStatus(status="closed"), org="elsewhere")
    ours = opened(filed)
    close(filed, ours)
    keep(filed, pii_retention_days=1)
    clockwork = running(filed)
    beaten(filed, clockwork, after=2 * DAY)
    assert set(names(filed, ours)) == {REMOVED}
    assert set(names(filed, theirs, "elsewhere")) == {"stranger"}

    filed.ask("stranger", ChangePolicy(pii_retention_days=1), sort="policy", org="elsewhere")
    beaten(filed, clockwork, after=2 * DAY)
    assert set(names(filed, theirs, "elsewhere")) == {REMOVED}


def test_a_handful_that_is_refused_is_not_in_the_way_of_the_next(filed: House) -> None:
    """All of them belong to the end of one ticket, which is looked at again until it is done."""
    stream = opened(filed)
    for number in range(AT_ONCE - 1):
        ask(filed, "owner", stream, ChangeStatus(body=f"note {number}"))
    ask(filed, "teammate", stream, ChangeStatus(body="The last word."))
    close(filed, stream)
    keep(filed, pii_retention_days=1)
    filed.clock.pass_by(2 * DAY)
    writer = Troubled(filed, Refusal("not this one"), times=AT_ONCE)
    erasing = Erasing(store=filed.store, writer=writer)

    with capture_logs() as logs:
        assert erasing.look(at=filed.clock()) is True
        assert erasing.look(at=filed.clock()) is False
    assert [one["action"] for one in logs] == ["retention_refused"] * AT_ONCE + ["retention_erased"]
    assert names(filed, stream)[: AT_ONCE + 1] == ["owner"] * AT_ONCE + [REMOVED]


def test_who_removed_what_is_no_subscription_is_kept(filed: House) -> None:
    """Who changed what the network is made of is asked for years later."""
    naming = CreateService(service_id=filed.fresh(), code="web", name="Web")
    stream = filed.ask("admin", naming, sort="service").stream
    filed.ask("admin", RemoveService(), subject="web", sort="service")
    keep(filed, pii_retention_days=1)
    with capture_logs() as logs:
        assert beaten(filed, running(filed), after=2 * DAY) == 0
    assert logs == []
    assert names(filed, stream) == ["admin", "admin"]


@pytest.mark.parametrize("length", [READ_AT_ONCE, READ_AT_ONCE + 1, 2 * READ_AT_ONCE + 1])
def test_the_end_of_a_long_ticket_settles_all_of_it(filed: House, length: int) -> None:
    """However its events fall into slices, each is met once, and none behind the one that ends."""
    stream = opened(filed)
    results = filed.writer.do_all(
        [
            Submission(
                org_id=filed.orgs["net"],
                sort="ticket",
                subject=stream.partition(":")[2],
                command=ChangeStatus(body=f"note {number}"),
                via="clock",
            )
            for number in range(length)
        ]
    )
    assert not [one for one in results if isinstance(one, Exception)]
    with filed.store.reading() as turn:
        told = turn.stream_events(filed.orgs["net"], stream, limit=length + 10)
        assert len(told) == length + 1
        end = told[length - 1]
        around = Neighbourhood(turn=turn, org_id=filed.orgs["net"])
        assert [one.version for one in around.until(end)] == list(range(1, length + 1))
