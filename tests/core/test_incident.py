"""Stories of incidents (Domain: lifecycle, ticket, roles of evidence)."""

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
    HOUR,
    MINUTE,
    NOON,
    OUTAGE,
    ROOT,
    Story,
    after,
    decide,
    given,
    incident_open,
    names,
    pubkey,
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
    EditPublicUpdate,
    Extend,
    PostPublicUpdate,
    RecordSloViolation,
    Redact,
    ReferenceDraft,
    Relate,
    ServiceImpactDraft,
    SetRca,
    SignalDraft,
    Tick,
    TicketCommand,
)
from tocsin.core.consequences import consequences
from tocsin.core.deadlines import deadlines_of
from tocsin.core.errors import Conflict, Forbidden, Invalid, InvalidTransition, NotFound
from tocsin.core.rows import (
    OPEN_END,
    facets_matching,
    facets_of,
    gravity_in,
    gravity_of,
    row_of,
    terms_of,
)
from tocsin.core.ticket import Assignee, Ticket
from tocsin.core.ticket_claims import claims_of
from tocsin.core.ticket_facts import NoteAdded, StatusChanged, TicketUpdated
from tocsin.core.words import (
    INCIDENT_STATUSES,
    Disposition,
    RootCause,
    Severity,
    Status,
    TicketType,
)


def moved(state: Ticket, status: str, **more: object) -> Ticket:
    return after(state, ChangeStatus(status=status, **more), given(BO))  # type: ignore[arg-type]


def problems(caught: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(error.field, error.code) for error in caught.value.errors}


def test_an_incident_is_opened_with_what_was_said_and_what_follows() -> None:
    ticket = incident_open()
    assert (ticket.ref, ticket.status, ticket.severity) == (
        "I20261120-af36",
        Status.OPEN,
        Severity.SEV2,
    )
    assert ticket.devices == (pubkey("ams-1"),)
    assert ticket.affected_contributors == ("alpha-id",)
    assert ticket.effect == (pubkey("ams-1"),)
    assert ticket.start_at == ticket.created_at == ticket.detected_at == NOON
    assert not ticket.start_given
    assert ticket.acknowledged_at is None
    assert deadlines_of(ticket) == ()


def test_both_sides_of_a_link_are_affected_but_a_strangers_ticket_is_advisory() -> None:
    on_the_link = replace(OUTAGE, devices=("lon-1",), links=("ams-1:fra-1",))
    by_ada = after(None, on_the_link, given(ADA))
    assert by_ada.affected_contributors == ("alpha-id", "beta-id")
    assert by_ada.effect == (AMS_FRA.pubkey,)
    assert set(after(None, on_the_link, given(ROOT)).effect) == {AMS_FRA.pubkey, pubkey("lon-1")}
    assert after(None, replace(OUTAGE, devices=("fra-1",)), given(ADA)).effect == ()


def test_everything_wrong_is_named_at_once() -> None:
    wrong = replace(
        OUTAGE,
        title=" ",
        description=None,
        severity="sev9",
        devices=("ams-1", pubkey("ams-1"), "nowhere"),
        services=("!!!",),
        reporter_email="no address",
        impact="armageddon",
        start_at=NOON + 2 * MINUTE,
        end_at=NOON,
        labels=("bad\x00label",),
        references=(ReferenceDraft(kind="rca", url="javascript:alert(1)"),),
        assignee="nobody",
        runbook_path="../../etc/passwd",
    )
    with pytest.raises(Invalid) as caught:
        decide(None, wrong, given())
    assert problems(caught) == {
        ("title", "required"),
        ("description", "required"),
        ("severity", "unknown_word"),
        ("device_pubkey[1]", "duplicate"),
        ("device_pubkey[2]", "unknown_device"),
        ("services[0]", "unknown_service"),
        ("reporter_email", "bad_address"),
        ("impact", "unknown_word"),
        ("start_at", "not_in_future"),
        ("end_at", "forbidden_field"),
        ("labels[0]", "control_character"),
        ("references[0].url", "bad_address"),
        ("assignee", "unknown_member"),
        ("runbook_path", "bad_address"),
    }


def test_something_must_be_affected_where_a_form_was_filled_in() -> None:
    nothing = replace(OUTAGE, devices=(), services=())
    with pytest.raises(Invalid) as caught:
        decide(None, nothing, given())
    assert problems(caught) == {("device_pubkey", "required")}
    from_chat = after(None, replace(nothing, formal=False, description=None), given())
    assert from_chat.labels == ("needs_affected",)
    assert from_chat.description == from_chat.title
    named = after(from_chat, ChangeFields(services=("dns",)), given())
    assert (named.labels, named.services) == ((), ("dns",))
    with pytest.raises(Invalid):
        decide(None, replace(OUTAGE, devices=()), given(town=under(affected="asset")))


