"""What a ledger keeps is written there first: what it did not take has not happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
import structlog

from tests.adapters.doublezero.ledger import STRANGER, declining
from tests.adapters.doublezero.ledger import Ledger as Node
from tests.adapters.provisioning.kept import (
    LINE,
    Crash,
    Crashing,
    Keeping,
    another,
    held,
    node,
)
from tests.adapters.provisioning.town import (
    AMS,
    CYOA,
    DAY,
    SIDE_A,
    SIDE_Z,
    START,
    activator,
    device,
    furnish,
    lay,
    link,
    monitor,
    position,
    sides,
    stands,
    until,
    want,
)
from tests.adapters.webhook.listening import status
from tests.handler.acting import NOON, House, pubkey
from tocsin.adapters.doublezero.accounts import Link as LinkAccount
from tocsin.adapters.doublezero.ledger import ONLY_READ
from tocsin.adapters.provisioning.activator import Activator
from tocsin.adapters.provisioning.writing import NO_LEDGER, Notes, Told, Writing
from tocsin.core.instants import MINUTE
from tocsin.core.provisioning.commands import Judge, Wish
from tocsin.core.provisioning.ledger import (
    Change,
    HealthChange,
    Kind,
    LastWish,
    Mirror,
    NotWritten,
    Outcome,
    Unsure,
    Written,
)
from tocsin.core.record_commands import CreateContributor
from tocsin.core.records import Link
from tocsin.core.registry_commands import RegisterDevice, RegisterLink, SideDraft

BROKEN = status("500 Internal Server Error")
BUSY = status("429 Too Many Requests")


@pytest.fixture
def keeping(home: House) -> Iterator[Keeping]:
    """A clean day on a link that a ledger keeps, and that is wanted in service."""
    with node() as made:
        yield _kept(Keeping(home=home, node=made))


@pytest.fixture
def filed_keeping(filed: House) -> Iterator[Keeping]:
    """Likewise, over an SQLite file."""
    with node() as made:
        yield _kept(Keeping(home=filed, node=made))


def _kept(made: Keeping) -> Keeping:
    lay(made.home, wanted=False)
    made.follow()
    made.town.carry(*sides(21), *sides(22), start=START, minutes=DAY + 30)
    until(made.home, NOON)
    want(made.home, "activated")
    made.counted.clear()
    return made


def judged(keeping: Keeping, health: str, *, code: str = "line") -> None:
    """The monitor has had that written and recorded."""
    keeping.home.system(
        "link",
        Judge(health=health, reasons=("as the test says",), taken=True),
        org_id=keeping.home.orgs["net"],
        subject=code,
    )


def next_of(keeping: Keeping, code: str = "line") -> str:
    """What readiness says comes next."""
    asset = link(keeping.home, code)
    found = keeping.explainer().explain(keeping.home.orgs["net"], asset, at=keeping.home.clock())
    return found.next


# -- it lands there, then here ---------------------------------------------------------------------


def test_health_and_status_land_there_and_then_here(keeping: Keeping) -> None:
    told = keeping.monitor().round()
    assert [(one.subject.code, one.on_ledger) for one in told.changes] == [("line", True)]
    assert held(keeping.node, LINE) == (2, 6, 6)
    assert stands(keeping.home) == ("healthy", "hard_drained")

    moved = keeping.activator().everything()
    assert (moved.moved, moved.untaken) == (("line",), 0)
    assert held(keeping.node, LINE) == (2, 1, 1)
    assert stands(keeping.home) == ("healthy", "activated")
    assert ("link", "health", "written") in keeping.counted
    assert ("link", "status", "written") in keeping.counted


def test_what_was_written_is_not_written_again_and_the_next_look_finds_no_difference(
    keeping: Keeping,
) -> None:
    judge, duty = keeping.monitor(), keeping.activator()
    judge.round()
    duty.everything()
    before, batches = position(keeping.home), list(keeping.node.batches)

    keeping.follow()
    judge.round()
    assert duty.everything().moved == ()
    assert duty.listen() is None
    assert position(keeping.home) == before
    assert keeping.node.batches == batches


def test_two_of_each_duty_write_once(keeping: Keeping) -> None:
    keeping.monitor().round()
    keeping.activator().everything()
    before, batches = link(keeping.home).version, list(keeping.node.batches)
    keeping.monitor().round()
    keeping.activator().everything()
    assert link(keeping.home).version == before
    assert keeping.node.batches == batches


def test_a_dry_run_writes_nowhere_and_says_what_the_ledger_would_be_told(
    filed_keeping: Keeping,
) -> None:
    before, accounts = position(filed_keeping.home), dict(filed_keeping.node.accounts)
    asked = len(filed_keeping.node.asked)
    told = filed_keeping.monitor().round(dry_run=True)
    (change,) = [one for one in told.changes if one.subject.code == "line"]
    assert (change.on_ledger, change.health_to.value) == (True, "healthy")
    assert told.untaken == ()
    assert position(filed_keeping.home) == before
    assert filed_keeping.node.accounts == accounts
    assert len(filed_keeping.node.asked) == asked


def test_an_asset_that_no_ledger_keeps_stays_our_own(filed_keeping: Keeping) -> None:
    lay(filed_keeping.home, code="own", number=22, wanted=False)
    want(filed_keeping.home, "activated", code="own")
    filed_keeping.monitor().round()
    filed_keeping.activator().everything()
    assert stands(filed_keeping.home, "own") == ("healthy", "activated")
    assert pubkey(22) not in filed_keeping.node.accounts


# -- what it does not take -------------------------------------------------------------------------


def test_a_refused_instruction_leaves_that_asset_and_the_rest_go_on(home: House) -> None:
    with node(another(22, "spare")) as made:
        keeping = Keeping(home=home, node=made)
        lay(home, code="spare", number=22, wanted=False)
        _kept(keeping)
        want(home, "activated", code="spare")
        made.refusing[LINE] = 8

        told = keeping.monitor().round()

        assert stands(home) == ("unknown", "hard_drained")
        assert stands(home, "spare") == ("healthy", "hard_drained")
        refused = "the program refuses it: NotAllowed (8)"
        assert [(one.subject.code, why) for one, why in told.untaken] == [("line", refused)]
        assert ("link", "health", "refused") in keeping.counted
        assert next_of(keeping).endswith(
            f"; the ledger did not take it since 2026-11-20 12:00: {refused}"
        )

        moved = keeping.activator().everything()
        assert (moved.moved, moved.untaken) == (("spare",), 1)

        made.refusing.clear()
        keeping.monitor().round()
        assert stands(home) == ("healthy", "hard_drained")
        keeping.activator().everything()
        assert stands(home) == ("healthy", "activated")
        assert "did not take" not in next_of(keeping)


@pytest.mark.parametrize(
    ("method", "trouble", "outcome"),
    [
        ("getLatestBlockhash", BUSY, "refused"),
        ("simulateTransaction", BROKEN, "refused"),
        ("simulateTransaction", declining(-32000), "refused"),
        ("sendTransaction", BROKEN, "unsure"),
    ],
)
def test_trouble_leaves_everything_as_it_was_and_passes(
    filed_keeping: Keeping, method: str, trouble: bytes, outcome: str
) -> None:
    filed_keeping.node.troubles[method] = [trouble] * 9
    ledger = filed_keeping.ledger(attempts=2)
    before, accounts = position(filed_keeping.home), dict(filed_keeping.node.accounts)

    told = filed_keeping.monitor(ledger).round()
    assert told.changes == ()
    assert len(told.untaken) == 1
    assert {result for _, _, result in filed_keeping.counted} == {outcome}
    assert position(filed_keeping.home) == before
    assert filed_keeping.node.accounts == accounts

    filed_keeping.node.troubles.clear()
    filed_keeping.monitor().round()
    assert stands(filed_keeping.home) == ("healthy", "hard_drained")


def test_a_ledger_that_is_away_is_said_to_be_since_when(filed_keeping: Keeping) -> None:
    filed_keeping.node.troubles["getMultipleAccounts"] = [BUSY] * 9
    duty = filed_keeping.monitor(filed_keeping.ledger(attempts=2))
    duty.round()
    until(filed_keeping.home, NOON + MINUTE)
    duty.round()
    assert "; the ledger is away since 2026-11-20 12:00: it answers 429" in next_of(filed_keeping)


def test_a_ledger_that_cannot_be_looked_at_is_away_whatever_is_wanted(
    filed_keeping: Keeping,
) -> None:
    keeping, net = filed_keeping, filed_keeping.home.orgs["net"]
    keeping.notes.looked(net, away="it answers 502", at=NOON)
    keeping.notes.looked(net, away="it answers 503", at=NOON + MINUTE)
    said = "; the ledger is away since 2026-11-20 12:00: it answers 503"
    assert next_of(keeping).endswith(said)
    keeping.node.troubles["getMultipleAccounts"] = [BUSY] * 9
    keeping.monitor(keeping.ledger(attempts=2)).round()
    assert next_of(keeping).count("is away") == 1, "said once"
    lay(keeping.home, code="own", number=22)
    assert "ledger" not in next_of(keeping, "own")
    keeping.notes.looked(net, away=None, at=NOON + 2 * MINUTE)
    assert next_of(keeping).endswith("; the ledger is away since 2026-11-20 12:00: it answers 429")


def test_what_is_not_confirmed_is_unsure_until_the_ledger_is_read(filed_keeping: Keeping) -> None:
    filed_keeping.node.dropped = 3
    told = filed_keeping.monitor().round()
    assert len(told.untaken) == 1
    assert stands(filed_keeping.home) == ("unknown", "hard_drained")
    assert "whether the ledger took it is not known" in next_of(filed_keeping)


@pytest.mark.parametrize("landed", [True, False])
def test_a_process_that_ends_between_the_two_has_it_taken_over(
    filed_keeping: Keeping, landed: bool
) -> None:
    ledger = filed_keeping.ledger()
    with pytest.raises(Crash):
        filed_keeping.monitor(Crashing(ledger)).round()
    assert held(filed_keeping.node, LINE)[0] == 2
    assert stands(filed_keeping.home) == ("unknown", "hard_drained")
    batches = list(filed_keeping.node.batches)

    if landed:
        filed_keeping.follow()
        assert stands(filed_keeping.home) == ("healthy", "hard_drained")
    filed_keeping.monitor().round()
    assert stands(filed_keeping.home) == ("healthy", "hard_drained")
    assert (filed_keeping.node.batches == batches) is landed


def test_a_key_without_permission_moves_nothing(filed_keeping: Keeping) -> None:
    filed_keeping.node.funded.add(str(STRANGER.pubkey()))
    before = position(filed_keeping.home)
    told = filed_keeping.monitor(filed_keeping.ledger(STRANGER)).round()
    assert {why for _, why in told.untaken} == {"the program refuses it: NotAllowed (8)"}
    assert position(filed_keeping.home) == before


def test_without_a_keypair_nothing_moves_and_that_is_said_once(filed_keeping: Keeping) -> None:
    duty = filed_keeping.monitor(filed_keeping.ledger(None))
    with structlog.testing.capture_logs() as logs:
        duty.round()
        duty.round()
    assert [one["reason"] for one in logs if one["action"] == "ledger_refused"] == [ONLY_READ]
    assert stands(filed_keeping.home) == ("unknown", "hard_drained")
    assert next_of(filed_keeping).endswith(ONLY_READ)


def test_a_server_without_a_ledger_leaves_what_one_keeps(filed_keeping: Keeping) -> None:
    told = monitor(filed_keeping.home, filed_keeping.town).round()
    assert [why for _, why in told.untaken] == [NO_LEDGER]
    assert activator(filed_keeping.home).everything().untaken == 1
    assert stands(filed_keeping.home) == ("unknown", "hard_drained")
    assert filed_keeping.node.batches == []


# -- wishes ----------------------------------------------------------------------------------------


def test_a_wish_is_written_and_its_status_with_it(keeping: Keeping) -> None:
    judged(keeping, "healthy")
    duty = keeping.activator()
    duty.everything()
    want(keeping.home, "soft_drained")
    duty.listen()
    assert held(keeping.node, LINE)[1:] == (7, 7)
    assert stands(keeping.home)[1] == "soft_drained"
    on_ledger = link(keeping.home).on_ledger
    assert on_ledger is not None
    assert (on_ledger.status, on_ledger.desired_status) == ("soft_drained", "soft_drained")


def test_a_wish_alone_is_written_while_health_is_missing(keeping: Keeping) -> None:
    duty = keeping.activator()
    duty.everything()
    assert held(keeping.node, LINE)[1:] == (6, 1)
    batches = list(keeping.node.batches)
    duty.everything()
    assert keeping.node.batches == batches, "once"

    want(keeping.home, "hard_drained")
    duty.listen()
    assert held(keeping.node, LINE)[1:] == (6, 6), "taken back before anybody looked"
    keeping.follow()
    assert link(keeping.home).life.desired.value == "hard_drained"


def test_a_wish_that_is_refused_there_stays_ours_and_drains_nothing_here(
    filed_keeping: Keeping,
) -> None:
    judged(filed_keeping, "healthy")
    duty = filed_keeping.activator()
    duty.everything()
    filed_keeping.node.refusing[LINE] = 8
    want(filed_keeping.home, "hard_drained")
    duty.listen()
    assert stands(filed_keeping.home)[1] == "activated"
    assert link(filed_keeping.home).life.desired.value == "hard_drained"
    assert "did not take it" in next_of(filed_keeping)
    filed_keeping.node.refusing.clear()
    duty.everything()
    assert stands(filed_keeping.home)[1] == "hard_drained"


def test_a_device_is_drained_with_the_one_number_there_is(filed_keeping: Keeping) -> None:
    want(filed_keeping.home, "soft_drained", code="ams-1", sort="device")
    filed_keeping.activator().everything()
    assert held(filed_keeping.node, AMS)[1:] == (5, 6)
    assert device(filed_keeping.home).life.status.value == "soft_drained"


def test_a_number_without_a_meaning_is_not_written_over(filed_keeping: Keeping) -> None:
    account = filed_keeping.node.accounts[LINE]
    assert isinstance(account, LinkAccount)
    filed_keeping.node.accounts[LINE] = replace(account, status=99, desired_status=99)
    filed_keeping.follow()
    judged(filed_keeping, "healthy")
    moved = filed_keeping.activator().everything()
    assert (moved.moved, moved.untaken) == ((), 0)
    assert held(filed_keeping.node, LINE)[1:] == (99, 99)


def test_a_deletion_is_written_and_the_record_waits_for_the_ledger(keeping: Keeping) -> None:
    want(keeping.home, "deleted")
    duty = keeping.activator()
    duty.everything()
    assert held(keeping.node, LINE)[1] == 3
    assert stands(keeping.home)[1] == "deleting"
    assert link(keeping.home).removed_at is None
    assert next_of(keeping) == "it is being deleted"
    batches = list(keeping.node.batches)
    assert duty.everything().untaken == 0, "no ledger has a wish to be deleted"
    keeping.follow()
    assert keeping.node.batches == batches
    assert ("link", "deletion", "written") in keeping.counted


# -- interfaces ------------------------------------------------------------------------------------


def test_an_interface_to_users_is_drained_whatever_the_ledger_says_of_its_device(
    filed: House,
) -> None:
    with node() as made:
        keeping = Keeping(home=filed, node=made)
        lay(filed, wanted=False)
        furnish(filed)
        keeping.follow()
        made.refusing[AMS] = 8
        drain = Wish(desired="soft_drained", interface=CYOA[1])
        filed.ask("owner", drain, sort="device", subject="ams-1")
        want(filed, "soft_drained", code="ams-1", sort="device")
        moved = keeping.activator().everything()
        (cyoa,) = [one for one in device(filed).interfaces if one.name == CYOA[1]]
        assert cyoa.life.status.value == "soft_drained"
        assert device(filed).life.status.value == "hard_drained"
        assert moved.untaken == 1


# -- rounds ----------------------------------------------------------------------------------------


class Slow:
    """A ledger that takes a minute for everything it is handed, and refuses it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.handed: list[str] = []
        self.away = False

    def look(self, *, wishes: Mapping[str, LastWish]) -> Mirror:
        raise AssertionError("nobody looks")

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        self.seconds += 60.0
        self.handed += [one.pubkey for one in changes]
        return tuple(NotWritten(one, "no", away=self.away) for one in changes)


