"""What the pickers offer, on each store; and that thousands of tickets cost what a hundred do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import House, house, pubkey
from tests.projections.histories import follow
from tests.servers.databases import cluster, fresh_database, recycling
from tests.store.test_looking_up import instructions
from tocsin.adapters.slack.choices import (
    NOBODY,
    assignee_in,
    assignee_options,
    device_options,
    link_options,
    listed,
    offered,
    service_options,
    ticket_options,
)
from tocsin.adapters.slack.contract import (
    PICK_ASSIGNEE,
    PICK_DEVICE,
    PICK_LINK,
    PICK_SERVICE,
    PICK_TICKET,
)
from tocsin.adapters.slack.fields import ANY_TICKET, TICKET
from tocsin.core.commands import Assign, ChangeStatus
from tocsin.core.record_commands import CreateService
from tocsin.core.registry_commands import (
    RegisterDevice,
    RegisterLink,
    SideDraft,
)
from tocsin.core.ticket import Ticket
from tocsin.core.words import TicketType
from tocsin.handler.submission import Outcome, Submission

__all__ = ["cluster", "fresh_database", "recycling"]


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A furnished house, on each store."""
    at = request.getfixturevalue("fresh_database")() if request.param == "postgres" else None
    with house(tmp_path, at=at) as made:
        yield made


def opened(home: House, title: str, *, over: str | None = None, severity: str = "sev2") -> Ticket:
    """An incident of the owner, moved on to the status *over*."""
    state = home.ask("owner", home.incident(title, severity=severity)).state
    assert isinstance(state, Ticket)
    if over is not None:
        home.ask("admin", ChangeStatus(status=over), subject=state.id)
    return state


def tickets(home: House, typed: str, *, over_too: bool = False, org: str = "net") -> list[str]:
    """The labels that are offered."""
    with home.store.reading() as turn:
        options = ticket_options(turn, org_id=home.orgs[org], typed=typed, over_too=over_too)
    return [one["text"]["text"] for one in options]


def test_what_is_active_comes_first_and_what_is_over_only_where_it_is_wanted(home: House) -> None:
    done = opened(home, "Quartz drift", over="resolved")
    shut = opened(home, "Quartz halt", over="closed")
    mild = opened(home, "Quartz hum", severity="sev3")
    worst = opened(home, "Quartz fire", severity="sev1")
    follow(home)
    active = [f"{worst.ref} · sev1 · Quartz fire", f"{mild.ref} · sev3 · Quartz hum"]
    ended = f"{done.ref} · sev2 resolved · Quartz drift"
    over = f"{shut.ref} · sev2 closed · Quartz halt"
    assert tickets(home, "") == [*active, ended]
    assert tickets(home, "quartz") == [*active, ended]
    assert tickets(home, "", over_too=True) == [*active, ended, over]
    assert tickets(home, "HALT") == []
    assert tickets(home, "quartz ha", over_too=True) == [over]
    assert tickets(home, "sev3") == active[1:]
    assert tickets(home, "sev1 quartz") == active[:1]
    assert tickets(home, shut.ref.lower(), over_too=True) == [over]
    assert tickets(home, shut.ref) == []
    assert tickets(home, worst.ref[:-1])[0] in (*active, ended)


def test_what_was_opened_this_very_moment_is_offered_too(home: House) -> None:
    ticket = opened(home, "Marimba is out")
    # No follower has come by: the index knows nothing of it yet.
    assert tickets(home, "arimba is") == [f"{ticket.ref} · sev2 · Marimba is out"]
    assert tickets(home, ticket.ref)


def test_nothing_of_another_org_is_offered(home: House) -> None:
    ticket = opened(home, "Quartz fire")
    follow(home)
    for typed in ("", "quartz", ticket.ref):
        assert tickets(home, typed, over_too=True, org="elsewhere") == []
    with home.store.reading() as turn:
        elsewhere = home.orgs["elsewhere"]
        assert device_options(turn, org_id=elsewhere, typed="ams") == []
        names = [one["text"]["text"] for one in assignee_options(turn, org_id=elsewhere, typed="")]
    assert names == ["stranger", "Nobody"]