def test_policy_may_keep_strangers_off_assets() -> None:
    own = under(ticket_scope="own")
    with pytest.raises(Forbidden):
        decide(None, replace(OUTAGE, devices=("fra-1",)), given(ADA, town=own))
    with pytest.raises(Forbidden):  # the A side owns a shared link
        decide(None, replace(OUTAGE, devices=(), links=("ams-1:fra-1",)), given(CY, town=own))
    assert decide(None, replace(OUTAGE, devices=("fra-1",)), given(ROOT, town=own))
    with pytest.raises(Forbidden):
        decide(None, OUTAGE, given(ROOT, town=under(require_contributor=True)))


def test_the_first_free_name_is_taken() -> None:
    taken = {("ref", "I20261120-af36"): "incident:other"}
    assert after(None, OUTAGE, given(claims=taken)).ref == "I20261120-af36b"
    taken[("ref", "I20261120-af36b")] = "incident:another"
    with pytest.raises(Conflict):
        decide(None, OUTAGE, given(claims=taken))


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled", "declined"])
def test_a_ticket_is_never_opened_in_a_status_that_ends_it(status: str) -> None:
    with pytest.raises(Invalid) as caught:
        decide(None, replace(OUTAGE, status=status), given())
    assert problems(caught) == {("status", "terminal")}


def test_the_lifecycle_has_exactly_these_moves() -> None:
    active = ["open", "acknowledged", "investigating", "mitigating", "monitoring"]
    ends = ["resolved", "closed", "cancelled"]
    allowed = {(one, end) for one in active for end in ends}
    allowed |= {(one, two) for i, one in enumerate(active) for two in active[i + 1 :]}
    allowed |= {(one, two) for one in active[2:] for two in active[2:] if one != two}
    allowed |= {(end, "investigating") for end in ends} | {("resolved", "closed")}
    for before in INCIDENT_STATUSES:
        state = incident_open()
        if before is not Status.OPEN:
            state = moved(state, before.value)
        for wanted in INCIDENT_STATUSES:
            command = ChangeStatus(status=wanted.value, reason="because")
            if wanted is before:
                assert decide(state, command, given(BO)) == ()
            elif (before.value, wanted.value) in allowed:
                assert after(state, command, given(BO)).status is wanted
            else:
                with pytest.raises(InvalidTransition, match="may become"):
                    decide(state, command, given(BO))


def test_closing_what_is_active_resolves_it_at_the_same_instant() -> None:
    command = ChangeStatus(status="closed", resolution="new optics", root_cause="hardware")
    facts = decide(incident_open(), command, given(BO, at=NOON + HOUR))
    assert names(facts) == ["StatusChanged", "IncidentResolved", "StatusChanged", "IncidentClosed"]
    ticket = after(incident_open(), command, given(BO, at=NOON + HOUR))
    assert ticket.resolved_at == ticket.closed_at == ticket.end_at == NOON + HOUR
    assert ticket.mitigated_at == ticket.acknowledged_at == NOON + HOUR
    assert (ticket.resolution, ticket.root_cause) == ("new optics", RootCause.HARDWARE)
    assert ticket.updates_total == 1


def test_a_comment_with_a_status_is_one_update() -> None:
    facts = decide(incident_open(), ChangeStatus(status="acknowledged", body="on it"), given(BO))
    note, move = facts
    assert isinstance(note, NoteAdded)
    assert isinstance(move, StatusChanged)
    assert note.update_id == move.update_id
    assert (move.status_from, move.status_to) == (Status.OPEN, Status.ACKNOWLEDGED)
    assert moved(incident_open(), "acknowledged", body="on it").updates_total == 1
    assert names(decide(incident_open(), ChangeStatus(body="hm"), given())) == ["NoteAdded"]
    with pytest.raises(Invalid):
        decide(incident_open(), ChangeStatus(), given())


