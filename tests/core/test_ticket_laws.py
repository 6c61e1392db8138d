"""Laws of tickets: what holds after any story whatever (Style: stories, then laws)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.core.telling import (
    ADA,
    BO,
    BOT,
    CLOCK,
    CY,
    FIBRE_SWAP,
    HOUR,
    NOON,
    OUTAGE,
    ROOT,
    Speaker,
    Story,
    after,
    decide,
    folded,
    given,
    stamped,
)
from tocsin.core.commands import (
    AddAction,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeSeverity,
    ChangeStatus,
    Confirm,
    Extend,
    SetRca,
    SignalDraft,
    Tick,
    TicketCommand,
)
from tocsin.core.deadlines import deadlines_of
from tocsin.core.errors import Refusal
from tocsin.core.rows import facets_of, row_of, terms_of
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_claims import claims_of
from tocsin.core.ticket_facts import TicketUpdated
from tocsin.core.words import OVER, Status

WORDS = st.sampled_from([*(status.value for status in Status), "OPEN", "declined", "nonsense"])
HOURS = st.integers(min_value=-30, max_value=120).map(lambda hours: NOON + hours * HOUR)
TEXTS = st.text(max_size=20)
COMMANDS: st.SearchStrategy[TicketCommand] = st.one_of(
    st.builds(
        ChangeStatus,
        status=st.none() | WORDS,
        body=st.none() | TEXTS,
        reason=st.none() | st.just("because"),
        end_at=st.none() | HOURS,
        at=st.none() | HOURS,
        disposition=st.none() | st.sampled_from(["fixed", "done", "invalid", "duplicate"]),
    ),
    st.builds(
        ChangeFields,
        title=TEXTS,
        devices=st.sampled_from([("ams-1",), ("fra-1", "lon-1"), ()]),
    ),
    st.builds(ChangeFields, start_at=HOURS),
    st.builds(ChangeFields, end_at=HOURS),
    st.builds(Extend, end_at=HOURS),
    st.builds(ChangeSeverity, severity=st.sampled_from(["sev1", "P3", "low", "sev9"])),
    st.builds(Assign, assignee=st.sampled_from([None, "bo", "beta", "nobody"])),
    st.builds(ChangeLabels, add=st.tuples(TEXTS), remove=st.tuples(TEXTS)),
    st.builds(AddAction, action_kind=st.sampled_from(["NOTE", "SCALE_CHANGE"]), label=TEXTS),
    st.builds(SetRca, url=st.sampled_from(["https://example.org/rca", "nowhere"])),
    st.builds(Tick, at=HOURS),
    st.just(Confirm()),
    st.just(AttachSignal(signal=SignalDraft(source="am", summary="x", correlation_key="k"))),
)
SPEAKERS = st.sampled_from([ADA, BO, CY, ROOT, BOT])
STEPS = st.lists(st.tuples(COMMANDS, SPEAKERS, st.integers(0, 20)), max_size=12)
OPENINGS: st.SearchStrategy[TicketCommand] = st.sampled_from([OUTAGE, FIBRE_SWAP])


def told(opening: TicketCommand, steps: list[tuple[TicketCommand, Speaker, int]]) -> Story:
    """A story with every step that was not refused."""
    story = Story()
    story.tell(opening, given(ADA))
    now = NOON
    for index, (command, speaker, hours) in enumerate(steps):
        now += hours * HOUR
        by = CLOCK if isinstance(command, Tick) else speaker
        try:
            story.tell(command, given(by, at=now, entry_id=f"entry-{index}"))
        except Refusal:
            continue
    return story


def state_of(story: Story) -> Ticket:
    assert story.state is not None
    return story.state


@settings(max_examples=150, deadline=None)
@for_all(OPENINGS, STEPS)
def test_any_log_replays_to_the_same_ticket(
    opening: TicketCommand, steps: list[tuple[TicketCommand, Speaker, int]]
) -> None:
    story = told(opening, steps)
    state = state_of(story)
    assert folded(None, story.events) == state
    assert state.version == len(story.events)
    assert row_of(state).facets == facets_of(state.type, state.status, state.severity)
    assert f"created_by={state.created_by.id}" in terms_of(state)
    assert ("ref", state.ref) in claims_of(state)
    # A log that lost its beginning is still read.
    assert folded(None, story.events[1:] or story.events).version == state.version


@settings(max_examples=150, deadline=None)
@for_all(OPENINGS, STEPS, COMMANDS)
def test_deciding_twice_on_one_state_decides_the_same(
    opening: TicketCommand,
    steps: list[tuple[TicketCommand, Speaker, int]],
    command: TicketCommand,
) -> None:
    state = state_of(told(opening, steps))
    evidence = given(ROOT, at=NOON + 500 * HOUR)
    answers: list[object] = []
    for _ in range(2):
        try:
            answers.append(decide(state, command, evidence))
        except Refusal as refusal:
            answers.append((type(refusal), refusal.detail, refusal.errors))
    assert answers[0] == answers[1]


@settings(max_examples=150, deadline=None)
@for_all(OPENINGS, STEPS, st.integers(0, 200))
def test_ticking_twice_is_ticking_once(
    opening: TicketCommand, steps: list[tuple[TicketCommand, Speaker, int]], hours: int
) -> None:
    state = state_of(told(opening, steps))
    at = NOON + hours * HOUR
    evidence = given(CLOCK, at=at + timedelta(seconds=1), entry_id="tick")
    once = after(state, Tick(at=at), evidence)
    assert all(line.due_at > at for line in deadlines_of(once))
    assert decide(once, Tick(at=at), evidence) == ()


@settings(max_examples=150, deadline=None)
@for_all(OPENINGS, STEPS, COMMANDS)
def test_over_is_over_but_for_the_reopening_of_an_incident(
    opening: TicketCommand,
    steps: list[tuple[TicketCommand, Speaker, int]],
    command: TicketCommand,
) -> None:
    now = NOON + 500 * HOUR
    closed = after(
        state_of(told(opening, steps)), Tick(at=NOON), given(CLOCK, at=now, entry_id="tick")
    )
    if closed.status not in OVER:
        closed = after(closed, ChangeStatus(status="closed"), given(ROOT, at=now))
    assert deadlines_of(closed) == ()
    try:
        later = after(closed, command, given(ROOT, at=now + HOUR))
    except Refusal:
        return
    if later.status is not closed.status:
        assert (closed.type.value, later.status) == ("incident", Status.INVESTIGATING)
        assert later.reopened_count == closed.reopened_count + 1


@settings(max_examples=100, deadline=None)
@for_all(STEPS)
def test_a_resolved_incident_always_says_when(
    steps: list[tuple[TicketCommand, Speaker, int]],
) -> None:
    state = state_of(told(OUTAGE, steps))
    if state.status in (Status.RESOLVED, Status.CLOSED):
        assert state.resolved_at is not None
        assert state.mitigated_at is not None
    if state.status is Status.CLOSED:
        assert state.closed_at == state.end_at is not None


def test_an_erased_text_is_read_as_erased() -> None:
    evidence = given(ADA)
    (updated,) = decide(after(None, OUTAGE), ChangeFields(title="secret"), evidence)
    assert isinstance(updated, TicketUpdated)
    emptied = replace(updated, changes=())
    state = after(None, OUTAGE)
    (event,) = stamped(state, (emptied,), evidence, stream=state.stream)
    assert folded(state, (event,)).title == OUTAGE.title
