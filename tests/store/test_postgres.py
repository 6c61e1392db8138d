"""What is PostgreSQL's own: the second lock, failing and coming back, commits that are lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.servers.postgres import Cluster
from tests.store.retelling import History, Teller, told
from tocsin.core.releases import CODE
from tocsin.projections.checking import problems_of_search
from tocsin.projections.rebuilding import rebuild
from tocsin.store.contract import Batch, DatabaseTooNew, StorageFailed
from tocsin.store.postgres import PostgresStore
from tocsin.store.postgres.tending import check
from tocsin.store.schema import DIRECTORY_TABLES, TENANT_TABLES, metadata

TENANTS = sorted([*(str(table.name) for table in TENANT_TABLES), "search"])
DIRECTORY = sorted(str(table.name) for table in DIRECTORY_TABLES)


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    made = PostgresStore(url)
    yield made
    made.close()


@pytest.fixture
def plain(url: str) -> Iterator[psycopg.Connection]:
    """A connection of the house's own role that says nothing of any org."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


# -- the second lock -----------------------------------------------------------------------------


def test_every_table_is_of_one_family(plain: psycopg.Connection) -> None:
    found = plain.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm')"
        " AND relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert sorted(name for (name,) in found) == sorted([*TENANTS, *DIRECTORY, "alembic_version"])


def test_the_house_is_bound_by_its_own_locks(plain: psycopg.Connection) -> None:
    bound = "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert plain.execute(bound).fetchall() == [(False, False)]


@pytest.mark.parametrize("table", TENANTS)
def test_what_belongs_to_an_org_is_keyed_by_it_and_locked(
    plain: psycopg.Connection, table: str
) -> None:
    locked = "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass"
    assert plain.execute(locked, (table,)).fetchall() == [(True, True)]
    policies = plain.execute(
        "SELECT coalesce(qual, with_check) FROM pg_policies WHERE tablename = %s", (table,)
    ).fetchall()
    assert policies
    assert all("tocsin.org" in text and "tocsin.every_org" in text for (text,) in policies)
    first = plain.execute(
        "SELECT a.attname FROM pg_index AS i JOIN pg_attribute AS a"
        " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary",
        (table,),
    ).fetchall()
    assert first == [("org_id",)]


SORTS = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "TEXT": "text",
    "BLOB": "bytea",
    "FLOAT": "double precision",
}


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_each_table_has_the_columns_that_the_page_shows(
    plain: psycopg.Connection, table: str
) -> None:
    shown = metadata.tables[table]
    found = plain.execute(
        "SELECT column_name, data_type, is_nullable = 'YES', collation_name"
        " FROM information_schema.columns WHERE table_name = %s ORDER BY 1",
        (table,),
    ).fetchall()
    assert found == [
        # Texts are compared byte by byte, as instants and ids must be.
        (column.name, sort, column.nullable, "C" if sort == "text" else None)
        for column in sorted(shown.columns, key=lambda one: str(one.name))
        for sort in [SORTS[str(column.type)]]
    ]
    pages = {str(index.name) for index in shown.indexes} - {"events_of_org", "outbox_of_org"}
    indexes = plain.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename = %s", (table,)
    ).fetchall()
    assert pages <= {name for (name,) in indexes}


@pytest.mark.parametrize("table", DIRECTORY)
def test_what_finds_the_org_is_not_locked(plain: psycopg.Connection, table: str) -> None:
    locked = "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass"
    assert plain.execute(locked, (table,)).fetchall() == [(False,)]