def test_only_somebody_else_than_the_reporter_acknowledges_by_answering() -> None:
    state = incident_open()
    said = ChangeStatus(body="looking")
    assert after(state, said, given(ADA)).acknowledged_at is None
    assert after(state, said, given(BOT)).acknowledged_at is None
    assert after(state, said, given(CLOCK)).acknowledged_at is None
    assert after(state, said, given(BO, at=NOON + HOUR)).acknowledged_at == NOON + HOUR
    assert after(state, Assign(assignee="bo"), given(ADA)).acknowledged_at is None
    assert after(state, Assign(assignee="bo"), given(CY)).acknowledged_at is not None
    assert after(state, ChangeStatus(status="investigating"), given(ADA)).acknowledged_at == NOON
    assert after(state, ChangeStatus(status="resolved"), given(CLOCK)).acknowledged_at is None


def test_a_move_may_be_dated_back_but_not_into_the_future_nor_before_the_last() -> None:
    state = after(None, replace(OUTAGE, start_at=NOON - HOUR))
    ticket = moved(state, "mitigating", at=NOON - 30 * MINUTE)
    assert ticket.last_status_at == NOON - 30 * MINUTE
    for at, code in (
        (NOON - 31 * MINUTE, "before_previous"),
        (NOON + 61 * MINUTE, "not_in_future"),
    ):
        with pytest.raises(Invalid) as caught:
            decide(ticket, ChangeStatus(status="monitoring", at=at), given(BO))
        assert problems(caught) == {("at", code)}
    ahead = moved(ticket, "monitoring", at=NOON + MINUTE)  # another clock, within the tolerance
    assert ahead.last_status_at == NOON
    assert moved(ahead, "resolved").resolved_at == NOON


def test_other_systems_words_are_read_and_kept() -> None:
    working = moved(incident_open(), "investigating")
    assert decide(working, ChangeStatus(status="open", dialect="gateway"), given()) == ()
    with pytest.raises(InvalidTransition):
        decide(working, ChangeStatus(status="open"), given())
    declined = moved(working, "declined", dialect="incidentd")
    assert (declined.status, declined.disposition, declined.native_status) == (
        Status.CANCELLED,
        Disposition.DECLINED,
        "declined",
    )
    with pytest.raises(Invalid, match="investigating"):
        decide(working, ChangeStatus(status="sleeping"), given())


def test_a_duplicate_names_the_other_ticket() -> None:
    other = replace(incident_open(), id="0193-first", ref="I20261119-aaaa")
    cancel = ChangeStatus(status="cancelled", duplicate_of="I20261119-aaaa")
    ticket = after(incident_open(), cancel, given(tickets=[other]))
    assert (ticket.disposition, ticket.duplicate_of) == (Disposition.DUPLICATE, other.id)
    for wrong in (
        ChangeStatus(status="cancelled", disposition="duplicate"),
        replace(cancel, duplicate_of="I00000000-none"),
        ChangeStatus(status="cancelled", disposition="fixed"),
        ChangeStatus(status="closed", disposition="auto_closed"),
        ChangeStatus(status="investigating", disposition="fixed"),
    ):
        with pytest.raises(Invalid):
            decide(incident_open(), wrong, given(tickets=[other]))
    itself = ChangeStatus(status="cancelled", duplicate_of=incident_open().ref)
    with pytest.raises(Invalid):
        decide(incident_open(), itself, given(tickets=[incident_open()]))


def test_people_may_be_asked_for_a_root_cause_and_the_system_knows_one() -> None:
    strict = under(require_root_cause=True)
    resolve = ChangeStatus(status="resolved")
    with pytest.raises(Invalid) as caught:
        decide(incident_open(), resolve, given(BO, town=strict))
    assert problems(caught) == {("root_cause", "required")}
    assert decide(incident_open(), replace(resolve, root_cause="dz_managed"), given(town=strict))
    by_itself = after(incident_open(), resolve, given(CLOCK, town=strict))
    assert by_itself.root_cause is RootCause.SELF_RESOLVED
    known = after(incident_open(), ChangeFields(root_cause="capacity"), given())
    assert after(known, resolve, given(BO, town=strict)).root_cause is RootCause.CAPACITY


def test_what_came_back_has_no_end_any_more() -> None:
    closed = moved(incident_open(), "closed", resolution="done", root_cause="carrier")
    with pytest.raises(Invalid) as caught:
        decide(closed, ChangeStatus(status="investigating"), given(ROOT))
    assert problems(caught) == {("reason", "required")}
    back = after(closed, ChangeStatus(status="investigating", reason="again"), given(ROOT))
    assert (back.reopened_count, back.status) == (1, Status.INVESTIGATING)
    assert (back.resolved_at, back.closed_at, back.end_at, back.resolution) == (None,) * 4
    assert back.mitigated_at == closed.mitigated_at
    resolved = moved(incident_open(), "resolved")
    assert moved(resolved, "investigating").reopened_count == 1


