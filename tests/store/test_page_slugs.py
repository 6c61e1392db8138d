"""The directory's half of status pages: which org's page is at an address; asked of each store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from tests.handler.acting import NOON
from tests.store.retelling import Teller
from tocsin.core.facts import SYSTEM, Change, Event, Payload
from tocsin.core.ids import event_id
from tocsin.core.record_facts import OrgCreated, RecordRemoved, RecordUpdated, StatusPageCreated
from tocsin.store.contract import PageRow, Store

Told = Callable[..., None]


@pytest.fixture
def tell(store: Store) -> Told:
    """Writes facts ``(org, stream, payload)`` in one turn, to a store with two orgs."""
    teller = Teller(store)
    log: list[Event] = []

    def say(*facts: tuple[int, str, Payload]) -> None:
        events = []
        for org_id, stream, payload in facts:
            position = len(log) + 1
            at = NOON + timedelta(microseconds=position)
            version = 1 + sum((one.org_id, one.stream) == (org_id, stream) for one in log)
            event = Event(
                id=event_id(at, position),
                org_id=org_id,
                stream=stream,
                version=version,
                position=position,
                recorded_at=at,
                actor=SYSTEM,
                via="clock",
                payload=payload,
            )
            log.append(event)
            events.append(event)
        teller.write(teller.batch(events))

    say((1, "org:1", OrgCreated(code="net", name="Net")))
    say((2, "org:2", OrgCreated(code="other", name="Other")))
    return say


def page(code: str) -> StatusPageCreated:
    return StatusPageCreated(code=code, name=code)


def at(store: Store, slug: str) -> PageRow | None:
    with store.reading() as turn:
        return turn.page(slug)


def test_an_address_leads_to_its_page(store: Store, tell: Told) -> None:
    tell((2, "status_page:b", page("main")), (1, "status_page:a", page("acme")))

    acme = PageRow(slug="acme", org_id=1, stream="status_page:a")
    main = PageRow(slug="main", org_id=2, stream="status_page:b")
    assert (at(store, "acme"), at(store, "main")) == (acme, main)
    assert (at(store, "ACME"), at(store, "")) == (None, None)
    with store.reading() as turn:
        assert list(turn.pages()) == [acme, main]
        assert turn.claimed_by(1, "status_page_code", "acme") == "status_page:a"


def test_it_moves_with_the_page_and_goes_with_it(store: Store, tell: Told) -> None:
    tell((1, "status_page:a", page("acme")))
    moved = RecordUpdated(changes=(Change(field="code", old="acme", new="status"),))
    renamed = RecordUpdated(changes=(Change(field="name", old="acme", new="Acme"),))

    tell((1, "status_page:a", moved))
    tell((1, "status_page:a", renamed))
    assert at(store, "acme") is None
    assert at(store, "status") == PageRow(slug="status", org_id=1, stream="status_page:a")

    tell((1, "status_page:a", RecordRemoved(at=NOON)))
    assert at(store, "status") is None


def test_it_goes_from_org_to_org_in_one_turn(store: Store, tell: Told) -> None:
    tell((1, "status_page:a", page("main")))

    tell((2, "status_page:b", page("main")), (1, "status_page:a", RecordRemoved(at=NOON)))
    assert at(store, "main") == PageRow(slug="main", org_id=2, stream="status_page:b")


def test_two_orgs_never_have_the_same(store: Store, tell: Told) -> None:
    tell((1, "status_page:a", page("main")))

    # A mistake of the writer's, not of the storage: it has looked, under its lock.
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError)):
        tell((2, "status_page:b", page("main")))
    assert at(store, "main") == PageRow(slug="main", org_id=1, stream="status_page:a")
