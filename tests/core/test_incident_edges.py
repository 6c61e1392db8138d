"""The edges of the rules of incidents: just on them, and just beside (Domain: lifecycle,
ticket)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.telling import (
    ADA,
    BO,
    BOT,
    CLOCK,
    HOUR,
    MINUTE,
    NOON,
    OUTAGE,
    ROOT,
    Speaker,
    after,
    decide,
    given,
    incident_open,
    under,
)
from tocsin.core.commands import (
    AddAction,
    Assign,
    AttachSignal,
    ChangeFields,
    ChangeLabels,
    ChangeStatus,
    PostPublicUpdate,
    RecordSloViolation,
    Relate,
    SignalDraft,
    TicketCommand,
)
from tocsin.core.errors import Invalid
from tocsin.core.ticket import Ticket
from tocsin.core.words import Disposition, RootCause, Status

SECOND = timedelta(seconds=1)


def moved(state: Ticket, status: str, by: Speaker = BO, **more: object) -> Ticket:
    return after(state, ChangeStatus(status=status, **more), given(by))  # type: ignore[arg-type]


def codes(state: Ticket | None, command: TicketCommand, **more: object) -> set[tuple[str, str]]:
    """The fields that are wrong about *command*, and how; empty when nothing is."""
    try:
        decide(state, command, given(**more))  # type: ignore[arg-type]
    except Invalid as wrong:
        return {(error.field, error.code) for error in wrong.errors}
    return set()


@pytest.mark.parametrize("over", ["closed", "cancelled"])
def test_what_is_over_comes_back_with_a_reason_only_and_a_comment_is_one(over: str) -> None:
    ended = moved(incident_open(), over)
    back = ChangeStatus(status="investigating")
    assert codes(ended, back, by=ROOT) == {("reason", "required")}
    for said in (replace(back, reason="it is dark again"), replace(back, body="it is dark again")):
        assert after(ended, said, given(ROOT)).status is Status.INVESTIGATING
    resolved = moved(incident_open(), "resolved")
    assert after(resolved, back, given(BO)).status is Status.INVESTIGATING


@pytest.mark.parametrize("end", ["resolved", "closed"])
def test_people_are_asked_for_a_root_cause_at_either_end_and_connectors_at_none(end: str) -> None:
    strict = under(require_root_cause=True)
    ending = ChangeStatus(status=end)
    assert codes(incident_open(), ending, by=BO, town=strict) == {("root_cause", "required")}
    assert codes(incident_open(), ending, by=BO) == set()
    for by in (BOT, CLOCK):
        by_itself = after(incident_open(), ending, given(by, town=strict))
        assert by_itself.root_cause is RootCause.SELF_RESOLVED
    assert moved(incident_open(), end).root_cause is None
    cancel = ChangeStatus(status="cancelled")
    assert after(incident_open(), cancel, given(BO, town=strict)).root_cause is None
    resolved = moved(incident_open(), "resolved")
    assert codes(resolved, ChangeStatus(status="closed"), by=BO, town=strict) == {
        ("root_cause", "required")
    }


def test_each_end_has_the_dispositions_that_belong_to_it() -> None:
    other = replace(incident_open(), id="0193-first", ref="I20261119-aaaa")
    naming = {Disposition.DUPLICATE, Disposition.SUPERSEDED}
    belonging = {
        "cancelled": {Disposition.DECLINED, Disposition.INVALID, Disposition.DUPLICATE},
        "closed": {
            Disposition.FIXED,
            Disposition.NO_ACTION,
            Disposition.DONE,
            Disposition.INVALID,
            Disposition.DUPLICATE,
            Disposition.SUPERSEDED,
        },
    }
    belonging["resolved"] = belonging["closed"]
    for end, allowed in belonging.items():
        for disposition in Disposition:
            named = other.ref if disposition in naming else None
            command = ChangeStatus(status=end, disposition=disposition, duplicate_of=named)
            wrong = codes(incident_open(), command, tickets=[other])
            assert wrong == (
                set() if disposition in allowed else {("disposition", "unknown_word")}
            ), (end, disposition)
    for disposition in naming:
        unnamed = ChangeStatus(status="closed", disposition=disposition)
        assert codes(incident_open(), unnamed) == {("duplicate_of", "required")}
    assert moved(incident_open(), "cancelled").disposition is Disposition.DECLINED
    assert moved(incident_open(), "invalid").disposition is Disposition.INVALID


def test_one_opened_beyond_open_is_acknowledged_by_the_person_who_says_so() -> None:
    working = replace(OUTAGE, status="investigating")
    assert after(None, working, given(ADA)).acknowledged_at == NOON
    assert after(None, working, given(BOT)).acknowledged_at is None
    assert after(None, OUTAGE, given(ADA)).acknowledged_at is None


@pytest.mark.parametrize(
    "answer",
    [
        ChangeStatus(body="looking"),
        Assign(assignee="bo"),
        AddAction(action_kind="ROLLBACK_TRIGGERED", label="v2 → v1"),
        PostPublicUpdate(title="Trouble", status="investigating", body="We look into it."),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_first_answer_of_another_person_acknowledges_while_it_is_active(
    answer: TicketCommand,
) -> None:
    later = NOON + HOUR
    for by in (ADA, BOT, CLOCK):
        assert after(incident_open(), answer, given(by, at=later)).acknowledged_at is None
    assert after(incident_open(), answer, given(BO, at=later)).acknowledged_at == later
    seen = after(incident_open(), ChangeStatus(body="hm"), given(BO, at=NOON + MINUTE))
    assert after(seen, answer, given(BO, at=later)).acknowledged_at == NOON + MINUTE
    by_itself = moved(incident_open(), "resolved", CLOCK)
    assert after(by_itself, answer, given(BO, at=later)).acknowledged_at is None


def test_labels_and_fields_are_no_answer() -> None:
    for command in (ChangeLabels(add=("bgp",)), ChangeFields(title="Amsterdam is grey")):
        assert after(incident_open(), command, given(BO)).acknowledged_at is None


def test_the_first_move_to_monitoring_or_beyond_mitigates_and_none_after_it() -> None:
    later = NOON + HOUR
    assert moved(incident_open(), "mitigating").mitigated_at is None
    monitoring = moved(incident_open(), "monitoring")
    assert monitoring.mitigated_at == NOON
    resolved = after(monitoring, ChangeStatus(status="resolved"), given(BO, at=later))
    assert (resolved.mitigated_at, resolved.resolved_at) == (NOON, later)
    back = after(monitoring, ChangeStatus(status="mitigating"), given(BO, at=later))
    assert back.mitigated_at == NOON
    assert moved(incident_open(), "resolved").mitigated_at == NOON
    assert moved(incident_open(), "cancelled").mitigated_at is None
    assert after(None, replace(OUTAGE, status="monitoring")).mitigated_at == NOON


def test_only_the_first_signal_dates_the_detection_and_none_after_work_began() -> None:
    def signal(**more: object) -> AttachSignal:
        return AttachSignal(signal=SignalDraft(source="am", summary="down", **more))  # type: ignore[arg-type]

    early = after(incident_open(), signal(ts=NOON - HOUR), given(BOT))
    assert early.detected_at == NOON - HOUR
    assert after(early, signal(ts=NOON - 2 * HOUR), given(BOT)).detected_at == NOON - HOUR
    at_work = after(incident_open(), ChangeStatus(status="acknowledged"), given(BO, at=NOON + HOUR))
    assert at_work.detected_at == NOON
    assert after(at_work, signal(ts=NOON + HOUR), given(BOT)).detected_at == NOON + HOUR
    late = signal(ts=NOON + HOUR + SECOND)
    assert after(at_work, late, given(BOT, at=NOON + 2 * HOUR)).detected_at == NOON


def test_a_corrected_start_is_the_detection_where_no_signal_was() -> None:
    corrected = ChangeFields(start_at=NOON - HOUR)
    assert after(incident_open(), corrected, given()).detected_at == NOON - HOUR
    detected = after(None, replace(OUTAGE, detected_at=NOON - MINUTE))
    assert after(detected, corrected, given()).detected_at == NOON - MINUTE
    resolved = after(incident_open(), ChangeStatus(status="resolved"), given(BO, at=NOON + HOUR))
    much_later = given(at=NOON + 9 * HOUR)
    assert after(resolved, ChangeFields(start_at=NOON + HOUR), much_later).start_at == NOON + HOUR
    with pytest.raises(Invalid):
        decide(resolved, ChangeFields(start_at=NOON + HOUR + SECOND), much_later)


def test_a_move_is_dated_up_to_a_minute_ahead_and_down_to_the_last_move() -> None:
    state = moved(incident_open(), "acknowledged")
    dated = {
        NOON + 60 * SECOND: set(),
        NOON + 61 * SECOND: {("at", "not_in_future")},
        NOON: set(),
        NOON - SECOND: {("at", "before_previous")},
    }
    for at, wrong in dated.items():
        assert codes(state, ChangeStatus(status="mitigating", at=at)) == wrong, at


BOUNDS: Mapping[str, int] = {
    "title": 200,
    "description": 10_000,
    "reporter_name": 100,
    "internal_reference": 200,
}


@pytest.mark.parametrize(("field", "longest"), BOUNDS.items())
def test_texts_are_as_long_as_they_may_be_and_no_longer(field: str, longest: int) -> None:
    def saying(text: str) -> TicketCommand:
        return replace(OUTAGE, **{field: text})  # type: ignore[arg-type]

    assert codes(None, saying("x" * longest)) == set()
    assert codes(None, saying("x" * (longest + 1))) == {(field, "too_long")}


def test_a_ticket_has_fifty_labels_of_sixty_four_characters() -> None:
    fifty = tuple(f"label-{number}" for number in range(50))
    full = after(None, replace(OUTAGE, labels=fifty))
    assert len(full.labels) == 50
    assert codes(None, replace(OUTAGE, labels=(*fifty, "one-more"))) == {("labels", "too_long")}
    assert codes(full, ChangeLabels(add=("one-more",))) == {("add", "too_long")}
    assert codes(full, ChangeLabels(add=("one-more",), remove=fifty[:1])) == set()
    assert codes(None, replace(OUTAGE, labels=("x" * 64,))) == set()
    assert codes(None, replace(OUTAGE, labels=("x" * 65,))) == {("labels[0]", "too_long")}
    assert codes(None, replace(OUTAGE, labels=("needs_affected",))) == {
        ("labels", "forbidden_field")
    }


def test_an_address_of_the_reporter_has_a_hundred_characters_at_most() -> None:
    host = "example.org"
    fits = f"{'x' * (64)}@{'y' * (99 - 64 - len(host) - 1)}.{host}"
    assert len(fits) == 100
    assert codes(None, replace(OUTAGE, reporter_email=fits)) == set()
    assert codes(None, replace(OUTAGE, reporter_email=f"{fits}x")) == {
        ("reporter_email", "too_long")
    }


def test_an_objective_is_broken_within_some_time_by_a_share_of_its_budget() -> None:
    broken = RecordSloViolation(
        slo_id="api-99", window_start=NOON - HOUR, window_end=NOON, error_budget_consumed=0
    )
    assert codes(incident_open(), broken) == set()
    for end in (NOON - HOUR, NOON - HOUR - SECOND):
        assert codes(incident_open(), replace(broken, window_end=end)) == {("window_end", "window")}
    for budget, wrong in ((1.0, False), (12.5, False), (-0.001, True)):
        found = codes(incident_open(), replace(broken, error_budget_consumed=budget))
        assert found == ({("error_budget_consumed", "out_of_range")} if wrong else set())


def test_a_ticket_is_not_tied_to_itself() -> None:
    other = replace(incident_open(), id="0193-first", ref="I20261119-aaaa")
    for kind in ("caused_by", "duplicate_of", "follow_up", "related"):
        for name in (incident_open().id, incident_open().ref):
            itself = Relate(ticket=name, kind=kind)
            assert codes(incident_open(), itself, tickets=[incident_open()]) == {
                ("ticket", "duplicate")
            }
        assert codes(incident_open(), Relate(ticket=other.ref, kind=kind), tickets=[other]) == set()


def test_an_end_is_said_again_in_the_same_words_or_refused() -> None:
    other = replace(incident_open(), id="0193-first", ref="I20261119-aaaa")
    there = given(tickets=[other])
    closing = ChangeStatus(status="closed", disposition="fixed")
    closed = after(incident_open(), closing, there)
    assert decide(closed, closing, there) == ()
    assert decide(closed, ChangeStatus(status="closed"), there) == ()
    wrong = {("disposition", "forbidden_field")}
    assert codes(closed, replace(closing, disposition="done"), tickets=[other]) == wrong
    working = ChangeStatus(status="open", disposition="fixed")
    assert codes(incident_open(), working, tickets=[other]) == wrong
    twice = ChangeStatus(status="cancelled", duplicate_of=other.ref)
    cancelled = after(incident_open(), twice, there)
    assert decide(cancelled, twice, there) == ()
    assert codes(cancelled, replace(twice, duplicate_of="I20261118-none"), tickets=[other]) == {
        ("duplicate_of", "forbidden_field")
    }