def in_trouble(store: PostgresStore, history: History) -> None:
    """Have a row of either org in every tenant table."""
    with store.tending() as turn:
        connection = turn.scoped.connection
        for org_id in (history.net, history.elsewhere):
            for sql in (
                "INSERT INTO destinations VALUES (%(org)s, 'r', 1, '[]', 0, NULL, NULL, '', NULL)",
                "INSERT INTO lanes VALUES (%(org)s, 'r', 's', NULL, 0)",
                "INSERT INTO deliveries SELECT %(org)s, 'r', 1, 's', NULL, 'held', 0, NULL, '', ''",
                "INSERT INTO outbox VALUES (%(org)s, %(org)s, 's', '[]')",
                "INSERT INTO receipts VALUES (%(org)s, 's', 'k', '', 's', 1, 200, '[]', '', '')",
                "INSERT INTO search VALUES (%(org)s, %(org)s, 'fibre', 'fibre:1')",
                "INSERT INTO deadlines VALUES (%(org)s, 's', 'k', '2030')",
                "INSERT INTO measured SELECT %(org)s, 1" + 12 * ", ''",
                "INSERT INTO public_notices SELECT %(org)s, 1, 0" + 3 * ", ''",
                "INSERT INTO inbox SELECT %(org)s, 1, NULL, '', '', '', '', '', '', ''" + 6 * ", 0",
                "INSERT INTO signals SELECT %(org)s, 'f', 's', NULL, NULL"
                + 5 * ", ''"
                + ", 0, 0"
                + 6 * ", NULL"
                + ", '', '', 0, 0, NULL, '', ''",
            ):
                connection.execute(sql, {"org": org_id})
        turn.commit()


def test_who_forgets_the_org_finds_nothing_and_changes_nothing(
    store: PostgresStore, plain: psycopg.Connection, history: History
) -> None:
    told(store, history)
    in_trouble(store, history)
    with store.reading() as reader:
        for table in TENANTS:
            orgs = f"SELECT DISTINCT org_id FROM {table} ORDER BY 1"
            assert [org for (org,) in reader.select(orgs, org_id=None)] == [1, 2], table
            assert [org for (org,) in reader.select(orgs, org_id=2)] == [2], table
            assert list(reader.select(orgs, org_id=3)) == [], table
    for table in TENANTS:
        assert plain.execute(f"SELECT * FROM {table}").fetchall() == [], table
        assert plain.execute(f"DELETE FROM {table}").rowcount == 0, table
        assert plain.execute(f"UPDATE {table} SET org_id = 1").rowcount == 0, table
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.execute("INSERT INTO claims VALUES (1, 'ref', 'x', 's')")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plain.execute("INSERT INTO search VALUES (1, 99, 'x', '')")


def test_in_the_name_of_one_org_nothing_can_be_written_to_another(
    store: PostgresStore, history: History
) -> None:
    told(store, history)
    with store.tending() as turn:
        turn.head(history.net, history.incident)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            turn.scoped.connection.execute("INSERT INTO claims VALUES (2, 'ref', 'x', 's')")
    with store.tending() as turn:
        turn.head(history.net, history.incident)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            turn.scoped.connection.execute("UPDATE claims SET org_id = 2")


def test_a_connection_that_goes_round_has_no_org_left(
    store: PostgresStore, history: History
) -> None:
    told(store, history)
    with store.reading() as reader:
        assert reader.head(history.net, history.incident) is not None
        connection = reader.scoped.connection
    assert connection.execute("SELECT * FROM heads").fetchall() == []


def test_a_turn_that_is_over_is_not_asked(store: PostgresStore) -> None:
    with store.writing() as turn:
        turn.put_checkpoint("search", 1)
        turn.commit()
        with pytest.raises(RuntimeError, match="over"):
            turn.log()


def test_words_are_found_along_their_index(store: PostgresStore, history: History) -> None:
    told(store, history)
    others = " ".join(f"other{number}" for number in range(40))
    for start in range(100, 10_100, 1_000):
        Teller(store).documents(
            {number: f"word{number} {others}" for number in range(start, start + 1_000)},
            org_id=history.net,
        )
    with store.tending() as turn:
        turn.scoped.connection.execute("ANALYZE search")
        turn.commit()
    with store.reading() as reader:
        sql, values = reader.searching(history.net, [("word107",)], whole=True)
        plan = reader.select(f"EXPLAIN {sql}", values, org_id=history.net)
        assert any("search_words" in line for (line,) in plan), plan
        assert list(reader.search(history.net, [("word107",)], whole=True)) == [107]
        # What was searched for is forgotten by the next that asks for something else.
        assert reader.head(history.net, history.incident) is not None
        count = "SELECT count(*) FROM search"
        assert [tuple(row) for row in reader.select(count, org_id=history.net)] == [(10_000,)]


