"""Stories of status pages, and which of them a public update is on."""

from __future__ import annotations

import pytest

from tests.core.records_in_memory import OrgInMemory, network, replayed
from tocsin.core.claims import STATUS_PAGE_CODE
from tocsin.core.errors import Conflict, Invalid, NotFound, Refusal
from tocsin.core.facts import Change
from tocsin.core.record_claims import claims_named_by, claims_of
from tocsin.core.record_commands import (
    CreateService,
    CreateStatusPage,
    PageGroupDraft,
    RemoveService,
    RemoveStatusPage,
    UpdateStatusPage,
    replacing,
)
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import PageGroup, StatusPage
from tocsin.core.status_pages import is_slug, shows

MAIN = CreateStatusPage(
    status_page_id="main",
    code="main",
    name="Acme",
    services=("dns", "api"),
    groups=(PageGroupDraft(name="Web", services=("api",)),),
    time_zone="Europe/Berlin",
    about="How Acme is.",
    support_url="https://acme.example/help",
    accent="#1F6FEB",
)
BARE = CreateStatusPage(status_page_id="bare", code="bare", name="Bare")


def wrong_fields(refused: pytest.ExceptionInfo[Refusal]) -> dict[str, str]:
    return {error.field: error.code for error in refused.value.errors}


def org(*commands: CreateStatusPage) -> OrgInMemory:
    made = network()
    for code in ("api", "dns", "mail"):
        service = CreateService(service_id=f"{code}-id", code=code, name=code.upper())
        made.ask(f"service:{code}-id", service)
    for command in commands:
        made.ask(f"status_page:{command.status_page_id}", command)
    return made


def page(made: OrgInMemory, identity: str = "main") -> StatusPage:
    found = made.states[f"status_page:{identity}"]
    assert isinstance(found, StatusPage)
    return found


def test_one_is_made_with_what_it_says() -> None:
    found = page(org(MAIN))

    assert (found.code, found.name, found.services) == ("main", "Acme", ("dns", "api"))
    assert found.groups == (PageGroup(name="Web", services=("api",)),)
    assert (found.time_zone, found.about) == ("Europe/Berlin", "How Acme is.")
    assert (found.support_url, found.accent) == ("https://acme.example/help", "#1f6feb")
    assert claims_of(found) == claims_named_by(MAIN) == {(STATUS_PAGE_CODE, "main")}


def test_one_may_say_little() -> None:
    found = page(org(BARE), "bare")

    assert (found.services, found.groups, found.time_zone) == ((), (), "UTC")
    assert (found.about, found.support_url, found.accent) == (None, None, None)


def test_the_network_is_shown_only_where_somebody_wants_that() -> None:
    made = org(MAIN, BARE)
    assert not page(made).shows_network
    assert not page(made, "bare").shows_network

    made.ask("status_page:main", UpdateStatusPage(shows_network=True))

    assert page(made).shows_network
    assert not page(made, "bare").shows_network
    assert made.decide("status_page:main", UpdateStatusPage(shows_network=True)) == ()
    made.ask("status_page:main", replacing(MAIN))
    assert not page(made).shows_network
    assert replayed(made.log) == made.states


def test_services_are_named_by_code_or_id_and_kept_by_code() -> None:
    made = org()
    made.ask(
        "status_page:p",
        CreateStatusPage(
            status_page_id="p",
            code="p",
            name="P",
            services=("mail-id", "api"),
            groups=(PageGroupDraft(name="All", services=("api-id", "mail")),),
        ),
    )

    assert page(made, "p").services == ("mail", "api")
    assert page(made, "p").groups == (PageGroup(name="All", services=("api", "mail")),)


def test_each_field_is_changed_and_emptied() -> None:
    made = org(MAIN)

    made.ask(
        "status_page:main",
        UpdateStatusPage(
            code="status",
            name="Acme Inc.",
            services=("mail", "dns"),
            groups=(PageGroupDraft(name="Core", services=("dns", "mail")),),
            time_zone="UTC",
            about=None,
            support_url=None,
            accent=None,
        ),
    )
    found = page(made)
    assert (found.code, found.name, found.services) == ("status", "Acme Inc.", ("mail", "dns"))
    assert found.groups == (PageGroup(name="Core", services=("dns", "mail")),)
    assert (found.time_zone, found.about, found.support_url, found.accent) == (
        "UTC",
        None,
        None,
        None,
    )
    assert claims_of(found) == {(STATUS_PAGE_CODE, "status")}
    assert replayed(made.log) == made.states


def test_saying_the_same_again_changes_nothing() -> None:
    made = org(MAIN)

    assert made.decide("status_page:main", replacing(MAIN)) == ()
    assert made.decide("status_page:main", UpdateStatusPage()) == ()


def test_a_change_carries_old_and_new() -> None:
    made = org(MAIN)

    assert made.decide("status_page:main", UpdateStatusPage(accent="#000000")) == (
        RecordUpdated(changes=(Change(field="accent", old="#1f6feb", new="#000000"),)),
    )


