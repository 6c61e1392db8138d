"""Stories of saved views: whose they are, and who may share and change them."""

from __future__ import annotations

import pytest

from tests.core.records_in_memory import OrgInMemory, network, replayed
from tocsin.core.errors import Conflict, Forbidden, Invalid, NotFound
from tocsin.core.evidence import Access
from tocsin.core.facts import Change
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import View
from tocsin.core.view_commands import CreateView, RemoveView, UpdateView
from tocsin.core.views import LONGEST_QUERY, shown_to
from tocsin.core.words import Role

NIGHT = CreateView(view_id="night", name="Night shift", query="type=incident&active=true")


def by(name: str, role: Role = Role.MEMBER, contributor: str | None = None) -> Access:
    return Access(role=role, member_id=name, contributor_id=contributor)


def view(org: OrgInMemory) -> View:
    found = org.states["view:night"]
    assert isinstance(found, View)
    return found


def saved(*, shared: bool = False, role: Role = Role.ONCALL_ENGINEER) -> OrgInMemory:
    org = network()
    made = CreateView(view_id="night", name=NIGHT.name, query=NIGHT.query, shared=shared)
    org.ask("view:night", made, access=by("mia", role))
    return org


def test_a_view_is_whose_it_is_asked_by() -> None:
    org = saved()

    assert (view(org).name, view(org).query) == ("Night shift", "type=incident&active=true")
    assert (view(org).member_id, view(org).shared) == ("mia", False)
    assert replayed(org.log)["view:night"] == view(org)


def test_it_is_shown_to_its_member_and_shared_to_everybody() -> None:
    assert shown_to(view(saved()), by("mia"))
    assert not shown_to(view(saved()), by("jan", Role.ORG_ADMIN))
    assert shown_to(view(saved(shared=True)), by("jan", Role.VIEWER))


def test_it_is_changed_and_forgotten() -> None:
    org = saved()
    (payload,) = org.ask(
        "view:night", UpdateView(name="Night", query=NIGHT.query), access=by("mia")
    )

    assert payload == RecordUpdated(changes=(Change(field="name", old="Night shift", new="Night"),))
    assert not org.ask("view:night", UpdateView(name="Night"), access=by("mia"))
    org.ask("view:night", RemoveView(), access=by("mia"))
    assert view(org).removed_at is not None
    with pytest.raises(NotFound):
        org.ask("view:night", UpdateView(name="again"), access=by("mia"))
    with pytest.raises(Conflict):
        org.ask("view:night", NIGHT, access=by("mia"))


@pytest.mark.parametrize(
    "query",
    [
        "?active=true",
        "active",
        "active=true#here",
        "<script>=1",
        "q=a b",
        "q=\u202ea",
        "a=1&&b=2",
        "javascript:alert(1)",
        "a=" + "1" * LONGEST_QUERY,
    ],
)
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(Invalid) as refused:
        network().ask("view:v", CreateView(view_id="v", name="v", query=query))
    assert [error.field for error in refused.value.errors] == ["query"]
    with pytest.raises(Invalid):
        saved().ask("view:night", UpdateView(query=query), access=by("mia"))


def test_a_view_of_everything_has_an_empty_query() -> None:
    org = saved()
    org.ask("view:night", UpdateView(query=""), access=by("mia"))
    assert view(org).query == ""


@pytest.mark.parametrize("command", [UpdateView(name="x"), RemoveView()])
def test_a_members_own_is_nobody_elses(command: UpdateView | RemoveView) -> None:
    org = saved()
    for role in Role:
        with pytest.raises(Forbidden):
            org.ask("view:night", command, access=by("jan", role))
    with pytest.raises(Forbidden):
        org.ask("view:night", command, access=by("mia", Role.VIEWER))
    assert org.ask("view:night", command, access=by("mia", Role.MEMBER, "alpha"))


@pytest.mark.parametrize("command", [UpdateView(name="x"), RemoveView()])
def test_what_everybody_has_takes_more(command: UpdateView | RemoveView) -> None:
    for access, done in (
        (by("mia", Role.MEMBER), False),
        (by("mia", Role.ONCALL_ENGINEER), True),
        (by("mia", Role.ONCALL_ENGINEER, "alpha"), False),
        (by("jan", Role.ONCALL_ENGINEER), False),
        (by("jan", Role.SRE_LEAD), True),
        (by("jan", Role.SRE_LEAD, "alpha"), False),
    ):
        org = saved(shared=True)
        if done:
            assert org.ask("view:night", command, access=access)
        else:
            with pytest.raises(Forbidden):
                org.ask("view:night", command, access=access)


def test_sharing_ones_own_takes_more() -> None:
    with pytest.raises(Forbidden, match="sharing a view"):
        saved().ask("view:night", UpdateView(shared=True), access=by("mia"))
    org = saved()
    org.ask("view:night", UpdateView(shared=True), access=by("mia", Role.ONCALL_ENGINEER))
    assert view(org).shared