# -- away, and back ------------------------------------------------------------------------------


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    made = Cluster.made()
    yield made
    made.remove()


def test_a_database_that_is_away_at_first_is_found_later(
    own_cluster: Cluster, history: History
) -> None:
    url = own_cluster.create_database("house")
    own_cluster.stop()

    store = PostgresStore(url)
    for turn in (store.reading, store.writing, store.tending):
        with pytest.raises(StorageFailed) as failed, turn():
            pass
        assert failed.value.uncertain is False
        assert "does not answer" in failed.value.reason

    own_cluster.start()
    told(store, history)
    own_cluster.kill()
    with pytest.raises(StorageFailed), store.reading() as reader:
        reader.last_position()
    own_cluster.start()
    with store.reading() as reader:
        assert list(reader.log(limit=100_000)) == history.events
    store.close()


def test_what_breaks_within_a_turn_leaves_nothing_and_harms_no_other(
    own_cluster: Cluster, history: History
) -> None:
    store = PostgresStore(own_cluster.create_database("house"))
    teller = Teller(store)
    teller.write(teller.batch(history.events[:3]))
    lost = teller.batch(history.events[3:6])
    with store.writing() as turn:
        turn.write(lost)
        own_cluster.kill()
        own_cluster.start()
        with store.writing() as other:
            assert other.last_position() == 3, "the broken turn is in nobody's way"
        with pytest.raises(StorageFailed):
            turn.commit()
    with store.writing() as asking:
        assert asking.confirm(lost.batch_id) is False
        asking.commit()
    with store.reading() as reader:
        assert reader.last_position() == 3
    store.close()


def test_listeners_hear_again_after_the_database_was_away(own_cluster: Cluster) -> None:
    store = PostgresStore(own_cluster.create_database("house"))
    news = threading.Semaphore(0)
    store.listen(lambda: news.release())
    assert news.acquire(timeout=10), "it begins with a look"
    own_cluster.kill()
    own_cluster.start()
    assert news.acquire(timeout=10), "something may have been missed"
    with store.writing() as turn:
        turn.write(Batch(batch_id="any"))
        turn.commit()
    store.close()


def test_news_come_from_other_processes(store: PostgresStore, url: str, history: History) -> None:
    news = threading.Semaphore(0)
    store.listen(lambda: news.release())
    assert news.acquire(timeout=10)
    other = PostgresStore(url)
    teller = Teller(other)
    for start in (0, 3):
        teller.write(teller.batch(history.events[start : start + 3]))
        assert news.acquire(timeout=10)
    other.close()


# -- processes together --------------------------------------------------------------------------


def test_processes_that_start_together_do_not_race(cluster: Cluster) -> None:
    name = f"together_{cluster.next_number()}"
    url = cluster.create_database(name)
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(lambda _: PostgresStore(url), range(4)))
    for store in stores:
        with store.reading() as reader:
            assert reader.last_position() == 0
        store.close()
    cluster.drop_database(name)


def test_writers_take_turns(store: PostgresStore, url: str, history: History) -> None:
    other = PostgresStore(url)
    entered = threading.Event()

    def second() -> int:
        with other.writing() as turn:
            entered.set()
            return turn.last_position()

    with ThreadPoolExecutor(1) as threads:
        with store.writing() as turn:
            waiting = threads.submit(second)
            turn.write(Teller(store).batch(history.events[:3]))
            assert not entered.wait(timeout=0.2)
            turn.commit()
        assert waiting.result(timeout=10) == 3
    other.close()


def test_a_database_that_asks_for_newer_code_is_left_alone(
    url: str, plain: psycopg.Connection
) -> None:
    plain.execute("UPDATE house SET value = %s WHERE name = 'oldest_code'", (str(CODE + 1),))
    with pytest.raises(DatabaseTooNew, match=f"at least {CODE + 1}"):
        PostgresStore(url)


