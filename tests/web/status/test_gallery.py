"""What is on show: soon right, never gone, honest about its age, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web.status import pictures
from tests.web.status.asking import Town, ask
from tocsin.store.contract import StorageFailed
from tocsin.web.status import forms
from tocsin.web.status.copies import Copies
from tocsin.web.status.gallery import MOST_PAGES
from tocsin.web.status.serving import StatusPages
from tocsin.web.status.showing import Shown

STALE = "This page may be out of date."
WITHIN = 20.0
MINUTE = timedelta(minutes=1)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def run(talk: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(talk(), WITHIN))


def test_news_is_on_show_after_a_turn_and_nothing_is_made_twice(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        await gallery.renew()
        before = gallery.on_show("ring")
        await gallery.renew()
        assert gallery.on_show("ring") is before

        town.known["ring"] = pictures.several()
        await gallery.renew()
        site = StatusPages(gallery)
        assert pictures.several().open[0].title.split()[0] in (await ask(site, "/status/ring")).text

    run(talk)


def test_only_pages_that_may_have_moved_are_looked_at(town: Town) -> None:
    town.known["other"] = pictures.calm()

    async def looks(turn: Callable[[], Coroutine[Any, Any, bool]]) -> int:
        town.looks = 0
        await turn()
        return town.looks

    async def talk() -> None:
        gallery = town.gallery()
        town.moved = frozenset()
        assert await looks(gallery.renew) == 2
        assert await looks(gallery.renew) == 0
        town.moved = frozenset({"ring"})
        assert await looks(gallery.renew) == 1
        # What a turn that was broken off has not looked at is not forgotten.
        town.away = True
        await gallery.renew()
        town.away, town.moved = False, frozenset()
        assert await looks(gallery.renew) == 2
        town.at += MINUTE
        assert await looks(gallery.renew) == 2
        assert await looks(gallery.renew) == 0

    run(talk)


def test_a_minute_later_times_are_told_anew_and_feeds_stay_as_they_are(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        await gallery.renew()
        site = StatusPages(gallery)
        page, feed = await ask(site, "/status/ring"), await ask(site, "/status/ring/feed.atom")
        town.at += MINUTE / 2
        await gallery.renew()
        assert (await ask(site, "/status/ring")).body == page.body
        town.at += 7 * MINUTE
        await gallery.renew()
        later = await ask(site, "/status/ring")
        assert later.body != page.body
        assert later.headers["etag"] != page.headers["etag"]
        assert (await ask(site, "/status/ring/feed.atom")).headers == feed.headers

    run(talk)


def test_while_the_database_is_away_pages_stay_and_say_so(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        await gallery.renew()
        site = StatusPages(gallery)
        fresh = await ask(site, "/status/ring")
        assert STALE not in fresh.text

        town.away, town.at = True, town.at + 3 * MINUTE
        assert not await gallery.renew()
        stale = await ask(site, "/status/ring")
        assert stale.status == 200
        assert STALE in stale.text
        assert "14:08" in stale.text
        for name in ("history", f"incidents/{town.known['ring'].open[0].ref}"):
            assert STALE in (await ask(site, f"/status/ring/{name}")).text
        assert (await ask(site, "/status/ring/api/v2/summary.json")).status == 200
        assert (await ask(site, "/status/none")).status == 404

        town.away = False
        assert await gallery.renew()
        assert STALE not in (await ask(site, "/status/ring")).text

    run(talk)


def test_a_process_that_starts_without_its_database_shows_the_copies(town: Town) -> None:
    async def talk() -> None:
        await town.gallery().renew()
        town.away, town.at = True, town.at + 90 * MINUTE
        gallery = town.gallery()
        await gallery.renew()
        site = StatusPages(gallery)
        page = await ask(site, "/status/ring")
        assert page.status == 200
        assert STALE in page.text
        assert "14:05" in page.text
        # Of what there is no copy, nobody can say now whether it is there.
        unknown = await ask(site, "/status/none")
        assert (unknown.status, unknown.headers["retry-after"]) == (503, "5")

        town.away = False
        await gallery.renew()
        assert STALE not in (await ask(site, "/status/ring")).text
        assert (await ask(site, "/status/none")).status == 404

    run(talk)


def test_a_damaged_copy_is_none_and_a_removed_page_leaves_none(town: Town) -> None:
    copies = Copies(town.folder / "pages")

    async def talk() -> None:
        gallery = town.gallery()
        town.known["gone"] = pictures.calm()
        await gallery.renew()
        assert copies.slugs() == ["gone", "ring"]
        assert gallery.held == {"gone", "ring"}
        del town.known["gone"]
        await gallery.renew()
        assert copies.slugs() == ["ring"]
        assert (await ask(StatusPages(gallery), "/status/gone")).status == 404

        whole = (town.folder / "pages" / "ring.json").read_bytes()
        (town.folder / "pages" / "ring.json").write_bytes(whole[: len(whole) // 2])
        town.away = True
        gallery = town.gallery()
        await gallery.renew()
        assert (await ask(StatusPages(gallery), "/status/ring")).status == 503

    run(talk)


def test_a_removed_page_is_forgotten_by_the_next_process_too(town: Town) -> None:
    async def talk() -> None:
        await town.gallery().renew()
        town.known = {"other": pictures.calm()}
        await town.gallery().renew()
        assert Copies(town.folder / "pages").slugs() == ["other"]

    run(talk)


def test_a_copy_is_what_was_kept(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "pages")
    for picture in pictures.ALL.values():
        copies.keep("ring", picture)
        read = copies.read("ring")
        assert read is not None
        before, after = Shown(picture), Shown(read)
        for shown in (before, after):
            shown.prepare(["", "feed.atom", "api/v2/summary.json"])
        for name in before.hot:
            one, other = before.held(name), after.held(name)
            assert one is not None
            assert other is not None
            assert one.body == other.body
    with pytest.raises(ValueError, match="no slug"):
        copies.read("../secret")


def test_a_folder_that_cannot_be_written_costs_the_copies_only(town: Town) -> None:
    (town.folder / "pages").write_text("a file is in the way")

    async def talk() -> None:
        gallery = town.gallery()
        assert await gallery.renew()
        assert gallery.on_show("ring") is not None

    run(talk)


def test_a_page_that_cannot_be_made_harms_no_other(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        town.known["also"] = pictures.calm()
        await gallery.renew()
        town.broken = "also"
        town.known["ring"] = pictures.several()
        assert await gallery.renew()
        site = StatusPages(gallery)
        assert STALE in (await ask(site, "/status/also")).text
        ring = gallery.on_show("ring")
        assert ring is not None
        assert ring.stale_since is None
        assert ring.picture.open == pictures.several().open

    run(talk)


def test_only_so_many_pages_are_in_memory_and_each_can_be_seen(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        town.known = {f"p{at:03}": pictures.empty() for at in range(MOST_PAGES + 20)}
        await gallery.renew()
        assert len(gallery.held) == MOST_PAGES
        site = StatusPages(gallery)
        for slug in town.known:
            assert (await ask(site, f"/status/{slug}")).status == 200
        assert len(gallery.held) == MOST_PAGES
        # Whoever was asked for last stays.
        assert f"p{MOST_PAGES + 19:03}" in gallery.held

    run(talk)


def test_the_forms_of_a_page_are_bounded_too() -> None:
    picture = pictures.several()
    most = 30_000

    async def talk() -> None:
        shown = Shown(picture, holds=most)
        names = [*forms.names(picture)]
        for name in names:
            found = await shown.form(name)
            assert found is not None
            assert shown.size <= most
        assert 0 < len(shown.hot) < len(names)

    run(talk)


def test_many_who_ask_at_once_for_an_unknown_page_look_once(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        await gallery.renew()
        town.looks = 0
        assert await asyncio.gather(*(gallery.find(f"x{at}") for at in range(50))) == [None] * 50
        assert town.looks == 0

        fresh = town.gallery()
        asking = [asyncio.ensure_future(fresh.find("ring")) for _ in range(20)]
        await fresh.renew()
        found = await asyncio.gather(*asking)
        assert len({id(one) for one in found}) == 1
        assert town.looks == 1

    run(talk)


def test_a_bell_brings_the_news_and_what_is_not_followed_yet_is_looked_at_again(
    town: Town,
) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        bell, looked = asyncio.Event(), asyncio.Event()
        town.on_look = looked.set
        keeping = asyncio.ensure_future(gallery.keep_up(bell))

        async def next_look() -> None:
            await looked.wait()
            looked.clear()

        await next_look()
        bell.set()
        await next_look()
        # Nobody rings after this: the log was not followed to its end.
        town.followed = False
        bell.set()
        await next_look()
        await next_look()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert keeping.cancelled()

    run(talk)


def test_it_looks_again_by_itself_until_the_database_is_back(town: Town) -> None:
    async def talk() -> None:
        gallery = town.gallery()
        town.away = True
        with pytest.raises(StorageFailed):
            await gallery.find("ring")
        keeping = asyncio.ensure_future(gallery.keep_up(asyncio.Event()))
        town.away = False
        while gallery.on_show("ring") is None:
            await asyncio.wait((keeping,), timeout=0.05)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    run(talk)
