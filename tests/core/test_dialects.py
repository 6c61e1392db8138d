"""Other systems' words: every cell of the table, and the laws that keep the meaning."""

from __future__ import annotations

from itertools import product

import pytest

from tocsin.core.dialects import (
    Dialect,
    parse_dialect,
    severities_for,
    severity_out,
    status_in,
    status_out,
    statuses_for,
)
from tocsin.core.words import (
    ACTIVE_INCIDENT,
    ACTIVE_MAINTENANCE,
    Disposition,
    Severity,
    Status,
    StatusWord,
    TicketType,
    UnknownWord,
    is_over,
    severities_of,
    statuses_of,
)

INCIDENT = TicketType.INCIDENT
MAINTENANCE = TicketType.MAINTENANCE
GATEWAY, ITS, CRASHBOT, INCIDENTD = Dialect

OUT = """
              gateway  its            crashbot  incidentd
open          open     OPEN           open      open
acknowledged  open     INVESTIGATING  open      open
investigating open     INVESTIGATING  open      open
mitigating    open     INVESTIGATING  open      mitigating
monitoring    open     MITIGATED      open      mitigating
resolved      closed   RESOLVED       closed    resolved
planned       open     OPEN           open      open
in_progress   open     OPEN           open      open
completed     open     RESOLVED       closed    resolved
closed        closed   RESOLVED       closed    resolved
cancelled     closed   CANCELLED      invalid   declined
"""

IN = """
gateway   incident    open          open
gateway   incident    closed        closed
gateway   maintenance open          planned
gateway   maintenance closed        closed
its       incident    OPEN          open
its       incident    INVESTIGATING investigating
its       incident    MITIGATED     monitoring
its       incident    RESOLVED      resolved
its       incident    CANCELLED     cancelled
its       maintenance OPEN          planned
its       maintenance RESOLVED      completed
its       maintenance CANCELLED     cancelled
crashbot  incident    open          open
crashbot  incident    closed        closed
crashbot  incident    invalid       cancelled  invalid
crashbot  maintenance open          planned
crashbot  maintenance closed        closed
crashbot  maintenance invalid       cancelled  invalid
incidentd incident    open          open
incidentd incident    mitigating    mitigating
incidentd incident    resolved      resolved
incidentd incident    declined      cancelled  declined
incidentd maintenance open          planned
incidentd maintenance resolved      completed
incidentd maintenance declined      cancelled  declined
"""

SEVERITY_OUT = """
     gateway  its   crashbot  incidentd
sev1 sev1     SEV1  sev-1     high
sev2 sev2     SEV2  sev-2     high
sev3 sev3     SEV3  sev-3     medium
sev4 sev3     SEV4  sev-4     low
sev5 sev3     SEV4  sev-5     low
"""

EVERY_TICKET = [(kind, status) for kind in TicketType for status in statuses_of(kind)]


def cells(table: str) -> list[tuple[str, Dialect, str]]:
    """(row, dialect, word) of each cell of a table with the dialects along its top."""
    top, *rows = table.strip("\n").splitlines()
    dialects = [Dialect(name) for name in top.split()]
    return [
        (row.split()[0], dialect, word)
        for row in rows
        for dialect, word in zip(dialects, row.split()[1:], strict=True)
    ]


@pytest.mark.parametrize(("status", "dialect", "word"), cells(OUT))
def test_each_status_goes_out_as_the_table_says(status: str, dialect: Dialect, word: str) -> None:
    assert status_out(Status(status), dialect) == word


def test_the_table_has_every_status() -> None:
    assert {status for status, _, _ in cells(OUT)} == set(Status)


@pytest.mark.parametrize("row", IN.strip().splitlines())
def test_each_word_comes_in_as_the_table_says(row: str) -> None:
    dialect, kind, word, status, *dispositions = row.split()

    read = status_in(word, Dialect(dialect), ticket_type=TicketType(kind), window_has_begun=False)

    disposition = Disposition(dispositions[0]) if dispositions else None
    native = None if word == status else word
    assert read == StatusWord(Status(status), disposition, native)


@pytest.mark.parametrize("dialect", Dialect)
def test_an_open_maintenance_is_under_way_once_its_window_has_begun(dialect: Dialect) -> None:
    word = status_out(Status.PLANNED, dialect)

    read = status_in(word, dialect, ticket_type=MAINTENANCE, window_has_begun=True)

    assert read.status is Status.IN_PROGRESS


@pytest.mark.parametrize("status", Status)
def test_without_a_dialect_words_are_canonical(status: Status) -> None:
    assert status_out(status, None) == status.value
    assert statuses_for(status.value, None, None) == {status}


@pytest.mark.parametrize(
    ("dialect", "ticket", "begun"), list(product(Dialect, EVERY_TICKET, [False, True]))
)
def test_what_went_out_and_comes_back_goes_out_the_same(
    dialect: Dialect, ticket: tuple[TicketType, Status], begun: bool
) -> None:
    kind, status = ticket
    word = status_out(status, dialect)

    back = status_in(word, dialect, ticket_type=kind, window_has_begun=begun).status

    assert status_out(back, dialect) == word
    assert back in statuses_of(kind)


@pytest.mark.parametrize("row", IN.strip().splitlines())
def test_what_came_in_goes_out_as_the_same_word(row: str) -> None:
    name, kind, word, *_ = row.split()
    dialect = Dialect(name)

    read = status_in(word, dialect, ticket_type=TicketType(kind), window_has_begun=False)

    assert status_out(read.status, dialect) == word