def test_a_service_that_leaves_the_page_leaves_its_groups() -> None:
    made = org(MAIN)

    made.ask("status_page:main", UpdateStatusPage(services=("dns",)))
    assert (page(made).services, page(made).groups) == (("dns",), ())
    assert replayed(made.log) == made.states


def test_a_service_that_is_gone_does_not_hinder_other_changes() -> None:
    made = org(MAIN)
    made.ask("service:api-id", RemoveService())

    made.ask("status_page:main", UpdateStatusPage(name="Acme again"))
    assert page(made).services == ("dns", "api")
    with pytest.raises(Invalid) as refused:
        made.decide("status_page:main", UpdateStatusPage(services=("dns", "api")))
    assert wrong_fields(refused) == {"services[1]": "unknown_service"}


def test_every_wrong_field_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        org().decide(
            "status_page:x",
            CreateStatusPage(
                status_page_id="x",
                code="Not a slug",
                name=" ",
                services=("api", "nowhere", "api"),
                time_zone="../etc/passwd",
                about="",
                support_url="http://acme.example",
                accent="red",
            ),
        )

    assert wrong_fields(refused) == {
        "code": "bad_character",
        "name": "required",
        "services[1]": "unknown_service",
        "services[2]": "duplicate",
        "time_zone": "unknown_zone",
        "about": "required",
        "support_url": "bad_address",
        "accent": "bad_colour",
    }


@pytest.mark.parametrize(
    ("groups", "wrong"),
    [
        ((("A", ("mail",)),), {"groups[0].services": "not_shown"}),
        ((("A", ()),), {"groups[0].services": "required"}),
        ((("A", ("api",)), ("B", ("api",))), {"groups[1].services": "duplicate"}),
        ((("A", ("api",)), ("a", ("dns",))), {"groups[1].name": "duplicate"}),
        ((("", ("api",)),), {"groups[0].name": "required"}),
        ((("A", ("nowhere",)),), {"groups[0].services[0]": "unknown_service"}),
        (tuple((f"G{n}", ("api",)) for n in range(51)), {"groups": "too_many"}),
    ],
)
def test_a_group_that_cannot_be_shown_is_refused(
    groups: tuple[tuple[str, tuple[str, ...]], ...], wrong: dict[str, str]
) -> None:
    drafts = tuple(PageGroupDraft(name=name, services=services) for name, services in groups)

    with pytest.raises(Invalid) as refused:
        org(MAIN).decide("status_page:main", UpdateStatusPage(groups=drafts))
    assert wrong_fields(refused) == wrong


def test_there_is_an_end_to_services() -> None:
    with pytest.raises(Invalid) as refused:
        org(MAIN).decide(
            "status_page:main", UpdateStatusPage(services=tuple(f"s{n}" for n in range(201)))
        )
    assert wrong_fields(refused) == {"services": "too_many"}


@pytest.mark.parametrize("text", ["a", "7", "main", "acme-core-2", "a" * 32, "a--b"])
def test_a_slug(text: str) -> None:
    assert is_slug(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", "A", "a_b", "a.b", "a:b", "a/b", "a" * 33, "ä", "a\n"]
)
def test_no_slug(text: str) -> None:
    assert not is_slug(text)
    with pytest.raises(Invalid) as refused:
        org(MAIN).decide("status_page:main", UpdateStatusPage(code=text))
    assert set(wrong_fields(refused)) == {"code"}


def test_an_address_is_one_page_s_until_it_is_removed() -> None:
    made = org(MAIN, BARE)

    with pytest.raises(Conflict) as refused:
        made.decide("status_page:bare", UpdateStatusPage(code="main"))
    assert wrong_fields(refused) == {"code": "taken"}

    made.ask("status_page:main", RemoveStatusPage())
    assert claims_of(page(made)) == frozenset()
    made.ask("status_page:bare", UpdateStatusPage(code="main"))
    with pytest.raises(NotFound):
        made.decide("status_page:main", UpdateStatusPage(name="Back"))
    with pytest.raises(Conflict):
        made.decide("status_page:main", MAIN)
    assert replayed(made.log) == made.states


def test_an_update_is_where_its_services_are() -> None:
    main, bare = page(org(MAIN)), page(org(BARE), "bare")

    def on(pages: tuple[str, ...] = (), services: tuple[str, ...] = ()) -> tuple[bool, bool]:
        return (
            shows(main, pages=pages, services=services),
            shows(bare, pages=pages, services=services),
        )

    assert on(services=("api",)) == (True, True)
    assert on(services=("mail", "dns")) == (True, True)
    # A page without services is about the whole org.
    assert on(services=("mail",)) == (False, True)
    assert on() == (True, True)
    # Pages that are named are meant, and no other.
    assert on(pages=("main",)) == (True, False)
    assert on(pages=("bare",), services=("api",)) == (False, True)
    assert on(pages=("main", "bare"), services=("mail",)) == (True, True)
    assert on(pages=("gone",)) == (False, False)