# -- commits that are lost sight of --------------------------------------------------------------


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its synchronous standby."""
    primary = Cluster.made()
    standby = primary.standby()
    yield primary, standby
    primary.remove()
    standby.remove()


def waiting_backend(cluster: Cluster) -> int:
    """The backend whose commit waits for the standby."""
    while True:
        found = cluster.run("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        if found:
            assert isinstance(found[0][0], int)
            return found[0][0]
        os.sched_yield()


def test_without_its_standby_a_commit_is_never_said_to_be_done(
    pair: tuple[Cluster, Cluster], history: History
) -> None:
    primary, standby = pair
    store = PostgresStore(primary.create_database("house"), patience=1.0)
    teller = Teller(store)
    teller.write(teller.batch(history.events[:3]))
    standby.kill()

    lost = teller.batch(history.events[3:6])
    with pytest.raises(StorageFailed) as failed:
        teller.write(lost)
    assert failed.value.uncertain is True

    standby.start()
    with store.writing() as turn:
        assert turn.confirm("batch-2") is True
        assert turn.confirm("batch-9") is False
        turn.commit()
    with store.reading() as reader:
        assert list(reader.log()) == history.events[:6]
    store.close()


def test_a_wait_for_the_standby_that_was_cancelled_is_no_commit(
    pair: tuple[Cluster, Cluster], history: History
) -> None:
    primary, standby = pair
    store = PostgresStore(primary.create_database("house"))
    teller = Teller(store)
    standby.kill()

    def write() -> None:
        teller.write(teller.batch(history.events[:3]))

    for end in ("pg_cancel_backend", "pg_terminate_backend"):
        with ThreadPoolExecutor(1) as threads:
            written = threads.submit(write)
            primary.run(f"SELECT {end}({waiting_backend(primary)})")
            failed = written.exception(timeout=20)
        assert isinstance(failed, StorageFailed)
        assert failed.uncertain is True, end

        def write() -> None:
            teller.write(teller.batch(history.events[3:6]))

    store.close()


def test_a_standby_that_was_promoted_is_found(
    pair: tuple[Cluster, Cluster], history: History
) -> None:
    primary, standby = pair
    primary.create_database("house")
    store = PostgresStore(primary.tcp_url("house", standby))
    told(store, history)
    primary.kill()
    standby.promote()

    with store.writing() as turn:
        assert list(turn.log(limit=100_000)) == history.events
        turn.put_checkpoint("search", 1)
        turn.commit()
    store.close()


# -- looking after it ----------------------------------------------------------------------------


def test_an_undamaged_log_has_no_problems_and_damage_is_found(
    store: PostgresStore, history: History
) -> None:
    told(store, history)
    assert check(store) == []
    for sql, words in (
        ("UPDATE events SET private = replace(private, 'Fibre', 'Fibra')", "private part"),
        ("DELETE FROM events WHERE position = 14", "missing"),
        ("UPDATE tickets SET gravity = gravity + 1", "row of ticket"),
        ("DELETE FROM heads WHERE stream LIKE 'incident:%%'", "no state"),
        ("UPDATE claims SET key = key || 'x' WHERE kind = 'ref'", "claims of"),
    ):
        with store.tending() as turn:
            turn.scoped.of(None, sql)
            turn.commit()
        assert any(words in problem for problem in check(store)), sql


def test_a_rebuild_makes_the_same_of_the_log(store: PostgresStore, history: History) -> None:
    told(store, history)
    tables = ("heads", "claims", "deadlines", "tickets", "ticket_terms")

    def rows() -> list[list[str]]:
        with store.reading() as reader:
            return [
                [
                    str(row)
                    for row in reader.select(f"SELECT t.* FROM {one} AS t ORDER BY t", org_id=None)
                ]
                for one in tables
            ]

    before = rows()
    assert all(before)
    assert rebuild(store) == len(history.events)
    assert rows() == before
    assert check(store) == []
    assert list(problems_of_search(store)) == []
    with store.reading() as reader:
        assert list(reader.search(history.net, [("amsterdam",)])) == []
        assert len(reader.search(history.net, [("fibre",)])) == 1
