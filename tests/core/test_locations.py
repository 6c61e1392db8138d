"""Stories of locations and exchanges: named, placed on the map, changed, forgotten."""

from __future__ import annotations

import math

import pytest

from tests.core.records_in_memory import OrgInMemory, network, pubkey, replayed
from tocsin.core.errors import Conflict, Invalid, KeptByLedger, NotFound
from tocsin.core.evidence import Access
from tocsin.core.facts import Change
from tocsin.core.location_commands import CreateLocation, RemoveLocation, UpdateLocation
from tocsin.core.provisioning.words import LocationKind
from tocsin.core.record_facts import RecordUpdated
from tocsin.core.records import Location
from tocsin.core.words import Role

AMS = "location:ams"
ADMIN = Access(role=Role.ORG_ADMIN, member_id="admin")


def place(org: OrgInMemory, stream: str = AMS) -> Location:
    found = org.states[stream]
    assert isinstance(found, Location)
    return found


def named(**given: object) -> OrgInMemory:
    org = network()
    fields = {"kind": "Exchange", "country": "nl", "lat": 52.37021649, "lng": 4.0} | given
    org.ask(AMS, CreateLocation(location_id="ams", code="ams", name="Amsterdam", **fields))  # type: ignore[arg-type]
    return org


def test_a_place_is_named_and_placed() -> None:
    org = named()

    found = place(org)
    assert (found.code, found.name, found.kind) == ("ams", "Amsterdam", LocationKind.EXCHANGE)
    assert (found.country, found.lat, found.lng) == ("NL", 52.370216, 4.0)
    assert replayed(org.log)[AMS] == found


def test_a_change_says_what_was_and_survives_being_told_again() -> None:
    org = named()

    (fact,) = org.ask(AMS, UpdateLocation(name="Amsterdam", kind="location", lat=-52, lng=5))

    assert fact == RecordUpdated(
        changes=(
            Change(field="kind", old="exchange", new="location"),
            Change(field="lat", old=52.370216, new=-52.0),
            Change(field="lng", old=4.0, new=5.0),
        )
    )
    assert place(org).kind is LocationKind.LOCATION
    assert isinstance(place(org).lat, float)
    assert replayed(org.log)[AMS] == place(org)
    assert org.ask(AMS, UpdateLocation(lat=-52.0, code="ams")) == ()
    org.ask(AMS, UpdateLocation(lat=None, lng=None, country=None))
    assert (place(org).country, place(org).lat, place(org).lng) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"lat": 90.1}, "lat"),
        ({"lng": -180.5}, "lng"),
        ({"lat": math.nan}, "lat"),
        ({"lng": math.inf}, "lng"),
        ({"lat": None}, "lat"),
        ({"lng": None}, "lng"),
        ({"country": "Netherlands"}, "country"),
        ({"country": "ß"}, "country"),
        ({"kind": "planet"}, "kind"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        named(**given)
    assert {error.field for error in refused.value.errors} == {field}

    org = named()
    with pytest.raises(Invalid) as refused:
        org.ask(AMS, UpdateLocation(**given))  # type: ignore[arg-type]
    assert {error.field for error in refused.value.errors} == {field}


def test_a_code_is_one_places_until_that_is_forgotten() -> None:
    org = named()
    again = CreateLocation(location_id="other", code="ams", name="Another")

    with pytest.raises(Conflict):
        org.ask("location:other", again)
    org.ask("location:fra", CreateLocation(location_id="fra", code="fra", name="Frankfurt"))
    with pytest.raises(Conflict):
        org.ask("location:fra", UpdateLocation(code="ams"))

    org.ask(AMS, RemoveLocation())
    org.ask("location:other", again)
    with pytest.raises(NotFound):
        org.ask(AMS, UpdateLocation(name="x"))


def test_a_place_that_a_ledger_keeps_is_changed_there_until_it_is_let_go() -> None:
    org = named(pubkey=pubkey(50))
    with pytest.raises(KeptByLedger, match="ams"):
        org.ask(AMS, UpdateLocation(name="Ours"), ADMIN)
    with pytest.raises(KeptByLedger):
        org.ask(AMS, RemoveLocation(), ADMIN)
    assert org.ask(AMS, UpdateLocation(name="Amsterdam"), ADMIN) == (), "nothing changes"

    org.ask(AMS, UpdateLocation(name="Amsterdam 2"))
    assert place(org).name == "Amsterdam 2"
    with pytest.raises(Invalid):
        org.ask(AMS, UpdateLocation(pubkey="nobody"))

    org.ask(AMS, UpdateLocation(pubkey=None))
    assert org.ask(AMS, UpdateLocation(name="Ours"), ADMIN)
    assert replayed(org.log)[AMS] == place(org)