def healthy(number: int) -> Told:
    change = HealthChange(kind=Kind.LINK, pubkey=pubkey(number), health="healthy")
    return Told(code=f"link-{number}", change=change)


def slowly(ledger: Slow, counted: list[str] | None = None) -> Writing:
    told = [] if counted is None else counted
    return Writing(
        "health",
        clock=lambda: NOON,
        ledger_of=lambda _: ledger,
        observe=lambda _kind, _what, result: told.append(result),
        timer=lambda: ledger.seconds,
    )


def test_a_round_takes_bounded_time_and_nobody_waits_for_ever() -> None:
    ledger, counted = Slow(), list[str]()
    writing = slowly(ledger, counted)
    wanted = [healthy(number) for number in range(100)]
    writing.begin()
    assert len(writing.take(1, wanted)) == 100
    writing.end()
    assert len(ledger.handed) == 80, "two minutes, forty at a time"
    assert counted == ["refused"] * 80, "nobody refused the others"
    writing.begin()
    writing.take(1, wanted)
    writing.end()
    assert set(ledger.handed) == {one.change.pubkey for one in wanted}
    assert len(ledger.handed) == 100, "those that had no turn go first"
    writing.begin()
    writing.take(1, wanted)
    assert len(ledger.handed) == 180


def test_who_is_away_is_asked_once_in_a_round() -> None:
    ledger = Slow()
    ledger.away = True
    writing = slowly(ledger)
    wanted = [healthy(number) for number in range(100)]
    writing.begin()
    outcomes = writing.take(1, wanted)
    assert len(ledger.handed) == 40
    assert all(isinstance(one, NotWritten) and one.away for one in outcomes)
    writing.begin()
    writing.take(1, wanted)
    assert len(ledger.handed) == 80


