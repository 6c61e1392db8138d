"""The follower that keeps what the public was told, on each store."""

from __future__ import annotations

from tests.handler.acting import House
from tests.projections.histories import follow
from tocsin.core.commands import (
    ChangeSeverity,
    ChangeStatus,
    PostPublicUpdate,
)
from tocsin.core.record_commands import (
    CreateService,
    CreateStatusPage,
    RemoveStatusPage,
)
from tocsin.handler.submission import Submission
from tocsin.projections.checking import problems_of_pages
from tocsin.projections.following import SLICE
from tocsin.projections.public_notices import PUBLIC, PublicRows, public_rows

POST = PostPublicUpdate(title="Trouble", status="investigating", body="We look into it.")


def opened(home: House, title: str = "Fibre cut") -> str:
    """Open an incident; its id."""
    return home.ask("owner", home.incident(title)).stream.partition(":")[2]


def founded(home: House, org: str = "net") -> str:
    """Make the page ``ring`` of the service ``api``; the page's stream."""
    org_id = home.orgs[org]
    service = CreateService(service_id=home.fresh(), code="api", name="Public API")
    home.system("service", service, org_id=org_id)
    page = CreateStatusPage(
        status_page_id=home.fresh(), code="ring", name="Ring", services=("api",)
    )
    return home.system("status_page", page, org_id=org_id).stream


def rows_of(home: House, page: str, *, org: str = "net", most: int = 100) -> PublicRows | None:
    with home.store.reading() as turn:
        return public_rows(turn, home.orgs[org], page=page, most=most)


def noticed(home: House, page: str, *, most: int = 100) -> list[tuple[str, list[str]]]:
    """Each notice that is read: its ticket's id and the bodies of its updates."""
    rows = rows_of(home, page, most=most)
    assert rows is not None
    return [(one.id, [words.body for words in one.updates]) for one in rows.notices]


def test_a_ticket_is_public_once_something_is_posted(home: House) -> None:
    page = founded(home)
    silent, said = opened(home), opened(home)
    home.ask("owner", ChangeStatus(body="internal"), subject=silent)
    follow(home)
    assert noticed(home, page) == []

    home.ask("admin", POST, subject=said)
    home.ask("admin", PostPublicUpdate(status="monitoring", body="Better."), subject=said)
    follow(home)

    assert noticed(home, page) == [(said, ["We look into it.", "Better."])]
    home.ask("admin", PostPublicUpdate(status="resolved", body="Over."), subject=said)
    follow(home)
    assert noticed(home, page) == [(said, ["We look into it.", "Better.", "Over."])]
    assert list(problems_of_pages(home.store)) == []


def test_what_is_read_for_a_page_is_its_services_and_how_far_the_log_was_followed(
    home: House,
) -> None:
    page = founded(home)
    follow(home)
    rows = rows_of(home, page)
    assert rows is not None
    assert (rows.page.code, [one.code for one in rows.services]) == ("ring", ["api"])
    with home.store.reading() as turn:
        assert rows.position == turn.checkpoint(PUBLIC) == turn.last_position()
        found = turn.page("ring")
    assert found is not None
    assert (found.org_id, found.stream) == (home.orgs["net"], page)


def test_a_page_that_is_gone_or_another_org_s_is_not_read(home: House) -> None:
    page = founded(home)
    assert rows_of(home, page, org="elsewhere") is None
    assert rows_of(home, "status_page:none") is None
    home.system(
        "status_page",
        RemoveStatusPage(),
        org_id=home.orgs["net"],
        subject=page.partition(":")[2],
    )
    assert rows_of(home, page) is None


def test_notices_of_another_org_are_not_read(home: House) -> None:
    page = founded(home, org="elsewhere")
    home.ask("admin", POST, subject=opened(home))
    follow(home)
    rows = rows_of(home, page, org="elsewhere")
    assert rows is not None
    assert rows.notices == ()


def test_what_is_open_comes_first_then_what_ended_last(home: House) -> None:
    page = founded(home)
    older, newer, still = (opened(home, title) for title in ("a", "b", "c"))
    for subject in (still, older, newer):
        home.ask("admin", POST, subject=subject)
    for subject in (older, newer):
        home.ask("admin", PostPublicUpdate(status="resolved", body="Over."), subject=subject)
    follow(home)
    assert [identity for identity, _ in noticed(home, page)] == [still, newer, older]
    assert [identity for identity, _ in noticed(home, page, most=2)] == [still, newer]


def test_what_the_public_is_not_told_leaves_the_row_alone(filed: House) -> None:
    page = founded(filed)
    subject = opened(filed)
    filed.ask("admin", POST, subject=subject)
    follow(filed)
    with filed.file.tending() as turn:
        # Were the notice folded again, its row would be written again.
        turn.connection.execute("UPDATE public_notices SET updated_at = 'untouched'")
        turn.commit()
    filed.ask("owner", ChangeStatus(status="monitoring", body="internal"), subject=subject)
    follow(filed)
    with filed.store.reading() as turn:
        ((at,),) = turn.select("SELECT updated_at FROM public_notices", org_id=None)
    assert at == "untouched"
    assert noticed(filed, page) == [(subject, ["We look into it."])]


def test_a_notice_is_the_same_in_slices_and_at_once(home: House) -> None:
    """The ticket is older than the slice that makes it public, and goes on after it."""
    page = founded(home)
    subject = opened(home)
    home.ask("admin", ChangeSeverity(severity="sev3"), subject=subject)
    home.writer.do_all(
        [
            Submission(
                org_id=home.orgs["net"],
                sort="ticket",
                command=home.incident(f"quartz {number}"),
                credential=home.keys["owner"],
            )
            for number in range(SLICE)
        ]
    )
    home.ask("admin", POST, subject=subject)
    home.ask("owner", ChangeSeverity(severity="sev1"), subject=subject)
    follow(home)
    rows = rows_of(home, page)
    assert rows is not None
    (notice,) = rows.notices
    assert (notice.severity.value, len(notice.updates)) == ("sev1", 1)
    assert list(problems_of_pages(home.store)) == []


def test_a_notice_that_is_not_what_the_public_was_told_is_found(filed: House) -> None:
    founded(filed)
    subject = opened(filed)
    filed.ask("admin", POST, subject=subject)
    assert list(problems_of_pages(filed.store)) == []  # behind, which is no mistake
    follow(filed)
    assert list(problems_of_pages(filed.store)) == []
    for spoiling in (
        "UPDATE public_notices SET notice = replace(notice, 'look', 'lock')",
        "DELETE FROM public_notices",
    ):
        with filed.file.tending() as turn:
            turn.connection.execute(spoiling)
            turn.commit()
        (problem,) = problems_of_pages(filed.store)
        assert "is not public as it is" in problem