def test_devices_and_links_are_found_by_their_codes(home: House) -> None:
    net = home.orgs["net"]
    for number, code in enumerate(("ams-10", "xams-1", "lon_1", "lonx1")):
        home.system(
            "device",
            RegisterDevice(
                device_id=home.fresh(),
                pubkey=pubkey(100 + number),
                code=code,
                contributor="alpha",
                location="Rack 7" if code == "ams-10" else None,
            ),
            org_id=net,
        )
    home.system(
        "link",
        RegisterLink(
            link_id=home.fresh(),
            pubkey=pubkey(200),
            code="ams-1:fra-1",
            link_type="DZX",
            contributor="alpha",
            side_a=SideDraft(device="ams-1", interface="Ethernet1"),
            side_z=SideDraft(device="fra-1", interface="Ethernet1"),
        ),
        org_id=net,
    )
    with home.store.reading() as turn:

        def devices(typed: str) -> list[str]:
            return [one["text"]["text"] for one in device_options(turn, org_id=net, typed=typed)]

        assert devices("AMS") == ["ams-1 · alpha", "ams-10 · alpha · Rack 7", "xams-1 · alpha"]
        # What means something to LIKE means itself here.
        assert devices("lon_") == ["lon_1 · alpha"]
        assert devices("%") == []
        assert devices("a 10") == ["ams-10 · alpha · Rack 7"]
        assert len(devices("")) == 6
        (link,) = link_options(turn, org_id=net, typed="ams fra")
        assert link["value"] == pubkey(200)
        assert link["text"]["text"] == "ams-1:fra-1 · alpha"


def test_services_and_assignees_are_found_by_their_names(home: House) -> None:
    net = home.orgs["net"]
    for code, name in (("api", "Public API"), ("web", "Web")):
        home.system(
            "service", CreateService(service_id=home.fresh(), code=code, name=name), org_id=net
        )
    with home.store.reading() as turn:
        found = service_options(turn, org_id=net, typed="pub")
        assert [(one["text"]["text"], one["value"]) for one in found] == [
            ("Public API · api", "api")
        ]
        assert [one["value"] for one in service_options(turn, org_id=net, typed="")] == [
            "api",
            "web",
        ]

        everyone = assignee_options(turn, org_id=net, typed="")
        assert [one["text"]["text"] for one in everyone] == [
            "admin",
            "owner",
            "teammate",
            "Alpha · alpha (contributor)",
            "Beta · beta (contributor)",
            "Nobody",
        ]
        (member,) = assignee_options(turn, org_id=net, typed="OWN")
        (contributor,) = assignee_options(turn, org_id=net, typed="beta")
        (nobody,) = assignee_options(turn, org_id=net, typed="nob")
    ticket = opened(home, "Quartz fire")
    for option in (member, contributor, nobody):
        command = Assign(assignee=assignee_in(option["value"]))
        outcome = home.ask("admin", command, subject=ticket.id)
        assert len(outcome.events) == 1
    assert nobody["value"] == NOBODY


def test_a_list_shows_what_its_words_ask_for(home: House) -> None:
    net = home.orgs["net"]
    worst = opened(home, "Quartz fire", severity="sev1")
    mild = opened(home, "Zephyr", severity="sev3")
    shut = opened(home, "Quartz halt", over="closed")
    follow(home)
    created_by = worst.created_by.id

    def refs(*words: str, limit: int = 20, member_id: str | None = None) -> list[str]:
        with home.store.reading() as turn:
            found = listed(
                turn,
                org_id=net,
                kind=TicketType.INCIDENT,
                words=words,
                limit=limit,
                member_id=member_id,
            )
        assert found.more == (len(found.tickets) == limit)
        return [one.ref for one in found.tickets]

    assert refs() == [worst.ref, mild.ref]
    assert refs(limit=1) == [worst.ref]
    assert refs("sev3") == [mild.ref]
    assert refs("closed") == refs("over") == [shut.ref]
    assert sorted(refs("all")) == sorted([worst.ref, mild.ref, shut.ref])
    assert refs("quartz") == [worst.ref]
    assert refs("quartz", "all") == [shut.ref, worst.ref]
    assert refs("mine", member_id=created_by) == [worst.ref, mild.ref]
    assert refs("mine", member_id="0193-nobody") == []
    assert refs("open", "sev1") == [worst.ref]
    assert refs("unheard") == []