def test_what_nobody_wants_any_more_is_forgotten() -> None:
    ledger, notes = Slow(), Notes()
    writing = Writing("health", clock=lambda: NOON, ledger_of=lambda _: ledger, notes=notes)
    writing.begin()
    writing.take(1, [healthy(1)])
    writing.end()
    assert [one.reason for one in notes.about(1, pubkey(1))] == ["no"]
    assert notes.about(2, pubkey(1)) == ()
    writing.begin()
    writing.end()
    assert notes.about(1, pubkey(1)) == ()


def test_outcomes_come_in_the_order_of_what_was_wanted() -> None:
    class Mixed(Slow):
        def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
            written, refused, unsure = changes
            return (Written(written, "a"), NotWritten(refused, "no"), Unsure(unsure, "b", "hm"))

    writing = Writing("health", clock=lambda: NOON, ledger_of=lambda _: Mixed())
    writing.begin()
    outcomes = writing.take(1, [healthy(1), healthy(2), healthy(3)])
    assert [type(one) for one in outcomes] == [Written, NotWritten, Unsure]


def test_an_activator_for_some_orgs_leaves_the_others_alone(filed: House) -> None:
    lay(filed)
    judged(Keeping(home=filed, node=Node({})), "healthy")
    net = filed.orgs["net"]

    def duty(only: Callable[[int], bool]) -> Activator:
        return Activator(store=filed.store, writer=filed.writer, clock=filed.clock, only=only)

    others, mine = duty(lambda org_id: org_id != net), duty(lambda org_id: org_id == net)
    assert others.everything().examined == 0
    assert mine.everything().moved == ("line",)
    want(filed, "soft_drained")
    assert others.listen() is None
    heard = mine.listen()
    assert heard is not None
    assert heard.moved == ("line",)


