"""What an older release could not read is not written while one may be at work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.handler.acting import House
from tocsin.core.commands import AddReference, ReferenceDraft
from tocsin.core.errors import Conflict
from tocsin.core.location_commands import CreateLocation
from tocsin.core.record_commands import (
    CreateEntryPoint,
    CreateMember,
    CreateStatusPage,
    UpdateMember,
)
from tocsin.core.releases import CODE
from tocsin.core.view_commands import CreateView
from tocsin.handler.writer import Writer
from tocsin.store.postgres.writing import PostgresWriteTurn
from tocsin.store.sqlite.writing import SqliteWriteTurn

CHAT = ReferenceDraft(kind="chat", url="https://acme.slack.com/", external_id="slack:T1:C1:1.1")


def let_older_work(home: House) -> None:
    """Have the database say that the first release may be at work."""
    statement = "UPDATE house SET value = '1' WHERE name = 'oldest_code'"
    with home.store.writing() as turn:
        if isinstance(turn, PostgresWriteTurn):
            turn.scoped.of(None, statement)
        else:
            assert isinstance(turn, SqliteWriteTurn)
            turn.connection.execute(statement)
        turn.commit()


@pytest.fixture
def mixed(home: House) -> Iterator[House]:
    """A house in which an older release may be at work beside a writer that has just begun."""
    let_older_work(home)
    home.writer.stop()
    fresh = Writer(
        store=home.store,
        clock=home.clock,
        entropy=lambda: next(home.numbers),
        seal=lambda secret: secret[::-1],
    )
    fresh.start()
    home.writer = fresh
    yield home
    fresh.stop()


def add_entry_point(home: House) -> None:
    command = CreateEntryPoint(entry_point_id=home.fresh(), name="network", words=("bgp",))
    home.ask("admin", command, sort="entry_point")


def test_a_new_database_has_nobody_older(home: House) -> None:
    with home.store.reading() as turn:
        assert turn.oldest_code() == CODE

    add_entry_point(home)


def test_what_is_new_waits_until_the_older_ones_are_gone(mixed: House) -> None:
    opened = mixed.ask("owner", mixed.incident())
    subject = opened.stream.partition(":")[2]
    person = CreateMember(member_id=mixed.fresh(), name="Mia", role="member")
    mixed.ask("admin", person, sort="member")
    page = CreateStatusPage(status_page_id=mixed.fresh(), code="main", name="Main")
    view = CreateView(view_id=mixed.fresh(), name="Night", query="active=true")
    place = CreateLocation(location_id=mixed.fresh(), code="ams", name="Amsterdam")
    linked = UpdateMember(slack_user_id="U024", slack_team_id="T024")

    for refused in (
        lambda: add_entry_point(mixed),
        lambda: mixed.ask("admin", page, sort="status_page"),
        lambda: mixed.ask("owner", view, sort="view"),
        lambda: mixed.ask("admin", place, sort="location"),
        lambda: mixed.ask("owner", AddReference(reference=CHAT), subject=subject),
        lambda: mixed.ask("admin", linked, sort="member", subject=person.member_id),
        lambda: mixed.ask("owner", mixed.incident(references=(CHAT,))),
    ):
        with pytest.raises(Conflict, match="db migrate --finish"):
            refused()
    mixed.ask("owner", AddReference(reference=replace(CHAT, external_id=None)), subject=subject)

    mixed.store.finish_upgrade()
    add_entry_point(mixed)
    mixed.ask("owner", AddReference(reference=CHAT), subject=subject)
    mixed.store.finish_upgrade()  # twice is harmless