SEARCHES = ("", "trouble", "sev2 trouble")


def filled_with(home: House, number: int) -> None:
    """So many incidents, and an index that has come to the last of them."""
    for batch in range(0, number, 500):
        results = home.writer.do_all(
            [
                Submission(
                    org_id=home.orgs["net"],
                    sort="ticket",
                    command=home.incident(
                        f"Trouble {one}",
                        severity=f"sev{1 + one % 3}",
                        refs=(f"I20261120-{one:05}",),
                    ),
                    credential=home.keys["owner"],
                )
                for one in range(batch, batch + 500)
            ]
        )
        assert all(isinstance(one, Outcome) for one in results)
    follow(home)


def costs_of(home: House) -> dict[str, int]:
    """Instructions that SQLite takes for each search, each of which fills its page."""
    net = home.orgs["net"]
    with home.file.reading() as turn:

        def options(typed: str) -> list[str]:
            found = ticket_options(turn, org_id=net, typed=typed, over_too=True)
            return [one["text"]["text"].rpartition(" · ")[2] for one in found]

        assert [len(options(typed)) for typed in SEARCHES] == [100] * len(SEARCHES)
        assert "Trouble 499" in options("trouble 499")
        assert options("I20261120-00499") == ["Trouble 499"]
        return {typed: instructions(turn, partial(options, typed)) for typed in SEARCHES}


def test_five_thousand_tickets_cost_what_five_hundred_do(tmp_path: Path) -> None:
    costs: list[dict[str, int]] = []
    for number in (500, 5_000):
        folder = tmp_path / str(number)
        folder.mkdir()
        with house(folder) as home:
            filled_with(home, number)
            costs.append(costs_of(home))
    few, many = costs
    for typed, cost in many.items():
        assert cost < 2 * few[typed] + 2_000, typed


TYPED = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["%", "!", "_", "sev1", "sev9", "I20261120-", "'", '"', "*", "\x00", "x" * 999]
    ),
    st.lists(st.sampled_from(["quartz", "sev2", "NEAR", "AND", "(", "-", "*", "\ud800"])).map(
        " ".join
    ),
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with a ticket whose title is long and full of signs."""
    with house(tmp_path_factory.mktemp("house")) as made:
        opened(made, "Quartz \U0001f525 &<>* " + "\u05e9\u05dc\u05d5\u05dd " * 30)
        follow(made)
        yield made


@given(
    typed=TYPED,
    action_id=st.sampled_from(
        [PICK_TICKET, PICK_DEVICE, PICK_LINK, PICK_SERVICE, PICK_ASSIGNEE, "another"]
    ),
    block_id=st.sampled_from([TICKET, ANY_TICKET, "ticket:0193"]),
)
def test_whatever_is_typed_is_answered_within_slacks_limits(
    furnished: House, typed: str, action_id: str, block_id: str
) -> None:
    with furnished.store.reading() as turn:
        options = offered(
            turn,
            org_id=furnished.orgs["net"],
            action_id=action_id,
            block_id=block_id,
            typed=typed,
        )
        listed(turn, org_id=furnished.orgs["net"], kind=None, words=typed.split())
    assert len(options) <= 100
    for one in options:
        assert 1 <= len(one["text"]["text"]) <= 75
        assert 1 <= len(one["value"]) <= 150
        one["text"]["text"].encode()
    assert len({one["value"] for one in options}) == len(options)