def test_a_key_is_held_while_active() -> None:
    first = after(None, replace(OUTAGE, ticket_id="first", correlation_keys=("k1",)))
    assert claims_of(first) == {("ref", first.ref), ("correlation_key", "k1")}
    held = given(claims={("correlation_key", "k1"): first.stream}, tickets=[first])
    second = after(None, replace(OUTAGE, ticket_id="second", correlation_keys=()))
    draft = SignalDraft(source="am", summary="down", correlation_key="k1")
    for state, command in (
        (None, replace(OUTAGE, correlation_keys=("k1",))),
        (second, ChangeFields(correlation_keys=("k1",))),
        (second, AttachSignal(signal=draft)),
    ):
        with pytest.raises(Conflict, match=first.ref):
            decide(state, command, held)
    assert decide(first, AttachSignal(signal=draft), held)
    over = moved(first, "closed")
    assert claims_of(over) == {("ref", first.ref)}
    by_itself = given(ROOT, claims={("correlation_key", "k1"): over.stream}, tickets=[over])
    assert decide(over, ChangeStatus(status="investigating", reason="again"), by_itself)
    by_second = given(ROOT, claims={("correlation_key", "k1"): second.stream}, tickets=[second])
    with pytest.raises(Conflict, match=second.ref):
        decide(over, ChangeStatus(status="investigating", reason="again"), by_second)


def test_a_signal_brings_its_key_and_dates_the_detection() -> None:
    draft = SignalDraft(
        source="am", summary="down", severity="critical", correlation_key="k2", ts=NOON - MINUTE
    )
    ticket = after(incident_open(), AttachSignal(signal=draft), given())
    assert ticket.correlation_keys == ("k2",)
    assert (ticket.signals_total, ticket.detected_at) == (1, NOON - MINUTE)
    assert "correlation_key=k2" in terms_of(ticket)


def test_fields_change_with_old_and_new_and_not_twice() -> None:
    change = ChangeFields(title="Amsterdam is back", devices=("fra-1",), reporter_name=None)
    (updated,) = decide(incident_open(), change, given(ADA))
    assert isinstance(updated, TicketUpdated)
    assert [(c.field, c.old, c.new) for c in (*updated.facts, *updated.changes)] == [
        ("devices", [pubkey("ams-1")], [pubkey("fra-1")]),
        ("title", "Amsterdam is dark", "Amsterdam is back"),
    ]
    ticket = after(incident_open(), change, given(ADA))
    assert (ticket.affected_contributors, ticket.effect) == (("beta-id",), ())
    assert decide(ticket, change, given(ADA)) == ()
    with pytest.raises(Invalid):
        decide(ticket, ChangeFields(devices=(), services=()), given())
    with pytest.raises(Invalid):
        decide(ticket, ChangeFields(end_at=NOON), given())


def test_the_severity_stays_within_the_orgs_levels() -> None:
    state = incident_open()
    assert after(state, ChangeSeverity(severity="P1"), given()).native_severity == "P1"
    assert decide(state, ChangeSeverity(severity="SEV2"), given()) == ()
    with pytest.raises(Invalid):
        decide(state, ChangeSeverity(severity="sev5"), given())
    assert decide(state, ChangeSeverity(severity="sev5"), given(town=under(severity_levels=5)))


def test_actions_of_the_system_cannot_be_posted_and_a_note_is_a_note() -> None:
    state = incident_open()
    for kind in ("STATUS_CHANGE", "SEVERITY_CHANGE", "TAG_ADDED", "TAG_REMOVED"):
        with pytest.raises(Invalid, match="ROLLBACK_TRIGGERED"):
            decide(state, AddAction(action_kind=kind, label="x"), given())
    assert names(decide(state, AddAction(action_kind="NOTE", label="x"), given())) == ["NoteAdded"]
    rolled = after(state, AddAction(action_kind="rollback_triggered", label="v2 → v1"), given(BO))
    assert (rolled.actions_total, rolled.acknowledged_at is not None) == (1, True)