@pytest.mark.parametrize(("dialect", "ticket"), list(product([*Dialect, None], EVERY_TICKET)))
def test_a_filter_finds_a_ticket_by_the_word_it_is_shown_with(
    dialect: Dialect | None, ticket: tuple[TicketType, Status]
) -> None:
    kind, status = ticket
    word = status_out(status, dialect)

    assert status in statuses_for(word, dialect, kind)
    assert status in statuses_for(word.swapcase(), dialect, None)
    assert all(status_out(found, dialect) == word for found in statuses_for(word, dialect, kind))


def test_open_in_the_gateways_words_is_everything_active_and_completed_work() -> None:
    assert statuses_for("open", GATEWAY, INCIDENT) == ACTIVE_INCIDENT
    assert statuses_for("open", GATEWAY, MAINTENANCE) == ACTIVE_MAINTENANCE | {Status.COMPLETED}
    assert statuses_for("closed", GATEWAY, INCIDENT) == {
        Status.RESOLVED,
        Status.CLOSED,
        Status.CANCELLED,
    }
    assert statuses_for("open", GATEWAY, None) == set(Status) - {
        Status.RESOLVED,
        Status.CLOSED,
        Status.CANCELLED,
    }


def test_a_canonical_word_filters_in_any_dialect() -> None:
    assert statuses_for("monitoring", GATEWAY, INCIDENT) == {Status.MONITORING}
    assert statuses_for("In-Progress", ITS, None) == {Status.IN_PROGRESS}


def test_a_filter_for_a_status_of_the_other_type_is_never_empty() -> None:
    assert statuses_for("planned", None, INCIDENT) == {Status.PLANNED}
    assert statuses_for("mitigated", ITS, MAINTENANCE) == {Status.MONITORING}


@pytest.mark.parametrize(
    ("word", "dialect"),
    [("mitigated", None), ("declined", CRASHBOT), ("opened", GATEWAY), ("", ITS), ("", None)],
)
def test_a_filter_by_an_unknown_word_is_refused(word: str, dialect: Dialect | None) -> None:
    with pytest.raises(UnknownWord) as refused:
        statuses_for(word, dialect, INCIDENT)

    assert refused.value.field == "status"
    assert set(statuses_of(INCIDENT)) <= set(refused.value.allowed)


def test_a_client_may_say_more_than_its_own_system_could() -> None:
    read = status_in("mitigating", GATEWAY, ticket_type=INCIDENT, window_has_begun=False)

    assert read == StatusWord(Status.MITIGATING)


def test_an_unknown_status_is_refused_with_the_dialects_words_first() -> None:
    with pytest.raises(UnknownWord) as refused:
        status_in("SOLVED", ITS, ticket_type=INCIDENT, window_has_begun=False)

    own = ("OPEN", "INVESTIGATING", "MITIGATED", "RESOLVED", "CANCELLED")
    assert refused.value.allowed == (*own, *statuses_of(INCIDENT))


def test_without_a_dialect_an_unknown_status_is_refused_with_the_canonical_words() -> None:
    with pytest.raises(UnknownWord) as refused:
        status_in("solved", None, ticket_type=MAINTENANCE, window_has_begun=False)

    assert refused.value.allowed == tuple(statuses_of(MAINTENANCE))


@pytest.mark.parametrize(("severity", "dialect", "word"), cells(SEVERITY_OUT))
def test_each_severity_goes_out_as_the_table_says(
    severity: str, dialect: Dialect, word: str
) -> None:
    assert severity_out(Severity(severity), dialect, levels=5) == word


def test_a_severity_is_clipped_to_the_levels_of_the_org() -> None:
    assert severity_out(Severity.SEV5, CRASHBOT, levels=4) == "sev-4"
    assert severity_out(Severity.SEV5, ITS, levels=3) == "SEV3"
    assert severity_out(Severity.SEV5, INCIDENTD, levels=3) == "medium"
    assert severity_out(Severity.SEV5, None, levels=3) == "sev5"


@pytest.mark.parametrize(
    ("dialect", "levels", "severity"), list(product(Dialect, [3, 4, 5], Severity))
)
def test_a_severity_filter_selects_exactly_what_is_shown_with_its_word(
    dialect: Dialect, levels: int, severity: Severity
) -> None:
    word = severity_out(severity, dialect, levels=levels)

    found = severities_for(word, dialect, levels)

    assert found == {
        other for other in Severity if severity_out(other, dialect, levels=levels) == word
    }


def test_a_severity_filter_reads_other_spellings() -> None:
    assert severities_for("3", GATEWAY, 4) == {Severity.SEV3, Severity.SEV4, Severity.SEV5}
    assert severities_for("critical", ITS, 4) == {Severity.SEV1}
    assert severities_for("sev2", INCIDENTD, 4) == {Severity.SEV2}
    assert severities_for("SEV-2", None, 4) == {Severity.SEV2}


@pytest.mark.parametrize(
    ("word", "dialect", "levels"),
    [("sev4", GATEWAY, 5), ("SEV5", ITS, 5), ("sev-4", CRASHBOT, 3), ("sev5", None, 4)],
)
def test_a_severity_the_dialect_or_the_org_does_not_have_is_refused(
    word: str, dialect: Dialect | None, levels: int
) -> None:
    with pytest.raises(UnknownWord) as refused:
        severities_for(word, dialect, levels)

    assert set(refused.value.allowed) <= set(severities_of(levels))


def test_over_is_never_shown_as_open() -> None:
    for dialect, status in product(Dialect, Status):
        if is_over(status):
            assert status_out(status, dialect).lower() != "open"


def test_a_dialect_by_name() -> None:
    assert parse_dialect("ITS") is ITS
    with pytest.raises(UnknownWord) as refused:
        parse_dialect("klingon")
    assert refused.value.allowed == ("gateway", "its", "crashbot", "incidentd")
