"""Stories of subscriptions to status pages: who may, who is told of what, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.records_in_memory import NOON, OrgInMemory, network, replayed
from tocsin.core.commands import Redact
from tocsin.core.errors import Conflict, Invalid, NotFound, Refusal
from tocsin.core.facts import SYSTEM, Event
from tocsin.core.public_notices import PublicNotice, PublicWords
from tocsin.core.record_claims import claims_of
from tocsin.core.record_commands import (
    CreateService,
    CreateStatusPage,
)
from tocsin.core.records import StatusPage, Subscription
from tocsin.core.subscription_commands import CreateSubscription, RemoveSubscription
from tocsin.core.subscriptions import (
    TAKEN_KINDS,
    audience,
    claim_of,
    route_of,
    told_by,
    told_on,
)
from tocsin.core.ticket import PublicUpdate, ServiceImpact, Ticket
from tocsin.core.ticket_facts import NoteAdded, PublicUpdatePosted
from tocsin.core.ticket_fold import REMOVED
from tocsin.core.words import DestinationKind, Severity, Status, TicketType

ANN = CreateSubscription(
    subscription_id="ann", page="main", kind="email", address="Ann@example.org", asked_at=NOON
)
CODES = ("api", "dns", "mail")


def org(*commands: CreateSubscription) -> OrgInMemory:
    made = network()
    for code in CODES:
        service = CreateService(service_id=f"{code}-id", code=code, name=code.upper())
        made.ask(f"service:{code}-id", service)
    for code, services in (("main", ("api", "dns")), ("whole", ())):
        page = CreateStatusPage(status_page_id=code, code=code, name="Acme", services=services)
        made.ask(f"status_page:{code}", page)
    for command in commands:
        made.ask(f"subscription:{command.subscription_id}", command)
    return made


def found(made: OrgInMemory, identity: str = "ann") -> Subscription:
    state = made.states[f"subscription:{identity}"]
    assert isinstance(state, Subscription)
    return state


def wrong_fields(refused: pytest.ExceptionInfo[Refusal]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


# -- what is kept --------------------------------------------------------------------------------


def test_one_is_kept_with_what_was_confirmed() -> None:
    made = org(replace(ANN, services=("dns-id", "api", "dns")))
    one = found(made)
    assert (one.page_id, one.kind, one.address) == ("main", "email", "Ann@example.org")
    assert (one.services, one.asked_at, one.secret_id) == (("api", "dns"), NOON, None)
    assert replayed(made.log)["subscription:ann"] == one


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"kind": "pigeon"}, {"kind": "unknown_word"}),
        ({"kind": "airtable"}, {"kind": "unknown_word"}),
        ({"page": "nowhere"}, {"page": "unknown_page"}),
        ({"address": "nobody"}, {"address": "bad_address"}),
        ({"kind": "webhook", "address": "ftp://a.example"}, {"address": "bad_address"}),
        ({"kind": "slack", "address": ""}, {"address": "required"}),
        ({"services": ("mail",)}, {"services[0]": "unknown_service"}),
        ({"services": ("api", "none")}, {"services[1]": "unknown_service"}),
        ({"services": ("api",) * 201}, {"services": "too_many"}),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        org(replace(ANN, **changed))
    assert wrong_fields(refused) == wrong


def test_a_page_of_the_whole_org_has_all_services() -> None:
    assert found(org(replace(ANN, page="whole", services=("mail",)))).services == ("mail",)


def test_an_address_is_told_once_on_a_page_in_whatever_case() -> None:
    made = org(ANN)
    again = replace(ANN, subscription_id="again", address="aNN@EXAMPLE.org")
    with pytest.raises(Conflict):
        made.ask("subscription:again", again)
    with pytest.raises(Conflict):
        made.ask("subscription:ann", ANN)
    made.ask("subscription:again", replace(again, page="whole"))
    made.ask("subscription:ann", RemoveSubscription())
    made.ask("subscription:third", replace(again, subscription_id="third"))


def test_chats_hold_nothing_since_their_address_is_not_known() -> None:
    chat = replace(ANN, kind="slack", address="hooks.slack.com", secret_id="s")
    made = org(chat, replace(chat, subscription_id="other"))
    assert claims_of(found(made)) == claims_of(found(made, "other")) == frozenset()
    hook = claim_of(page_id="p", kind=DestinationKind.WEBHOOK, address="https://a.example/X")
    assert hook == ("subscription", "p webhook https://a.example/X")
    assert claim_of(page_id="p", kind=DestinationKind.EMAIL, address=REMOVED) is None


def test_one_that_is_over_is_over_and_can_still_be_forgotten() -> None:
    made = org(ANN)
    made.ask("subscription:ann", RemoveSubscription())
    assert found(made).removed_at is not None
    with pytest.raises(NotFound):
        made.ask("subscription:ann", RemoveSubscription())
    erase = Redact(event="e", fields=("address",), remaining_digest="d")
    (payload,) = made.ask("subscription:ann", erase)
    assert made.log[-1].kind == "subscription.redacted"
    assert getattr(payload, "fields", None) == ("address",)
    with pytest.raises(Invalid):
        made.ask("subscription:ann", Redact(event="e", fields=("page_id",), remaining_digest="d"))


def test_as_a_route_it_has_its_id_and_nobodys_name() -> None:
    for kind in TAKEN_KINDS:
        address = {"email": "a@b.example", "webhook": "https://b.example/"}.get(kind, "slack")
        made = org(replace(ANN, kind=kind.value, address=address, secret_id="s"))
        route = route_of(found(made))
        assert (route.id, route.name, route.enabled) == ("ann", "subscriptions", True)
        goes = route.destination
        assert (goes.kind, goes.secret_id) == (kind, "s")
        assert goes.address == (address if kind is DestinationKind.EMAIL else None)
        assert goes.url == (address if kind is DestinationKind.WEBHOOK else None)


# -- who is told ---------------------------------------------------------------------------------


def page(*services: str, code: str = "main") -> StatusPage:
    return StatusPage(
        id=f"{code}-id",
        created_at=NOON,
        updated_at=NOON,
        version=1,
        code=code,
        name="Acme",
        services=services,
    )


def subscription(identity: str, *services: str, page_id: str = "main-id") -> Subscription:
    return Subscription(
        id=identity,
        created_at=NOON,
        updated_at=NOON,
        version=1,
        page_id=page_id,
        kind=DestinationKind.EMAIL,
        address=f"{identity}@example.org",
        services=services,
    )


def posted(
    *services: str, pages: tuple[str, ...] = (), status: str = "investigating"
) -> PublicUpdatePosted:
    return PublicUpdatePosted(
        public_update_id="u",
        title="Slow",
        status=status,
        body="We look.",
        services=tuple(ServiceImpact(code=code, impact="degraded") for code in services),
        pages=pages,
    )


def event(payload: Any) -> Event:
    return Event(
        id="e",
        org_id=1,
        stream="incident:i",
        version=2,
        position=7,
        recorded_at=NOON,
        actor=SYSTEM,
        via="api",
        payload=payload,
    )


def ticket(*named: str, updates: int = 1) -> Ticket:
    return Ticket(
        id="i",
        ref="I20261120-aaaa",
        type=TicketType.INCIDENT,
        version=2,
        title="Internal",
        description="Internal.",
        created_by=SYSTEM,
        via="api",
        last_word_at=NOON,
        severity=Severity.SEV2,
        status=Status.OPEN,
        created_at=NOON,
        updated_at=NOON,
        start_at=NOON,
        detected_at=NOON,
        last_status_at=NOON,
        public_updates=tuple(
            PublicUpdate(id=f"u{number}", status="investigating", posted_at=NOON)
            for number in range(updates)
        ),
        public_impacts=tuple(ServiceImpact(code=code, impact="degraded") for code in named),
    )


def told(payload: Any, after: Ticket, *of: Subscription, on: StatusPage) -> list[str]:
    found = told_by(event(payload), after, [audience(on, of)])
    return [one.route_id for one in found]


EVERYBODY = (subscription("all"), subscription("dns", "dns"), subscription("api", "api"))


def test_a_public_update_is_told_to_who_wants_to_know_of_its_services() -> None:
    on = page("api", "dns")
    assert told(posted("api"), ticket("api"), *EVERYBODY, on=on) == ["all", "api"]
    assert told(posted(), ticket(), *EVERYBODY, on=on) == ["all", "api", "dns"]
    assert told(posted("mail"), ticket("mail"), *EVERYBODY, on=on) == []
    # What it was about before it is still about.
    assert told(posted(), ticket("dns", updates=2), *EVERYBODY, on=on) == ["all", "dns"]


def test_nothing_else_is_told_to_anybody() -> None:
    note = NoteAdded(update_id="n", body="Internal.")
    assert told(note, ticket("api"), *EVERYBODY, on=page("api")) == []


def test_those_of_other_pages_and_those_who_have_left_are_not_told() -> None:
    left = replace(subscription("left"), removed_at=NOON)
    other = subscription("other", page_id="other-id")
    assert told(posted(), ticket(), left, other, on=page()) == []


def test_an_update_for_some_pages_is_told_there() -> None:
    on = page("api")
    elsewhere = posted("api", pages=("other",))
    assert told(elsewhere, ticket("api"), *EVERYBODY, on=on) == []
    assert told(elsewhere, ticket("api", updates=2), *EVERYBODY, on=on) == []
    here = posted("api", pages=("main",))
    assert told(here, ticket("api"), *EVERYBODY, on=on) == ["all", "api"]
    over = posted("api", pages=("other",), status="resolved")
    assert told(over, ticket("api", updates=2), *EVERYBODY, on=on) == ["all", "api"]
    assert told(over, ticket("api"), *EVERYBODY, on=on) == []


def words(number: int, *services: str, pages: tuple[str, ...] = (), status: str) -> PublicWords:
    return PublicWords(
        id=f"u{number}",
        status=status,
        title="Slow",
        body="We look.",
        posted_at=NOON,
        services=tuple(ServiceImpact(code=code, impact="degraded") for code in services),
        pages=pages,
        event=f"e{number}",
    )


def notice(*updates: PublicWords) -> PublicNotice:
    return PublicNotice(
        stream="incident:i",
        ref="I20261120-aaaa",
        kind=TicketType.INCIDENT,
        severity=Severity.SEV2,
        updates=updates,
    )


def test_what_counts_on_a_page_is_what_was_said_there_and_that_it_is_over() -> None:
    told_of = notice(
        words(1, "mail", status="investigating"),
        words(2, "api", status="identified"),
        words(3, status="monitoring"),
        words(4, pages=("other",), status="monitoring"),
        words(5, pages=("other",), status="resolved"),
    )
    assert told_on(page("api"), told_of) == {"u2": True, "u3": True, "u5": False}
    assert told_on(page("dns"), told_of) == {}
    assert told_on(page(), told_of) == {"u1": True, "u2": True, "u3": True, "u5": False}


STATUSES = st.sampled_from(["investigating", "monitoring", "resolved"])
UPDATES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CODES), unique=True, max_size=2),
        st.sampled_from([(), ("main",), ("other",), ("main", "other")]),
        STATUSES,
    ),
    min_size=1,
    max_size=5,
)


@given(UPDATES, st.lists(st.sampled_from(CODES), unique=True))
def test_whoever_sees_an_update_on_the_page_was_promised_it(
    said: list[tuple[list[str], tuple[str, ...], str]], services: list[str]
) -> None:
    """What is decided at the commit is never less than what the page then shows."""
    on = page(*services)
    all_words = [
        words(number, *codes, pages=pages, status=status)
        for number, (codes, pages, status) in enumerate(said)
    ]
    shown = told_on(on, notice(*all_words))
    named: set[str] = set()
    for number, (codes, pages, status) in enumerate(said):
        named.update(codes)
        after = ticket(*sorted(named), updates=number + 1)
        payload = posted(*codes, pages=pages, status=status)
        promised = told(payload, after, subscription("all"), on=on)
        if f"u{number}" in shown:
            assert promised == ["all"]
