"""Somebody for whom an adapter vouches, and what they may do, decided under the writer's lock."""

from __future__ import annotations

import pytest

from tests.handler.acting import House
from tocsin.core.claims import EXTERNAL_ID
from tocsin.core.commands import ChangeSeverity, Command, ReferenceDraft
from tocsin.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from tocsin.core.record_commands import (
    CreateOrg,
    RemoveMember,
    UpdateMember,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role
from tocsin.handler.submission import Outcome, Speaker, Submission

THREAD = "slack:T024:C061:1700000000.000100"


def member_id(home: House, name: str) -> str:
    with home.store.reading() as turn:
        members = turn.heads_of_sort(home.orgs["net"], "member")
    return next(head.state.id for head in members if getattr(head.state, "name", None) == name)


def say(
    home: House,
    name: str,
    command: Command,
    *,
    subject: str | None = None,
    at_most: Role | None = None,
    org: str = "net",
) -> Outcome:
    speaker = Speaker(member_id=member_id(home, name), at_most=at_most)
    return home.writer.do(
        Submission(
            org_id=home.orgs[org],
            sort="ticket",
            command=command,
            subject=subject,
            speaker=speaker,
            via="slack",
        )
    )


def test_a_member_speaks_for_themselves(home: House) -> None:
    opened = say(home, "owner", home.incident())

    (created,) = opened.events
    assert (created.actor.name, created.actor.contributor) == ("owner", "alpha")
    assert created.via == "slack"
    assert isinstance(opened.state, Ticket)
    assert opened.state.contributor_id is not None


def test_a_role_is_as_it_stands_now_and_at_most_what_the_adapter_says(home: House) -> None:
    subject = say(home, "owner", home.incident()).stream.partition(":")[2]
    lower = ChangeSeverity(severity="sev3")

    with pytest.raises(Forbidden):
        say(home, "admin", lower, subject=subject, at_most=Role.MEMBER)
    say(home, "admin", lower, subject=subject)

    home.system(
        "member",
        UpdateMember(role="viewer"),
        org_id=home.orgs["net"],
        subject=member_id(home, "admin"),
    )
    with pytest.raises(Forbidden):
        say(home, "admin", home.incident())


def test_who_has_gone_is_refused_and_members_of_other_orgs_are_nobody(home: House) -> None:
    speaker = Speaker(member_id=member_id(home, "owner"))
    with pytest.raises(Unauthenticated):
        say(home, "owner", home.incident(devices=()), org="elsewhere")

    home.system("member", RemoveMember(), org_id=home.orgs["net"], subject=speaker.member_id)
    with pytest.raises(Unauthenticated):
        home.writer.do(
            Submission(
                org_id=home.orgs["net"], sort="ticket", command=home.incident(), speaker=speaker
            )
        )


def test_nobody_founds_an_org_from_outside(home: House) -> None:
    command = CreateOrg(org_id=home.fresh(), code="mine", name="Mine")
    speaker = Speaker(member_id=member_id(home, "admin"))

    with pytest.raises(NotFound):
        home.writer.do(Submission(org_id=0, sort="org", command=command, speaker=speaker))


def test_one_conversation_opens_one_ticket_even_within_one_batch(home: House) -> None:
    chat = ReferenceDraft(kind="chat", url="https://acme.slack.com/", external_id=THREAD)
    speaker = Speaker(member_id=member_id(home, "owner"))
    asked = [
        Submission(
            org_id=home.orgs["net"],
            sort="ticket",
            command=home.incident(references=(chat,)),
            speaker=speaker,
            via="slack",
        )
        for _ in range(5)
    ]

    results = home.writer.do_all(asked)

    (opened,) = [one for one in results if isinstance(one, Outcome)]
    refused = [one for one in results if isinstance(one, Conflict)]
    assert len(refused) == 4
    assert isinstance(opened.state, Ticket)
    assert {one.holder for one in refused} == {opened.state.id}
    with home.store.reading() as turn:
        held = turn.claimed_by(home.orgs["net"], EXTERNAL_ID, THREAD)
        elsewhere = turn.claimed_by(home.orgs["elsewhere"], EXTERNAL_ID, THREAD)
    assert (held, elsewhere) == (opened.stream, None)
