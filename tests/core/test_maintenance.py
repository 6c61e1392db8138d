"""Stories of maintenances (Domain: lifecycle, overlap, effect)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.telling import (
    ADA,
    AMS_FRA,
    BO,
    BOT,
    CLOCK,
    CY,
    FIBRE_SWAP,
    HOUR,
    MINUTE,
    NOON,
    ROOT,
    TOWN,
    after,
    decide,
    given,
    maintenance_planned,
    names,
    pubkey,
    under,
)
from tocsin.core.commands import (
    AddReference,
    ChangeFields,
    ChangeStatus,
    ClearOverlap,
    Confirm,
    Extend,
    NoteOverlap,
    PlanMaintenance,
    RecordSloViolation,
    ReferenceDraft,
    Tick,
    TicketCommand,
)
from tocsin.core.consequences import consequences
from tocsin.core.deadlines import deadlines_of
from tocsin.core.errors import Conflict, Forbidden, Invalid, InvalidTransition
from tocsin.core.overlaps import touched
from tocsin.core.rows import row_of, terms_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import ConflictFound, Reminded, Started
from tocsin.core.words import Disposition, Impact, Severity, Status

START, END = NOON + 48 * HOUR, NOON + 52 * HOUR


def due(ticket: Ticket) -> list[tuple[str, object]]:
    return [(line.kind, line.due_at) for line in deadlines_of(ticket)]


def at_work() -> Ticket:
    return after(maintenance_planned(), ChangeStatus(status="in_progress"), given(at=START))


def test_a_maintenance_is_planned_with_its_defaults_and_what_it_waits_for() -> None:
    ticket = maintenance_planned()
    assert (ticket.severity, ticket.impact) == (Severity.SEV3, Impact.DEGRADED)
    assert due(ticket) == [
        ("reminder", START - 24 * HOUR),
        ("start", START),
        ("close", END + 24 * HOUR),
    ]
    for wrong in (
        replace(FIBRE_SWAP, end_at=FIBRE_SWAP.start_at),
        replace(FIBRE_SWAP, start_at=None),
        replace(FIBRE_SWAP, auto_close_after_hours=-1),
        replace(FIBRE_SWAP, status="completed"),
    ):
        with pytest.raises(Invalid):
            decide(None, wrong, given())


def test_the_clock_reminds_starts_notes_the_overrun_and_closes() -> None:
    ticket = maintenance_planned()
    seen: list[str] = []
    while deadlines_of(ticket):
        line = deadlines_of(ticket)[0]
        evidence = given(CLOCK, at=line.due_at, entry_id=f"tick-{len(seen)}")
        seen += names(decide(ticket, Tick(at=line.due_at), evidence))
        ticket = after(ticket, Tick(at=line.due_at), evidence)
    assert seen == ["Reminded", "Started", "Overran", "MaintenanceClosed"]
    assert (ticket.status, ticket.disposition) == (Status.CLOSED, Disposition.AUTO_CLOSED)
    assert ticket.closed_at == END + 24 * HOUR
    assert (ticket.actual_start_at, ticket.actual_end_at) == (None, None)


def test_a_reminder_found_after_the_start_is_late() -> None:
    reminded, started, *_ = decide(
        maintenance_planned(), Tick(at=START), given(CLOCK, at=START + MINUTE)
    )
    assert isinstance(reminded, Reminded)
    assert reminded.late
    assert isinstance(started, Started)
    assert (started.at, started.actual_start_at) == (START, None)
    soon = replace(FIBRE_SWAP, start_at=NOON + HOUR)
    ticket = after(None, soon)
    assert due(ticket)[0] == ("reminder", NOON)
    (at_once,) = decide(ticket, Tick(at=NOON), given(CLOCK, at=NOON))
    assert isinstance(at_once, Reminded)
    assert not at_once.late


def test_moving_the_window_arms_the_reminder_again() -> None:
    ticket = after(maintenance_planned(), Tick(at=START - 24 * HOUR), given(CLOCK))
    assert ticket.reminded
    ticket = after(ticket, ChangeFields(start_at=START + HOUR, end_at=END + HOUR), given())
    assert (ticket.reminded, ticket.start_at, ticket.end_at) == (False, START + HOUR, END + HOUR)
    assert decide(ticket, ChangeFields(start_at=START + HOUR), given()) == ()
    with pytest.raises(Invalid):
        decide(ticket, ChangeFields(end_at=START), given())


def test_a_late_comment_postpones_the_closing() -> None:
    done = after(at_work(), ChangeStatus(status="completed"), given(at=END))
    cleaning = ChangeStatus(body="still cleaning up")
    told = after(done, cleaning, given(at=END + 5 * HOUR))
    assert decide(told, Tick(at=END + 24 * HOUR), given(CLOCK)) == ()
    assert names(decide(told, Tick(at=END + 29 * HOUR), given(CLOCK))) == ["MaintenanceClosed"]
    by_bot = after(done, cleaning, given(BOT, at=END + 5 * HOUR))
    assert by_bot.last_word_at == END + 5 * HOUR
    by_clock = after(done, cleaning, given(CLOCK, at=END + 5 * HOUR))
    assert by_clock.last_word_at == done.last_word_at


def test_without_auto_start_nobody_starts_it_and_it_lapses() -> None:
    ticket = after(None, FIBRE_SWAP, given(town=under(auto_start=False)))
    assert [kind for kind, _ in due(ticket)] == ["reminder", "close"]
    ticket = after(ticket, Tick(at=END + 24 * HOUR), given(CLOCK, at=END + 24 * HOUR))
    assert (ticket.status, ticket.disposition) == (Status.CLOSED, Disposition.LAPSED)


def test_a_person_starts_and_completes_at_actual_instants() -> None:
    starting = given(at=START + MINUTE, entry_id="start")
    ticket = after(maintenance_planned(), ChangeStatus(status="In-Progress"), starting)
    assert (ticket.actual_start_at, ticket.start_at) == (START + MINUTE, START)
    closing = ChangeStatus(status="closed", resolution="all good")
    facts = decide(ticket, closing, given(at=END))
    assert names(facts) == ["Completed", "MaintenanceClosed"]
    ticket = after(ticket, closing, given(at=END))
    assert ticket.actual_end_at == ticket.closed_at == END
    assert (ticket.disposition, ticket.updates_total) == (Disposition.DONE, 2)


def test_the_lifecycle_has_exactly_these_moves() -> None:
    planned, working = maintenance_planned(), at_work()
    done = after(working, ChangeStatus(status="completed"), given(at=START + HOUR))
    states = [
        planned,
        working,
        done,
        after(done, ChangeStatus(status="closed"), given(at=END)),
        after(planned, ChangeStatus(status="cancelled"), given()),
    ]
    allowed = {
        ("planned", "in_progress"),
        ("planned", "closed"),
        ("planned", "cancelled"),
        ("in_progress", "completed"),
        ("in_progress", "closed"),
        ("in_progress", "cancelled"),
        ("completed", "in_progress"),
        ("completed", "closed"),
    }
    for state in states:
        for wanted in ("planned", "in_progress", "completed", "closed", "cancelled"):
            back = (state.status, wanted) == (Status.COMPLETED, "in_progress")
            command = ChangeStatus(status=wanted, end_at=END + HOUR if back else None)
            evidence = given(at=END)
            if wanted == state.status:
                assert decide(state, command, evidence) == ()
            elif (state.status, wanted) in allowed:
                assert after(state, command, evidence).status == wanted
            else:
                with pytest.raises(InvalidTransition):
                    decide(state, command, evidence)
    assert states[4].disposition is Disposition.WITHDRAWN
    never = after(planned, ChangeStatus(status="closed"), given())
    assert never.disposition is Disposition.NO_ACTION


def test_more_time_arms_the_overrun_again_and_brings_completed_work_back() -> None:
    working = after(at_work(), Tick(at=END), given(CLOCK, at=END))
    assert working.overran
    longer = after(working, Extend(end_at=END + HOUR), given(at=END))
    assert (longer.overran, longer.end_at) == (False, END + HOUR)
    assert decide(longer, Extend(end_at=END + HOUR), given(at=END)) == ()
    with pytest.raises(Invalid):
        decide(longer, Extend(end_at=END), given(at=END))
    done = after(longer, ChangeStatus(status="completed"), given(at=END))
    with pytest.raises(Invalid):
        decide(done, ChangeStatus(status="in_progress"), given(at=END))
    with pytest.raises(InvalidTransition):
        decide(done, ChangeFields(end_at=END + 9 * HOUR), given(at=END))
    with pytest.raises(Invalid):  # a new end that has passed already
        decide(done, Extend(end_at=END + 2 * HOUR), given(at=END + 2 * HOUR))
    with pytest.raises(Invalid):  # begun is begun
        decide(longer, ChangeFields(start_at=START + MINUTE), given(at=END))
    back = after(done, Extend(end_at=END + 2 * HOUR), given(at=END))
    assert (back.status, back.actual_end_at) == (Status.IN_PROGRESS, None)
    over = after(back, ChangeStatus(status="closed"), given(at=END + HOUR))
    with pytest.raises(InvalidTransition):
        decide(over, Extend(end_at=END + 9 * HOUR), given(at=END + HOUR))
    assert names(decide(maintenance_planned(), Extend(end_at=END + HOUR), given())) == [
        "Rescheduled"
    ]


def test_the_gateways_word_open_means_what_the_window_says() -> None:
    begun = replace(FIBRE_SWAP, start_at=NOON - HOUR, status="open", dialect="gateway")
    ticket = after(None, begun)
    assert (ticket.status, ticket.actual_start_at) == (Status.IN_PROGRESS, None)
    assert after(None, replace(FIBRE_SWAP, status="open")).status is Status.PLANNED
    said = after(None, replace(begun, status="in_progress", dialect=None))
    assert said.actual_start_at == NOON


def swap(name: str, **more: object) -> PlanMaintenance:
    fields = {"ticket_id": name, "refs": (f"M-{name}",), **more}
    return replace(FIBRE_SWAP, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "shared"),
    [
        ({"devices": ("ams-1",)}, [("device", "ams-1", "same")]),
        ({"devices": ("fra-1",)}, [("link", "ams-1:fra-1", "other_side")]),
        ({"devices": (), "links": ("ams-1:fra-1",)}, [("link", "ams-1:fra-1", "other_side")]),
        ({"devices": ("lon-1",)}, []),
        ({"start_at": END, "end_at": END + HOUR}, []),
    ],
)
def test_two_maintenances_overlap_on_an_asset_or_on_two_sides_of_a_link(
    theirs: dict[str, object], shared: list[tuple[str, str, str]]
) -> None:
    first = after(None, swap("first"))
    second = after(None, swap("second", **theirs), given(CY, maintenances=[first]))
    found = [(s.kind, s.code, s.reason) for o in second.conflicts for s in o.shared]
    assert found == shared
    followed = consequences(None, second, given(CY, maintenances=[first]))
    assert [stream for stream, _ in followed] == ([first.stream] if shared else [])
    for _, command in followed:
        assert isinstance(command, NoteOverlap)
        told = after(first, command, given(CLOCK))
        assert told.conflicts[0].shared == second.conflicts[0].shared
        assert decide(told, command, given(CLOCK)) == ()
        looked_for = {f"window={name}" for name in touched(second, TOWN)}
        assert looked_for & terms_of(first)


def test_an_overlap_ends_for_both_when_one_moves_away_or_ends() -> None:
    first = after(None, swap("first"))
    second = after(None, swap("second"), given(maintenances=[first]))
    away = ChangeFields(start_at=END, end_at=END + HOUR)
    evidence = given(maintenances=[first])
    for command in (away, ChangeStatus(status="cancelled"), ChangeFields(devices=("lon-1",))):
        free = after(second, command, evidence)
        assert free.conflicts == ()
        assert consequences(second, free, evidence) == (
            (first.stream, ClearOverlap(ticket_id=second.id)),
        )
    working = after(second, ChangeStatus(status="in_progress"), given(at=START))
    assert working.conflicts == second.conflicts
    done = after(working, ChangeStatus(status="completed"), given(at=END))
    assert done.conflicts == ()
    told = after(first, NoteOverlap(overlap=replace(second.conflicts[0], ticket_id="second")))
    assert after(told, ClearOverlap(ticket_id="second")).conflicts == ()
    assert decide(first, ClearOverlap(ticket_id="second"), given(CLOCK)) == ()
    over = after(first, ChangeStatus(status="closed"), given())
    assert decide(over, NoteOverlap(overlap=second.conflicts[0]), given(CLOCK)) == ()
    assert after(None, swap("third"), given(maintenances=[over])).conflicts == ()


def test_policy_forbids_overlaps_where_the_other_has_effect_and_an_admin_may_force() -> None:
    strict = under(forbid_overlap=True)
    owners_own = after(None, swap("first"), given(ADA))
    advisory = after(None, swap("first"), given(CY))
    with pytest.raises(Conflict, match="M-first"):
        decide(None, swap("second"), given(CY, town=strict, maintenances=[owners_own]))
    assert decide(None, swap("second"), given(ADA, town=strict, maintenances=[advisory]))
    forced = swap("second", force_reason="fire")
    with pytest.raises(Forbidden):
        decide(None, forced, given(CY, town=strict, maintenances=[owners_own]))
    *_, found = decide(None, forced, given(ROOT, town=strict, maintenances=[owners_own]))
    assert isinstance(found, ConflictFound)
    assert found.forced_reason == "fire"


def test_the_owner_confirms_a_strangers_maintenance() -> None:
    strangers = after(None, swap("theirs", devices=("ams-1",), links=("ams-1:fra-1",)), given(CY))
    assert strangers.effect == (AMS_FRA.pubkey,)
    confirmed = after(strangers, Confirm(), given(BO))
    assert confirmed.effect == tuple(sorted((AMS_FRA.pubkey, pubkey("ams-1"))))
    assert confirmed.confirmed_by == ("alpha-id",)
    assert decide(confirmed, Confirm(), given(BO)) == ()
    assert after(strangers, Confirm(), given(ROOT)).effect == confirmed.effect
    with pytest.raises(Conflict):
        decide(maintenance_planned(), Confirm(), given(CY))


def test_what_belongs_to_incidents_is_refused_in_words() -> None:
    broken = RecordSloViolation(
        slo_id="x", window_start=NOON, window_end=END, error_budget_consumed=1.0
    )
    with pytest.raises(Conflict, match="incident"):
        decide(maintenance_planned(), broken, given())
    wrong: list[TicketCommand] = [
        ChangeFields(root_cause="hardware"),
        ChangeStatus(status="closed", root_cause="hardware"),
        AddReference(reference=ReferenceDraft(kind="rca", url="ftp://x")),
        ChangeStatus(status="closed", disposition="auto_closed"),
    ]
    for command in wrong:
        with pytest.raises(Invalid):
            decide(maintenance_planned(), command, given())


def test_the_row_of_a_maintenance_has_its_planned_window() -> None:
    row = row_of(at_work())
    assert (row.start_at, row.end_at) == (
        "2026-11-22T12:00:00.000000Z",
        "2026-11-22T16:00:00.000000Z",
    )
    assert f"window={pubkey('ams-1')}" in terms_of(at_work())
    cancelled = after(at_work(), ChangeStatus(status="cancelled"), given(at=END))
    assert f"window={pubkey('ams-1')}" not in terms_of(cancelled)