def test_whoever_has_no_ledger_is_judged_before_one_keeps_the_monitor_waiting(
    filed_keeping: Keeping,
) -> None:
    home = filed_keeping.home
    elsewhere = home.orgs["elsewhere"]
    line = RegisterLink(
        link_id=home.fresh(),
        pubkey=LINE,
        code="line",
        link_type="WAN",
        contributor="gamma",
        side_a=SideDraft(device="ams-1", interface=SIDE_A[1]),
        side_z=SideDraft(device="fra-1", interface=SIDE_Z[1]),
    )
    gamma = CreateContributor(
        contributor_id=home.fresh(), code="gamma", name="Gamma", pubkey=pubkey(3)
    )
    home.system("contributor", gamma, org_id=elsewhere)
    for code, number in (("ams-1", 11), ("fra-1", 12)):
        device = RegisterDevice(
            device_id=home.fresh(), pubkey=pubkey(number), code=code, contributor="gamma"
        )
        home.system("device", device, org_id=elsewhere)
    home.system("link", line, org_id=elsewhere)
    home.system("link", Wish(desired="activated"), org_id=elsewhere, subject="line")

    with pytest.raises(Crash):
        filed_keeping.monitor(Crashing(filed_keeping.ledger())).round()

    with home.store.reading() as turn:
        (head,) = turn.heads_of_sort(elsewhere, "link")
    assert isinstance(head.state, Link)
    assert head.state.life.health.value == "healthy"
    assert stands(home)[0] == "unknown"