def test_small_things_are_done_once() -> None:
    other = replace(incident_open(), id="0193-first", ref="I20261119-aaaa")
    every: list[TicketCommand] = [
        Assign(assignee="beta"),
        ChangeLabels(add=("routing", "bgp")),
        AddReference(reference=ReferenceDraft(kind="ticket", url="https://jira.example/X-1")),
        SetRca(url="https://example.org/rca"),
        Relate(ticket=other.ref, kind="caused_by"),
    ]
    before = state = incident_open()
    for command in every:
        before, state = state, after(state, command, given(tickets=[other]))
        assert decide(state, command, given(tickets=[other])) == ()
    assert state.assignee == Assignee(kind="contributor", id="beta-id")
    assert state.labels == ("bgp", "routing")
    assert state.rca_url == "https://example.org/rca"
    ((stream, noted),) = consequences(before, state, given(tickets=[other]))
    assert stream == other.stream
    inverse = after(other, noted, given(CLOCK))  # type: ignore[arg-type]
    assert [(r.ticket_id, r.inverse) for r in inverse.relations] == [(state.id, True)]
    assert consequences(other, inverse, given(tickets=[state])) == ()
    assert after(moved(state, "closed"), SetRca(url="https://example.org/2"), given()).rca_url
    removed = after(state, ChangeLabels(remove=("bgp", "never")), given())
    assert removed.labels == ("routing",)


def test_the_public_hears_only_what_is_posted() -> None:
    post = PostPublicUpdate(
        title="Trouble in Amsterdam",
        status="investigating",
        body="We look into it.",
        services=(ServiceImpactDraft(code="api", impact="major"),),
    )
    state = after(incident_open(), post, given())
    assert [(s.code, s.impact) for s in state.public_impacts] == [("api", "major")]
    for wrong in (
        replace(post, status="scheduled"),
        replace(post, services=(ServiceImpactDraft(code="nope", impact="major"),)),
    ):
        with pytest.raises(Invalid):
            decide(state, wrong, given())
    with pytest.raises(Invalid):
        decide(incident_open(), replace(post, title=None), given())
    well = after(state, PostPublicUpdate(status="resolved", body="Over."), given())
    assert [(s.code, s.impact) for s in well.public_impacts] == [("api", None)]
    edit = EditPublicUpdate(public_update_id="entry-1", body="It is over.")
    (edited,) = decide(state, edit, given())
    assert getattr(edited, "body_before", None) == "We look into it."
    with pytest.raises(NotFound):
        decide(state, replace(edit, public_update_id="none"), given())


def test_a_broken_objective_keeps_its_budget_as_decimal_text() -> None:
    broken = RecordSloViolation(
        slo_id="api-99", window_start=NOON - HOUR, window_end=NOON, error_budget_consumed=0.25
    )
    (fact,) = decide(incident_open(), broken, given())
    assert getattr(fact, "error_budget_consumed", None) == "0.25"
    for wrong in (float("nan"), -1.0, float("inf")):
        with pytest.raises(Invalid):
            decide(incident_open(), replace(broken, error_budget_consumed=wrong), given())


def test_what_belongs_to_maintenances_is_refused_in_words() -> None:
    with pytest.raises(Conflict, match="maintenance"):
        decide(incident_open(), Extend(end_at=NOON), given())
    with pytest.raises(Conflict):
        decide(incident_open(), OUTAGE, given())
    with pytest.raises(NotFound):
        decide(None, ChangeStatus(status="closed"), given())
    assert decide(incident_open(), Tick(at=NOON + 999 * HOUR), given(CLOCK)) == ()
    redact = Redact(event="e1", fields=("title",), remaining_digest="00")
    assert names(decide(incident_open(), redact, given(ROOT))) == ["Redacted"]


def test_lists_sort_and_filter_by_what_the_ticket_is() -> None:
    story = Story()
    story.tell(OUTAGE, given())
    assert story.state is not None
    open_row = row_of(story.state)
    assert open_row.end_at == OPEN_END
    story.tell(ChangeStatus(status="closed"), given(BO, at=NOON + HOUR))
    assert story.state is not None
    row = row_of(story.state)
    assert row.created_at == "2026-11-20T12:00:00.000000Z"
    assert row.end_at == "2026-11-20T13:00:00.000000Z"
    assert row.gravity == gravity_of(story.state.severity)
    assert row.facets == facets_of(TicketType.INCIDENT, Status.CLOSED, story.state.severity)
    assert gravity_in(row.facets) == row.gravity
    matching = facets_matching(types=[TicketType.INCIDENT], active=False)
    assert matching is not None
    assert row.facets in matching
    assert open_row.facets not in matching
    assert "service=api" in terms_of(story.state)


def test_every_type_status_and_severity_has_facets_of_its_own() -> None:
    assert facets_matching() is None
    everything = facets_matching(types=list(TicketType))
    assert everything is not None
    assert len(everything) == len(TicketType) * len(Status) * len(Severity)
