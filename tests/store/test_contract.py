"""The contract that every store keeps, asked of each of them: reading, and what one turn writes.

What is stored here is a history that the real writer decided, told again to the store under test.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.handler.acting import NOON
from tests.store.retelling import History, Teller
from tocsin.core.facts import Event
from tocsin.core.instants import to_text
from tocsin.core.releases import CODE
from tocsin.core.ticket import Ticket
from tocsin.projections.related import sharing
from tocsin.store.arrivals import ArrivalWrites
from tocsin.store.contract import ReadTurn, Store, WriteTurn
from tocsin.store.outgoing import OutgoingReads, OutgoingWrites

# -- an empty store ------------------------------------------------------------------------------


def test_an_empty_store_has_nothing_and_says_so(store: Store) -> None:
    with store.writing() as turn:
        assert turn.last_position() == 0
        assert turn.last_recorded_at() is None
        assert list(turn.moved_since(0)) == []
        assert turn.org("net") is None
        assert list(turn.orgs()) == []
        assert turn.credential("k") is None
        assert turn.head(1, "incident:x") is None
        assert dict(turn.heads(1, ["incident:x"])) == {}
        assert dict(turn.heads(1, [])) == {}
        assert list(turn.heads_of_sort(1, "incident")) == []
        assert dict(turn.claims(1, {("ref", "x")})) == {}
        assert dict(turn.claims(1, set())) == {}
        assert turn.claimed_by(1, "ref", "x") is None
        assert list(turn.stream_events(1, "incident:x")) == []
        assert list(turn.newest_events(1, "incident:x", ["incident.created"])) == []
        assert list(turn.newest_observed(1, "incident.signal_ingested")) == []
        assert list(turn.org_events(1)) == []
        assert list(turn.log()) == []
        assert list(turn.due_deadlines(NOON + timedelta(days=999))) == []
        assert dict(turn.receipts([])) == {}
        assert list(turn.with_term(1, {"label=x"})) == []
        assert turn.checkpoint("search") == 0
        assert list(turn.search(1, [("x",)])) == []
        assert turn.drop_expired_receipts(NOON, 10) == 0


def test_a_new_store_has_left_every_older_release_behind(store: Store) -> None:
    with store.reading() as turn:
        assert turn.oldest_code() == CODE

    store.finish_upgrade()
    with store.reading() as turn:
        assert turn.oldest_code() == CODE


# -- the log -------------------------------------------------------------------------------------


def test_the_log_is_read_back_as_it_was_written(full: Store, history: History) -> None:
    with full.writing() as turn:
        assert list(turn.log(limit=100_000)) == history.events
        assert turn.last_position() == history.events[-1].position
        assert turn.last_recorded_at() == history.events[-1].recorded_at


def test_the_log_is_read_in_pieces(full: Store, history: History) -> None:
    found: list[Event] = []
    with full.reading() as turn:
        while piece := turn.log(after=found[-1].position if found else 0, limit=7):
            assert len(piece) <= 7
            found += piece

    assert found == history.events


def test_an_org_has_its_own_log(full: Store, history: History) -> None:
    with full.reading() as turn:
        for org in turn.orgs():
            own = [one for one in history.events if one.org_id == org.org_id]
            assert own
            assert list(turn.org_events(org.org_id, limit=100_000)) == own
            assert list(turn.org_events(org.org_id, limit=2)) == own[:2]
            assert list(turn.org_events(org.org_id, after=own[1].position, limit=2)) == own[2:4]
            assert list(turn.org_events(org.org_id, after=own[-1].position)) == []


def test_a_stream_is_read_whole_and_from_behind_a_version(full: Store, history: History) -> None:
    stream = history.incident
    own = [one for one in history.events if one.stream == stream]
    assert len(own) > 5
    with full.reading() as turn:
        assert list(turn.stream_events(history.net, stream)) == own
        assert list(turn.stream_events(history.net, stream, after_version=3)) == own[3:]
        assert list(turn.stream_events(history.net, stream, after_version=1, limit=2)) == own[1:3]
        assert list(turn.stream_events(history.elsewhere, stream)) == []


def test_the_newest_of_some_kinds_come_first(full: Store, history: History) -> None:
    stream, kinds = history.incident, ["incident.note_added", "incident.severity_changed"]
    newest = [one for one in history.events if one.stream == stream and one.kind in kinds][::-1]
    assert len(newest) > 2
    with full.reading() as turn:
        assert list(turn.newest_events(history.net, stream, kinds)) == newest
        assert list(turn.newest_events(history.net, stream, kinds, limit=2)) == newest[:2]
        before = turn.newest_events(
            history.net, stream, kinds, before_version=newest[0].version, limit=1
        )
        assert list(before) == newest[1:2]
        assert list(turn.newest_events(history.net, stream, [kinds[1]])) == [
            one for one in newest if one.kind == kinds[1]
        ]
        assert list(turn.newest_events(history.elsewhere, stream, kinds)) == []


@pytest.mark.parametrize(
    "kind",
    [
        "incident.signal_ingested",
        "maintenance.signal_ingested",
        "incident.slo_violation_recorded",
    ],
)
def test_what_was_observed_is_read_across_tickets(full: Store, history: History, kind: str) -> None:
    newest = [one for one in history.events if one.kind == kind and one.org_id == history.net][::-1]
    assert newest
    with full.reading() as turn:
        assert list(turn.newest_observed(history.net, kind)) == newest
        assert list(turn.newest_observed(history.net, kind, limit=1)) == newest[:1]
        before = newest[0].position
        assert list(turn.newest_observed(history.net, kind, before=before)) == newest[1:]
        assert list(turn.newest_observed(history.elsewhere, kind)) == []


# -- states, claims, terms, deadlines ------------------------------------------------------------


def test_heads_are_the_newest_states(full: Store, history: History) -> None:
    with full.reading() as turn:
        for (org_id, stream), head in history.heads.items():
            assert turn.head(org_id, stream) == head
        found = turn.heads(history.net, [history.incident, history.maintenance, "incident:none"])
        assert dict(found) == {
            stream: history.heads[history.net, stream]
            for stream in (history.incident, history.maintenance)
        }
        assert turn.head(history.elsewhere, history.incident) is None
        assert dict(turn.heads(history.elsewhere, [history.incident])) == {}


def test_heads_of_a_sort_come_in_order_page_by_page(full: Store, history: History) -> None:
    for sort in ("device", "key", "incident", "org"):
        streams = sorted(
            stream
            for org_id, stream in history.heads
            if org_id == history.net and stream.startswith(f"{sort}:")
        )
        assert streams
        with full.reading() as turn:
            heads = turn.heads_of_sort(history.net, sort)
            assert [one.stream for one in heads] == streams
            first = turn.heads_of_sort(history.net, sort, limit=1)
            assert [one.stream for one in first] == streams[:1]
            rest = turn.heads_of_sort(history.net, sort, after=streams[0])
            assert [one.stream for one in rest] == streams[1:]


def test_claims_say_who_holds_them(full: Store, history: History) -> None:
    incident = history.heads[history.net, history.incident].state
    assert isinstance(incident, Ticket)
    ref, key = ("ref", incident.ref), ("correlation_key", "ams-1:loss")
    with full.reading() as turn:
        wanted = {ref, key, ("ref", "I20261120-none"), ("other", incident.ref)}
        assert dict(turn.claims(history.net, wanted)) == {
            ref: history.incident,
            key: history.incident,
        }
        assert turn.claimed_by(history.net, *ref) == history.incident
        assert turn.claimed_by(history.elsewhere, *ref) is None
        assert dict(turn.claims(history.elsewhere, wanted)) == {}


def test_claims_that_were_given_up_are_free(full: Store, history: History) -> None:
    with full.reading() as turn:
        assert turn.claimed_by(history.net, "correlation_key", "ams-1:given-up") is None


def test_terms_find_their_tickets(full: Store, history: History) -> None:
    with full.writing() as turn:
        assert list(turn.with_term(history.net, {"label=routing"})) == [history.incident]
        assert list(turn.with_term(history.net, {"label=taken-off"})) == []
        both = turn.with_term(history.net, {"label=routing", "environment=production"})
        assert set(both) == {history.incident, history.other, history.maintenance}
        assert len(both) == 3, "each once"
        assert list(turn.with_term(history.elsewhere, {"label=routing"})) == []


def test_deadlines_come_when_they_are_due_earliest_first(full: Store, history: History) -> None:
    with full.reading() as turn:
        everything = turn.due_deadlines(NOON + timedelta(days=365))
        assert everything
        assert {one.stream for one in everything} == {history.maintenance}
        assert list(everything) == sorted(everything, key=lambda one: one.due_at)
        first = everything[0]
        assert list(turn.due_deadlines(first.due_at, limit=1)) == [first]
        assert list(turn.due_deadlines(first.due_at - timedelta(microseconds=1))) == []
        assert list(turn.due_deadlines(NOON + timedelta(days=365), limit=1)) == [first]


# -- the directory, and what is kept beside the log ----------------------------------------------


def test_orgs_are_found_by_code_and_in_order(full: Store, history: History) -> None:
    with full.reading() as turn:
        assert [(one.org_id, one.code) for one in turn.orgs()] == [(1, "net"), (2, "elsewhere")]
        net = turn.org("net")
        assert net is not None
        assert net.org_id == history.net
        assert turn.org("NET") is None


def test_credentials_open_their_org(full: Store, history: History) -> None:
    with full.reading() as turn:
        for row in history.credentials:
            assert turn.credential(row.key_id) == row
        assert turn.credential(history.credentials[0].key_id.upper()) is None


def test_selects_take_parameters_and_may_name_an_index(full: Store, history: History) -> None:
    with full.reading() as turn:
        hint = turn.using_index("tickets_by_created")
        found = turn.select(
            f"SELECT t.stream FROM tickets AS t {hint}"
            " WHERE t.org_id = ? AND t.created_at >= ? ORDER BY t.created_at DESC, t.number DESC"
            " LIMIT ?",
            (history.net, to_text(NOON), 2),
            org_id=history.net,
        )
        assert [row[0] for row in found] == [history.maintenance, history.other]
        assert [tuple(row) for row in turn.select("SELECT count(*) FROM tickets", org_id=None)] == [
            (4,)
        ]


def test_to_be_among_none_is_to_be_nowhere(full: Store, history: History) -> None:
    org = history.net
    every = "SELECT number FROM tickets WHERE org_id = ?"
    none = f"{every} AND number IN ()"
    with full.reading() as turn:
        assert turn.select(every, (org,), org_id=org)
        assert list(turn.select(none, (org,), org_id=org)) == []
        assert list(turn.columns(("number",), none, (org,), org_id=org)) == ["[]"]
        # As the page of a ticket asks that has nothing in common with any other.
        assert sharing(turn, org_id=org, number=1, terms=()) == []


# -- searching -----------------------------------------------------------------------------------

DOCUMENTS = {
    1: "Fibre cut near ams-1",
    2: "fibre splicing, Zürich",
    5: "Optic ams-10 failing",
    9: "quartz FIBRE",
}


@pytest.fixture
def searched(full: Store, history: History) -> Store:
    """A store whose index has a few documents of one org, and one of the other."""
    Teller(full).documents(DOCUMENTS, org_id=history.net)
    Teller(full).documents({7: "fibre elsewhere"}, org_id=history.elsewhere)
    return full


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([("fibre",)], [9, 2, 1]),
        ([("FIBRE",), ("cut",)], [1]),
        ([("fib",)], [9, 2, 1]),
        ([("fib",), ("cut",)], []),
        ([("cut", "quartz")], [9, 1]),
        ([("cut", "quartz"), ("fibre",)], [9, 1]),
        ([("zurich",)], [2]),
        ([("ams-1",)], [5, 1]),
        ([("ams-1",), ("near",)], [1]),
        ([("near",), ("ams-1",)], [1]),
        ([('"',)], []),
        ([("fibre OR cut",)], []),
        ([("elsewhere",)], []),
        ([], []),
    ],
)
def test_words_are_found(
    searched: Store, history: History, words: list[tuple[str, ...]], numbers: list[int]
) -> None:
    with searched.reading() as turn:
        assert list(turn.search(history.net, words)) == numbers


ODD = {
    21: "again and again, \"again\"; again\\again {again} [NULL] 'again' %s ? $1",
    22: "Ünïcödé İstanbul STRASSE ΩΜΕΓΑ 東京 snake_case x\u0301yz",
    23: " ".join(["longest"] * 200) + " tail",
    24: "",
    25: "w" * 3_000 + " end",
}


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("again", [21]),
        ("null", [21]),
        ("again;again", [21]),
        ("unicode", [22]),
        ("東京", [22]),
        ("ωμεγα", [22]),
        ("case", [22]),
        ("xyz", [22]),
        ("longest-tail", [23]),
        ("tail-longest", []),
        ("end", [25]),
        ("w" * 400, [25]),
    ],
)
def test_odd_texts_are_found(full: Store, history: History, word: str, numbers: list[int]) -> None:
    Teller(full).documents(ODD, org_id=history.net)
    with full.reading() as turn:
        assert list(turn.search(history.net, [(word,)])) == numbers


def test_what_is_found_comes_in_pages(searched: Store, history: History) -> None:
    words = [("fibre",)]
    with searched.reading() as turn:
        assert list(turn.search(history.net, words, limit=2)) == [9, 2]
        assert list(turn.search(history.net, words, beyond=2)) == [1]
        assert list(turn.search(history.net, words, descending=False)) == [1, 2, 9]
        assert list(turn.search(history.net, words, descending=False, beyond=1, limit=1)) == [2]
        assert list(turn.search(history.elsewhere, words)) == [7]
        assert list(turn.search(3, words)) == []


def test_the_last_word_is_a_beginning_unless_it_is_whole(searched: Store, history: History) -> None:
    with searched.reading() as turn:
        assert list(turn.search(history.net, [("fib",)], whole=True)) == []
        assert list(turn.search(history.net, [("fibre",)], whole=True)) == [9, 2, 1]
        assert list(turn.search(history.net, [("ams-1",)], whole=True)) == [1]


BEGUN = ["car", "card", "carrier", "carriers", "Carry", "cas", *(f"carb{n}" for n in range(20))]


@pytest.mark.parametrize(
    "beginning",
    ["c", "ca", "car", "CAR", "card", "carr", "carrier", "carriers", "carrierss", "carb", "carb1"],
)
def test_all_that_begins_so_is_found_however_many_words_that_are(
    full: Store, history: History, beginning: str
) -> None:
    Teller(full).documents(dict(enumerate(BEGUN, start=100)), org_id=history.net)
    Teller(full).documents({99: "carrier cas carb1"}, org_id=history.elsewhere)

    wanted = [
        number
        for number, word in enumerate(BEGUN, start=100)
        if word.lower().startswith(beginning.lower())
    ]
    with full.reading() as turn:
        found = turn.search(history.net, [(beginning,)], descending=False)
        assert [number for number in found if number >= 99] == wanted
        both = turn.search(history.net, [("nothing", beginning)], descending=False)
        assert [number for number in both if number >= 99] == wanted


def test_what_is_found_can_be_joined(searched: Store, history: History) -> None:
    with searched.reading() as turn:
        for whole, numbers in ((False, [5, 1]), (True, [1])):
            sql, values = turn.searching(history.net, [("ams-1",)], whole=whole)
            found = turn.select(
                f"SELECT s.number FROM ({sql}) AS s WHERE s.number > ? ORDER BY s.number DESC",
                (*values, 0),
                org_id=history.net,
            )
            assert [row[0] for row in found] == numbers


def test_a_document_is_replaced_whole(searched: Store, history: History) -> None:
    Teller(searched).documents({1: "Power lost"}, org_id=history.net)

    with searched.reading() as turn:
        assert list(turn.search(history.net, [("cut",)])) == []
        assert list(turn.search(history.net, [("power",)])) == [1]


def test_forgetting_traces_leaves_what_is_found(searched: Store, history: History) -> None:
    with searched.tending() as turn:
        turn.forget_document_traces()
        turn.commit()

    with searched.reading() as turn2:
        assert list(turn2.search(history.net, [("fibre",)])) == [9, 2, 1]


# -- the contract itself -------------------------------------------------------------------------


def methods_of(protocol: type) -> set[str]:
    return {
        name
        for name, value in vars(protocol).items()
        if callable(value) and not name.startswith("_")
    }


PROMISES = (ReadTurn, WriteTurn, ArrivalWrites, OutgoingReads, OutgoingWrites, Store)
ASKING = (
    "test_contract*.py",
    "test_arrivals.py",
    "test_deliveries.py",
    "test_leases.py",
    "test_page_slugs.py",
    "retelling.py",
)


def test_every_method_of_the_contract_is_asked_for_here() -> None:
    """Whoever adds a method to the contract says here what it does."""
    folder = Path(__file__).parent
    here = "".join(path.read_text() for names in ASKING for path in sorted(folder.glob(names)))
    promised: set[str] = set().union(*(methods_of(one) for one in PROMISES))

    assert len(promised) > 50
    assert {name for name in promised if f".{name}(" not in here} == set()


def test_a_store_has_every_method_with_the_contracts_parameters(full: Store) -> None:
    def parameters(function: Any) -> list[str]:
        return [name for name in inspect.signature(function).parameters if name != "self"]

    with full.reading() as reader, full.writing() as writer:
        for protocol, kept in ((ReadTurn, reader), (WriteTurn, writer), (Store, full)):
            for name in methods_of(protocol):
                promised = parameters(getattr(protocol, name))
                # More may be taken; what is promised is taken, and in its order.
                offered = [one for one in parameters(getattr(kept, name)) if one in promised]
                assert offered == promised, name
