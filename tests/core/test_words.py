"""Words: what is read, what it means, and what is refused with the list of what is allowed."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.words import (
    ACTIVE_INCIDENT,
    ACTIVE_MAINTENANCE,
    ENDED,
    OVER,
    POSTABLE_ACTIONS,
    ActionKind,
    ActorType,
    ContactMethod,
    DestinationKind,
    Disposition,
    Impact,
    LinkType,
    PublicImpact,
    PublicIncidentStatus,
    PublicMaintenanceStatus,
    ReferenceKind,
    RelationKind,
    Role,
    RootCause,
    Severity,
    SignalState,
    SignalType,
    Status,
    StatusWord,
    TicketType,
    UnknownWord,
    clip_severity,
    folded,
    is_active,
    is_ended,
    is_over,
    parse_environment,
    parse_severity,
    parse_status,
    parse_word,
    severities_of,
    statuses_of,
)

LAW = settings(deadline=None, max_examples=200)
INCIDENT = TicketType.INCIDENT
MAINTENANCE = TicketType.MAINTENANCE

PAPER: dict[type[StrEnum], str] = {
    TicketType: "incident maintenance",
    Severity: "sev1 sev2 sev3 sev4 sev5",
    Impact: "no_impact reduced_redundancy degraded outage",
    Disposition: "fixed no_action done declined invalid duplicate superseded withdrawn lapsed "
    "auto_closed",
    RootCause: "hardware software configuration capacity carrier network_external facility "
    "fiber_cut security human_error false_positive duplicate self_resolved managed_software",
    Role: "viewer member oncall_engineer sre_lead org_admin",
    ActionKind: "RUNBOOK_STEP_EXECUTED ROLLBACK_TRIGGERED SCALE_CHANGE NOTE STATUS_CHANGE "
    "SEVERITY_CHANGE TAG_ADDED TAG_REMOVED",
    SignalType: "ALERT METRIC_SPIKE ERROR_BURST LOG_PATTERN TRACE_ANOMALY",
    SignalState: "firing resolved",
    ReferenceKind: "ticket rca postmortem runbook chat other",
    RelationKind: "caused_by duplicate_of follow_up related",
    LinkType: "WAN DZX",
    ActorType: "user system connector",
    PublicIncidentStatus: "investigating identified monitoring resolved",
    PublicMaintenanceStatus: "scheduled in_progress verifying completed cancelled",
    PublicImpact: "degraded partial major",
    ContactMethod: "phone email slack other",
    DestinationKind: "webhook email slack airtable",
}


def spellings(word: str) -> st.SearchStrategy[str]:
    """The word as somebody else would write it: other case, other joints, blanks around it."""

    def spelled(choices: list[bool], joint: str, around: str) -> str:
        letters = (
            character.upper() if up else character.lower()
            for character, up in zip(word, choices, strict=True)
        )
        return around + "".join(letters).replace("_", joint) + around

    return st.builds(
        spelled,
        st.lists(st.booleans(), min_size=len(word), max_size=len(word)),
        st.sampled_from(["_", "-", " ", ""]),
        st.sampled_from(["", " "]),
    )


@pytest.mark.parametrize("words", PAPER, ids=lambda words: words.__name__)
def test_every_word_of_the_domain_is_there_in_its_order(words: type[StrEnum]) -> None:
    assert " ".join(word.value for word in words) == PAPER[words]


@pytest.mark.parametrize("words", PAPER, ids=lambda words: words.__name__)
@LAW
@given(data=st.data())
def test_any_spelling_of_a_word_is_that_word(words: type[StrEnum], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(list(words)))

    assert parse_word(words, data.draw(spellings(word.value)), field="word") is word


@pytest.mark.parametrize("words", [*PAPER, Status], ids=lambda words: words.__name__)
def test_no_two_words_are_spelled_alike(words: type[StrEnum]) -> None:
    assert len({folded(word.value) for word in words}) == len(words)


def test_managed_software_has_an_old_name() -> None:
    assert parse_word(RootCause, "dz_managed", field="root_cause") is RootCause.MANAGED_SOFTWARE


def test_an_unknown_word_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(UnknownWord) as refused:
        parse_word(Impact, "terrible", field="impact")

    assert refused.value.field == "impact"
    assert refused.value.given == "terrible"
    assert refused.value.allowed == ("no_impact", "reduced_redundancy", "degraded", "outage")
    assert str(refused.value).startswith('impact: "terrible" is not one of no_impact, ')


@pytest.mark.parametrize("text", ["", "-", "  ", "оpen", "open" + " " * 80, "x" * 100_000])
def test_what_cannot_be_a_word_is_refused_in_short(text: str) -> None:
    with pytest.raises(UnknownWord) as refused:
        parse_status(text, ticket_type=INCIDENT)

    assert len(refused.value.given) <= 64
    assert len(str(refused.value)) < 300


def test_letters_that_only_look_alike_are_refused() -> None:
    kelvin = "\N{KELVIN SIGN}"

    assert kelvin.lower() == "k"
    with pytest.raises(UnknownWord):
        parse_word(ContactMethod, f"slac{kelvin}", field="method")


def test_the_statuses_of_both_lives() -> None:
    assert " ".join(statuses_of(INCIDENT)) == (
        "open acknowledged investigating mitigating monitoring resolved closed cancelled"
    )
    assert " ".join(statuses_of(MAINTENANCE)) == "planned in_progress completed closed cancelled"
    assert {*statuses_of(INCIDENT), *statuses_of(MAINTENANCE)} == set(Status)


def test_a_status_is_active_ended_or_over_and_never_two_of_them() -> None:
    for status in Status:
        assert [is_active(status), is_ended(status), is_over(status)].count(True) == 1
    assert {Status.OPEN, Status.MONITORING} < ACTIVE_INCIDENT < set(statuses_of(INCIDENT))
    assert {Status.PLANNED, Status.IN_PROGRESS} == ACTIVE_MAINTENANCE
    assert {Status.RESOLVED, Status.COMPLETED} == ENDED
    assert {Status.CLOSED, Status.CANCELLED} == OVER


@pytest.mark.parametrize("ticket_type", TicketType)
@LAW
@given(data=st.data())
def test_a_canonical_status_keeps_its_native_spelling_only_when_it_differs(
    ticket_type: TicketType, data: st.DataObject
) -> None:
    status = data.draw(st.sampled_from(statuses_of(ticket_type)))
    text = data.draw(spellings(status.value))

    native = None if text.strip() == status.value else text.strip()
    assert parse_status(text, ticket_type=ticket_type) == StatusWord(status, None, native)


@pytest.mark.parametrize(
    ("text", "status", "disposition"),
    [
        ("MITIGATED", Status.MONITORING, None),
        ("DECLINED", Status.CANCELLED, Disposition.DECLINED),
        ("Invalid", Status.CANCELLED, Disposition.INVALID),
        ("canceled", Status.CANCELLED, None),
    ],
)
def test_other_systems_words_for_an_incident(
    text: str, status: Status, disposition: Disposition | None
) -> None:
    assert parse_status(text, ticket_type=INCIDENT) == StatusWord(status, disposition, text)


def test_an_open_maintenance_is_planned_until_its_window_begins() -> None:
    before = parse_status("Open", ticket_type=MAINTENANCE)
    within = parse_status("Open", ticket_type=MAINTENANCE, window_has_begun=True)

    assert before == StatusWord(Status.PLANNED, None, "Open")
    assert within == StatusWord(Status.IN_PROGRESS, None, "Open")


def test_planned_is_planned_even_when_the_window_has_begun() -> None:
    read = parse_status("planned", ticket_type=MAINTENANCE, window_has_begun=True)

    assert read == StatusWord(Status.PLANNED)


@pytest.mark.parametrize(
    ("text", "ticket_type"),
    [("planned", INCIDENT), ("completed", INCIDENT), ("resolved", MAINTENANCE)],
)
def test_a_status_of_the_other_life_is_refused(text: str, ticket_type: TicketType) -> None:
    with pytest.raises(UnknownWord) as refused:
        parse_status(text, ticket_type=ticket_type)

    assert refused.value.allowed == tuple(statuses_of(ticket_type))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "shape", ["sev{}", "SEV{}", "sev-{}", "Sev_{}", "P{}", "p{}", "{}", " {} "]
)
def test_a_severity_by_number(shape: str, number: int) -> None:
    severity = parse_severity(shape.format(number), levels=5)

    assert severity.rank == number
    assert severity.value == f"sev{number}"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("high", Severity.SEV1),
        ("medium", Severity.SEV3),
        ("low", Severity.SEV4),
        ("critical", Severity.SEV1),
        ("Error", Severity.SEV2),
        ("WARNING", Severity.SEV3),
        ("info", Severity.SEV4),
    ],
)
def test_a_severity_by_word(text: str, severity: Severity) -> None:
    assert parse_severity(text, levels=4) is severity
    assert parse_severity(text, levels=5) is severity


@pytest.mark.parametrize(
    ("text", "levels"), [("sev4", 3), ("P5", 4), ("5", 3), ("sev0", 5), ("", 5)]
)
def test_a_severity_the_org_does_not_use_is_refused(text: str, levels: int) -> None:
    with pytest.raises(UnknownWord) as refused:
        parse_severity(text, levels=levels)

    assert refused.value.field == "severity"
    assert refused.value.allowed == tuple(f"sev{number}" for number in range(1, levels + 1))


def test_a_word_milder_than_the_mildest_level_is_that_level() -> None:
    assert parse_severity("info", levels=3) is Severity.SEV3
    assert parse_severity("low", levels=3) is Severity.SEV3


@given(severity=st.sampled_from(list(Severity)), levels=st.integers(3, 5))
def test_clipping_leaves_what_the_org_uses_and_lands_in_it(severity: Severity, levels: int) -> None:
    clipped = clip_severity(severity, levels=levels)

    assert clipped in severities_of(levels)
    assert clipped.rank == min(severity.rank, levels)


def test_roles_compare_by_rank_not_by_spelling() -> None:
    ordered = [Role.VIEWER, Role.MEMBER, Role.ONCALL_ENGINEER, Role.SRE_LEAD, Role.ORG_ADMIN]
    spelled = [Role.MEMBER, Role.ONCALL_ENGINEER, Role.ORG_ADMIN, Role.SRE_LEAD, Role.VIEWER]

    assert sorted(spelled) == ordered
    assert [role.rank for role in ordered] == [0, 1, 2, 3, 4]
    for lower, higher in pairwise(ordered):
        assert lower < higher
        assert lower <= higher
        assert higher > lower
        assert higher >= lower
        assert not higher < lower
        assert not lower > higher
    assert Role.MEMBER >= Role.MEMBER
    assert Role.MEMBER <= Role.MEMBER
    assert not Role.MEMBER < Role.MEMBER


def test_what_the_system_writes_cannot_be_posted() -> None:
    assert set(ActionKind) - POSTABLE_ACTIONS == {
        ActionKind.STATUS_CHANGE,
        ActionKind.SEVERITY_CHANGE,
        ActionKind.TAG_ADDED,
        ActionKind.TAG_REMOVED,
    }


@pytest.mark.parametrize("text", ["prod", "PROD", "production", "Production", " prod "])
def test_prod_is_production(text: str) -> None:
    assert parse_environment(text) == "production"


def test_any_other_environment_is_free_text() -> None:
    assert parse_environment(" eu-west/Staging ") == "eu-west/Staging"
