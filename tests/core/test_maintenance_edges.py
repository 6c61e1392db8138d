"""The edges of the rules of maintenances: just on them, and just beside (Domain: lifecycle,
overlap)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.telling import (
    ADA,
    BOT,
    CLOCK,
    CY,
    FIBRE_SWAP,
    HOUR,
    MINUTE,
    NOON,
    ROOT,
    STEP,
    Speaker,
    after,
    decide,
    given,
    maintenance_planned,
    names,
    under,
)
from tocsin.core.commands import (
    AddAction,
    AddReference,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Confirm,
    Extend,
    NoteOverlap,
    PlanMaintenance,
    PostPublicUpdate,
    ReferenceDraft,
    ServiceImpactDraft,
    SignalDraft,
    Tick,
    TicketCommand,
)
from tocsin.core.deadlines import deadlines_of
from tocsin.core.errors import Conflict, Forbidden, Invalid
from tocsin.core.ticket import Overlap, Ticket
from tocsin.core.ticket_claims import claims_of
from tocsin.core.ticket_facts import MaintenanceClosed, Overran, Reminded, Started
from tocsin.core.words import Disposition, Role, Status

START, END = NOON + 48 * HOUR, NOON + 52 * HOUR
LEAD = Speaker(actor=ROOT.actor, access=replace(ROOT.access, role=Role.SRE_LEAD))


def swap(name: str, **more: object) -> PlanMaintenance:
    fields = {"ticket_id": name, "refs": (f"M-{name}",), **more}
    return replace(FIBRE_SWAP, **fields)  # type: ignore[arg-type]


def at_work() -> Ticket:
    return after(maintenance_planned(), ChangeStatus(status="in_progress"), given(at=START))


def due(ticket: Ticket, kind: str) -> object:
    """When *ticket* waits for that; None when it does not."""
    return next((line.due_at for line in deadlines_of(ticket) if line.kind == kind), None)


WORDS: list[TicketCommand] = [
    ChangeStatus(body="still cleaning up"),
    ChangeStatus(status="closed"),
    ChangeFields(title="Fibre swapped"),
    ChangeFields(end_at=END + HOUR),
    ChangeSeverity(severity="sev4"),
    Assign(assignee="bo"),
    ChangeLabels(add=("fibre",)),
    ChangeLabels(remove=("optics",)),
    Extend(end_at=END + HOUR),
    PostPublicUpdate(title="Work", status="scheduled", body="On Sunday."),
]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_a_word_by_a_person_or_connector_puts_off_the_closing(word: TicketCommand) -> None:
    labelled = after(None, replace(FIBRE_SWAP, labels=("optics",)))
    later = START - HOUR
    for by in (ADA, BOT):
        assert after(labelled, word, given(by, at=later)).last_word_at == later
    assert after(labelled, word, given(CLOCK, at=later)).last_word_at == NOON


def test_moves_and_more_time_are_words_and_the_closing_follows_the_last_of_them() -> None:
    done = after(at_work(), ChangeStatus(status="completed"), given(at=END + 5 * HOUR))
    assert due(done, "close") == END + 29 * HOUR
    longer = after(at_work(), Extend(end_at=END + HOUR), given(at=END + 3 * HOUR))
    assert due(longer, "close") == END + 27 * HOUR
    strangers = after(None, FIBRE_SWAP, given(CY))
    assert after(strangers, Confirm(), given(ADA, at=START)).last_word_at == START


def test_what_machines_see_and_do_is_no_word() -> None:
    later = given(BOT, at=START)
    unsaid: list[TicketCommand] = [
        AttachSignal(signal=SignalDraft(source="am", summary="down")),
        AddAction(action_kind="RUNBOOK_STEP_EXECUTED", label="swap"),
        AddReference(reference=ReferenceDraft(kind="chat", url="https://chat.example/1")),
    ]
    for command in unsaid:
        assert after(maintenance_planned(), command, later).last_word_at == NOON


@pytest.mark.parametrize(
    ("status", "disposition"),
    [
        ("planned", Disposition.LAPSED),
        ("in_progress", Disposition.AUTO_CLOSED),
        ("completed", Disposition.AUTO_CLOSED),
    ],
)
def test_it_is_closed_when_it_has_been_quiet_for_so_long_and_not_before(
    status: str, disposition: Disposition
) -> None:
    state = after(None, FIBRE_SWAP, given(town=under(auto_start=False)))
    if status != "planned":
        state = after(state, ChangeStatus(status="in_progress"), given(at=START))
    if status == "completed":
        state = after(state, ChangeStatus(status="completed"), given(at=END - HOUR))
    closes_at = END + 24 * HOUR
    early = names(decide(state, Tick(at=closes_at - STEP), given(CLOCK)))
    assert "MaintenanceClosed" not in early
    *_, closed = decide(state, Tick(at=closes_at), given(CLOCK, at=closes_at + MINUTE))
    assert isinstance(closed, MaintenanceClosed)
    assert (closed.at, closed.disposition) == (closes_at, disposition)
    over = after(state, Tick(at=closes_at), given(CLOCK, at=closes_at + MINUTE))
    assert over.actual_end_at == (END - HOUR if status == "completed" else None)
    assert over.closed_at == closes_at


@pytest.mark.parametrize("hours", [0, 8_760])
def test_the_hours_of_quiet_are_the_tickets_own(hours: int) -> None:
    state = after(None, replace(FIBRE_SWAP, auto_close_after_hours=hours))
    assert due(state, "close") == END + hours * HOUR
    assert after(state, ChangeFields(auto_close_after_hours=1)).auto_close_after_hours == 1
    for wrong in (-1, 8_761):
        with pytest.raises(Invalid):
            decide(None, replace(FIBRE_SWAP, auto_close_after_hours=wrong), given())


def test_closing_by_the_clock_frees_whoever_was_in_its_way() -> None:
    conflicting = after(
        maintenance_planned(), NoteOverlap(overlap=Overlap(ticket_id="other", shared=()))
    )
    assert [one.ticket_id for one in conflicting.conflicts] == ["other"]
    over = after(conflicting, Tick(at=END + 24 * HOUR), given(CLOCK, at=END + 24 * HOUR))
    assert (over.status, over.conflicts) == (Status.CLOSED, ())


def test_an_overrun_is_said_at_the_planned_end_once_and_again_after_more_time() -> None:
    working = at_work()
    assert decide(working, Tick(at=END - STEP), given(CLOCK, at=END)) == ()
    (overran,) = decide(working, Tick(at=END), given(CLOCK, at=END))
    assert isinstance(overran, Overran)
    told = after(working, Tick(at=END), given(CLOCK, at=END))
    assert decide(told, Tick(at=END + HOUR), given(CLOCK, at=END + HOUR)) == ()
    moved = after(told, ChangeFields(end_at=END + 2 * HOUR), given(at=END + HOUR))
    assert (moved.overran, due(moved, "overrun")) == (False, END + 2 * HOUR)
    late = after(maintenance_planned(), ChangeStatus(status="in_progress"), given(at=END + HOUR))
    assert due(late, "overrun") == END + HOUR


def test_what_is_planned_when_it_should_have_begun_starts_then() -> None:
    begun = after(None, replace(FIBRE_SWAP, start_at=NOON - HOUR))
    reminded, started = decide(begun, Tick(at=NOON), given(CLOCK, at=NOON))
    assert isinstance(reminded, Reminded)
    assert reminded.late
    assert isinstance(started, Started)
    assert (started.at, started.actual_start_at) == (NOON, None)


def test_a_reminder_is_due_a_day_before_and_not_late_until_after_the_start() -> None:
    assert due(maintenance_planned(), "reminder") == START - 24 * HOUR
    earlier = after(None, FIBRE_SWAP, given(town=under(reminder_before_hours=2)))
    assert due(earlier, "reminder") == START - 2 * HOUR
    for late_by, is_late in ((0 * STEP, False), (STEP, True)):
        reminded, *_ = decide(
            maintenance_planned(), Tick(at=START), given(CLOCK, at=START + late_by)
        )
        assert isinstance(reminded, Reminded)
        assert reminded.late is is_late
    told = after(maintenance_planned(), Tick(at=START - 24 * HOUR), given(CLOCK))
    longer = after(told, ChangeFields(end_at=END + HOUR), given())
    assert longer.reminded  # it starts when people were told that it does
    assert due(after(told, ChangeFields(start_at=START + HOUR)), "reminder") == START - 23 * HOUR


def test_a_reminder_is_by_the_policy_of_the_day_on_which_the_window_was_set() -> None:
    town = under(reminder_before_hours=2, auto_start=False)
    titled = after(maintenance_planned(), ChangeFields(title="Swap"), given(town=town))
    assert (due(titled, "reminder"), due(titled, "start")) == (START - 24 * HOUR, START)
    moved = after(titled, ChangeFields(start_at=START + HOUR), given(town=town))
    assert due(moved, "reminder") == START - HOUR


def test_the_gateways_word_open_is_in_progress_from_the_very_start_of_the_window() -> None:
    opened = replace(FIBRE_SWAP, status="open", dialect="gateway")
    assert after(None, replace(opened, start_at=NOON)).status is Status.IN_PROGRESS
    assert after(None, replace(opened, start_at=NOON + STEP)).status is Status.PLANNED


def test_each_end_has_the_dispositions_that_belong_to_it() -> None:
    other = replace(maintenance_planned(), id="0193-first", ref="M20261119-aaaa")
    naming = {Disposition.DUPLICATE, Disposition.SUPERSEDED}
    belonging = {
        "cancelled": {Disposition.WITHDRAWN, Disposition.DECLINED, Disposition.INVALID, *naming},
        "closed": {Disposition.DONE, Disposition.FIXED, Disposition.NO_ACTION, *naming},
    }
    for end, allowed in belonging.items():
        for disposition in Disposition:
            named = other.ref if disposition in naming else None
            command = ChangeStatus(status=end, disposition=disposition, duplicate_of=named)
            if disposition in allowed:
                ended = after(maintenance_planned(), command, given(tickets=[other]))
                assert (ended.disposition, ended.duplicate_of) == (
                    disposition,
                    other.id if named else None,
                )
            else:
                with pytest.raises(Invalid, match="disposition"):
                    decide(maintenance_planned(), command, given(tickets=[other]))


def test_more_time_is_more_and_not_the_same() -> None:
    working = at_work()
    assert decide(working, Extend(end_at=END), given(at=END)) == ()
    for less in (END - STEP, START):
        with pytest.raises(Invalid):
            decide(working, Extend(end_at=less), given(at=END))
    assert after(working, Extend(end_at=END + STEP), given(at=END)).end_at == END + STEP
    done = after(working, ChangeStatus(status="completed"), given(at=END))
    with pytest.raises(Invalid):
        decide(done, Extend(end_at=END + HOUR), given(at=END + HOUR))
    back = after(done, Extend(end_at=END + HOUR + STEP), given(at=END + HOUR))
    assert back.status is Status.IN_PROGRESS
    # What was completed early goes on up to the end that was planned.
    early = after(working, ChangeStatus(status="completed"), given(at=START + HOUR))
    assert after(early, Extend(end_at=END), given(at=START + 2 * HOUR)).end_at == END


def test_work_that_goes_on_takes_its_keys_back_or_says_who_has_them() -> None:
    working = after(
        after(None, replace(FIBRE_SWAP, correlation_keys=("k1",))),
        ChangeStatus(status="in_progress"),
        given(at=START),
    )
    done = after(working, ChangeStatus(status="completed"), given(at=END))
    other = replace(maintenance_planned(), id="0193-other", ref="M20261119-aaaa")
    taken = given(at=END, claims={("correlation_key", "k1"): other.stream}, tickets=[other])
    with pytest.raises(Conflict, match=other.ref):
        decide(done, Extend(end_at=END + HOUR), taken)
    free = given(at=END, claims={("correlation_key", "k1"): done.stream}, tickets=[done])
    assert after(done, Extend(end_at=END + HOUR), free).status is Status.IN_PROGRESS


def test_windows_that_only_touch_do_not_overlap() -> None:
    first = after(None, swap("first"))
    there = given(maintenances=[first])
    for start_at, end_at, meets in (
        (END, END + HOUR, False),
        (END - STEP, END + HOUR, True),
        (START - HOUR, START, False),
        (START - HOUR, START + STEP, True),
    ):
        second = after(None, swap("second", start_at=start_at, end_at=end_at), there)
        assert bool(second.conflicts) is meets, (start_at, end_at)


def test_work_begun_early_is_in_the_way_from_then_on() -> None:
    early = after(maintenance_planned(), ChangeStatus(status="in_progress"), given(at=NOON))
    second = swap("second", start_at=NOON + HOUR, end_at=NOON + 2 * HOUR)
    assert after(None, second, given(maintenances=[early])).conflicts
    assert not after(None, second, given(maintenances=[maintenance_planned()])).conflicts


def test_more_time_may_run_into_somebody() -> None:
    after_us = after(None, swap("second", start_at=END, end_at=END + 2 * HOUR))
    there = given(at=START, maintenances=[after_us])
    longer = Extend(end_at=END + HOUR)
    for state in (maintenance_planned(), at_work()):
        assert [one.ticket_id for one in after(state, longer, there).conflicts] == ["second"]
    strict = given(at=START, maintenances=[after_us], town=under(forbid_overlap=True))
    with pytest.raises(Conflict, match="M-second"):
        decide(at_work(), longer, strict)
    with pytest.raises(Conflict, match="M-second"):
        decide(maintenance_planned(), ChangeFields(end_at=END + HOUR), strict)


def test_nobody_below_an_admin_forces_an_overlap_and_nobody_without_a_reason() -> None:
    owners_own = after(None, swap("first"), given(ADA))
    town = under(forbid_overlap=True)
    forced = swap("second", force_reason="fire")
    for by in (ADA, CY, LEAD):
        with pytest.raises(Forbidden):
            decide(None, forced, given(by, town=town, maintenances=[owners_own]))
    assert decide(None, forced, given(ROOT, town=town, maintenances=[owners_own]))
    with pytest.raises(Conflict):
        decide(None, swap("second"), given(ROOT, town=town, maintenances=[owners_own]))


def test_planned_work_holds_its_keys_until_it_has_ended() -> None:
    planned = after(None, replace(FIBRE_SWAP, correlation_keys=("k1",)))
    key = ("correlation_key", "k1")
    working = after(planned, ChangeStatus(status="in_progress"), given(at=START))
    done = after(working, ChangeStatus(status="completed"), given(at=END))
    cancelled = after(planned, ChangeStatus(status="cancelled"))
    assert key in claims_of(planned)
    assert key in claims_of(working)
    assert key not in claims_of(done)
    assert key not in claims_of(cancelled)


@pytest.mark.parametrize("word", ["completed", "cancelled"])
def test_the_last_public_word_shows_everything_operational_again(word: str) -> None:
    said = PostPublicUpdate(
        title="Work",
        status="in_progress",
        body="We work.",
        services=(ServiceImpactDraft(code="api", impact="degraded"),),
    )
    shown = after(maintenance_planned(), said)
    assert [one.impact for one in shown.public_impacts] == ["degraded"]
    verifying = after(shown, PostPublicUpdate(status="verifying", body="We look."))
    assert [one.impact for one in verifying.public_impacts] == ["degraded"]
    over = after(verifying, PostPublicUpdate(status=word, body="It is over."))
    assert [one.impact for one in over.public_impacts] == [None]


def test_an_end_is_said_again_in_the_same_words_or_refused() -> None:
    cancelling = ChangeStatus(status="cancelled", disposition="declined")
    cancelled = after(maintenance_planned(), cancelling)
    assert decide(cancelled, cancelling, given()) == ()
    assert decide(cancelled, ChangeStatus(status="cancelled"), given()) == ()
    with pytest.raises(Invalid, match="disposition"):
        decide(cancelled, replace(cancelling, disposition="invalid"), given())
