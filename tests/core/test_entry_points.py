"""Stories of entry points."""

from __future__ import annotations

import pytest

from tests.core.records_in_memory import OrgInMemory, network, replayed
from tocsin.core.errors import Conflict, Invalid, NotFound, Refusal
from tocsin.core.facts import Change
from tocsin.core.record_claims import claims_named_by, claims_of
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateEntryPoint,
    CreateService,
    RemoveEntryPoint,
    UpdateEntryPoint,
)
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import EntryPoint
from tocsin.core.ticket import Assignee
from tocsin.core.words import Severity

PAY = CreateEntryPoint(
    entry_point_id="pay",
    name="Payments",
    words=("checkout", " credit card "),
    prompt="Anything about paying.",
    assignee="alpha-member",
    severity="P2",
    service="api",
    order=7,
)
REST = CreateEntryPoint(entry_point_id="rest", name="Everything else", is_fallback=True)


def wrong_fields(refused: pytest.ExceptionInfo[Refusal]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


def org(*commands: CreateEntryPoint) -> OrgInMemory:
    made = network()
    made.ask("service:api", CreateService(service_id="api", code="api", name="API"))
    for command in commands:
        made.ask(f"entry_point:{command.entry_point_id}", command)
    return made


def entry_point(made: OrgInMemory, identity: str = "pay") -> EntryPoint:
    found = made.states[f"entry_point:{identity}"]
    assert isinstance(found, EntryPoint)
    return found


def test_one_is_made_with_what_it_says() -> None:
    found = entry_point(org(PAY))

    assert (found.name, found.words) == ("Payments", ("checkout", "credit card"))
    assert found.assignee == Assignee(kind="member", id="alpha-member")
    assert (found.severity, found.service) == (Severity.SEV2, "api")
    assert (found.prompt, found.is_fallback, found.order) == ("Anything about paying.", False, 7)
    assert claims_of(found) == claims_named_by(PAY)


def test_each_field_is_changed_and_emptied() -> None:
    made = org(PAY)

    made.ask(
        "entry_point:pay",
        UpdateEntryPoint(
            name="Paying",
            words=("till",),
            prompt=None,
            assignee="alpha",
            severity="sev1",
            service=None,
            is_fallback=True,
            order=0,
        ),
    )
    found = entry_point(made)
    assert (found.name, found.words, found.prompt) == ("Paying", ("till",), None)
    assert found.assignee == Assignee(kind="contributor", id="alpha")
    assert (found.severity, found.service) == (Severity.SEV1, None)
    assert (found.is_fallback, found.order) == (True, 0)
    assert replayed(made.log) == made.states

    made.ask("entry_point:pay", UpdateEntryPoint(assignee=None, severity=None))
    assert (entry_point(made).assignee, entry_point(made).severity) == (None, None)
    assert made.decide("entry_point:pay", UpdateEntryPoint(name="Paying", words=("till",))) == ()


def test_a_change_says_old_and_new() -> None:
    (change,) = org(PAY).decide("entry_point:pay", UpdateEntryPoint(assignee="alpha"))

    assert change == RecordUpdated(
        changes=(
            Change(
                field="assignee",
                old={"kind": "member", "id": "alpha-member"},
                new={"kind": "contributor", "id": "alpha"},
            ),
        )
    )


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        org().ask(
            "entry_point:x",
            CreateEntryPoint(
                entry_point_id="x",
                name=" ",
                words=("ok", "OK", " ", "w" * 101, "two\nlines"),
                prompt="p" * 2_001,
                assignee="nobody",
                severity="dreadful",
                service="nothing",
                order=10_001,
            ),
        )

    assert wrong_fields(refused) == {
        "name": "required",
        "match.words[1]": "duplicate",
        "match.words[2]": "required",
        "match.words[3]": "too_long",
        "match.words[4]": "bad_character",
        "match.prompt": "too_long",
        "assignee": "unknown_member",
        "severity": "unknown_word",
        "service": "unknown_service",
        "order": "out_of_range",
    }


def test_a_hundred_words_and_no_more() -> None:
    words = tuple(f"word{number}" for number in range(101))
    made = org(CreateEntryPoint(entry_point_id="many", name="Many", words=words[:100]))

    with pytest.raises(Invalid) as refused:
        made.ask("entry_point:many", UpdateEntryPoint(words=words))
    assert wrong_fields(refused) == {"match.words": "too_many"}


def test_a_severity_that_the_org_does_not_use_is_refused() -> None:
    made = org()
    made.ask("policy:policy", ChangePolicy(severity_levels=3))

    with pytest.raises(Invalid) as refused:
        made.ask(
            "entry_point:x",
            CreateEntryPoint(entry_point_id="x", name="X", words=("x",), severity="sev4"),
        )
    assert wrong_fields(refused) == {"severity": "unknown_word"}


def test_one_that_nothing_could_lead_to_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        org(CreateEntryPoint(entry_point_id="x", name="X"))
    assert wrong_fields(refused) == {"match": "required"}

    made = org(PAY, REST)
    with pytest.raises(Invalid) as refused:
        made.ask("entry_point:pay", UpdateEntryPoint(words=(), prompt=None))
    assert wrong_fields(refused) == {"match": "required"}
    with pytest.raises(Invalid) as refused:
        made.ask("entry_point:rest", UpdateEntryPoint(is_fallback=False))
    assert wrong_fields(refused) == {"match": "required"}


def test_an_org_has_one_fallback() -> None:
    made = org(PAY, REST)
    second = CreateEntryPoint(entry_point_id="second", name="Second", is_fallback=True)

    with pytest.raises(Conflict) as refused:
        made.ask("entry_point:second", second)
    assert wrong_fields(refused) == {"is_fallback": "taken"}
    assert "set is_fallback false there first" in str(refused.value)
    with pytest.raises(Conflict):
        made.ask("entry_point:pay", UpdateEntryPoint(is_fallback=True))

    # Saying again what is so changes nothing, and takes nothing from anybody.
    assert made.decide("entry_point:rest", UpdateEntryPoint(is_fallback=True)) == ()
    made.ask("entry_point:rest", RemoveEntryPoint())
    made.ask("entry_point:second", second)
    assert entry_point(made, "second").is_fallback


def test_names_are_unique_until_they_are_free_again() -> None:
    made = org(PAY, REST)
    again = CreateEntryPoint(entry_point_id="again", name="Payments", words=("x",))

    with pytest.raises(Conflict) as refused:
        made.ask("entry_point:again", again)
    assert wrong_fields(refused) == {"name": "taken"}
    with pytest.raises(Conflict):
        made.ask("entry_point:rest", UpdateEntryPoint(name="Payments"))

    made.ask("entry_point:pay", RemoveEntryPoint())
    made.ask("entry_point:again", again)
    with pytest.raises(NotFound):
        made.ask("entry_point:pay", UpdateEntryPoint(name="Back"))
