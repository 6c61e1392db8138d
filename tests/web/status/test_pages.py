"""The status page as its readers have it: in words, in order, in colours that all can tell."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.status import pictures
from tocsin.web.status import addresses, bars, pages, prose, words
from tocsin.web.status.colours import (
    SHAPE_CONTRAST,
    TEXT_CONTRAST,
    accent_sheet,
    channels,
    contrast,
    legible,
)
from tocsin.web.status.view import Level, Look, PageView

SERVED = pages.Addresses.served(pictures.URL, subscribe=True)
VOID = frozenset({"meta", "link", "br", "img"})
Attributes = list[tuple[str, str | None]]


class Seen(HTMLParser):
    """An HTML reader that minds what a browser would: nesting, ids, references, texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.spoken = ""
        self.headings: list[tuple[int, str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice on {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag not in {"a", "b", "bdi", "time"}:
            self.spoken += " "

    def handle_data(self, data: str) -> None:
        self.text += data
        self.spoken += data
        if self.headings and any(re.fullmatch("h[1-6]", tag) for tag in self._open):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every *tag*."""
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def plain(self) -> str:
        """The text with single spaces, and one where an element that stands alone ends."""
        return " ".join(self.spoken.split())


def every_page(page: PageView) -> dict[str, str]:
    """Each page that a reader of *page* can come to, by a name for it."""
    found = {
        "page": pages.status_page(page, SERVED),
        "stale": pages.status_page(page, SERVED, stale_since=pictures.NOW),
        "missing": pages.missing_page(page, SERVED),
        "nowhere": pages.missing_page(None, None),
    }
    for last in pages.history_pages(page):
        shown = pages.history(page, SERVED, last=last)
        assert shown is not None
        found[f"history {last:%Y-%m}"] = shown
    for notice in [*page.open, *page.maintenances, *page.past][:20]:
        shown = pages.notice_page(page, notice.ref, SERVED)
        assert shown is not None
        found[notice.ref] = shown
    return found


@pytest.fixture(params=list(pictures.ALL))
def picture(request: pytest.FixtureRequest) -> PageView:
    return pictures.ALL[request.param]


# What every page keeps


def test_pages_are_well_formed_and_refer_to_what_is_there(picture: PageView) -> None:
    for name, html in every_page(picture).items():
        seen = Seen(html)
        ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
        assert [id_ for id_, number in Counter(ids).items() if number > 1] == [], name
        for _, attributes in seen.tags:
            for reference in ("aria-labelledby", "for"):
                for id_ in (attributes.get(reference) or "").split():
                    assert id_ in ids, (name, id_)
            href = attributes.get("href") or ""
            if href.startswith("#"):
                assert href[1:] in ids, (name, href)


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(picture: PageView) -> None:
    for html in every_page(picture).values():
        seen = Seen(html)
        assert seen.all("style") == []
        assert all(script.get("src") and "defer" in script for script in seen.all("script"))
        for tag, attributes in seen.tags:
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            assert loaded is None or re.match(r"/(?!/)", loaded), loaded


def test_headings_step_down_one_at_a_time_from_one_first(picture: PageView) -> None:
    for html in every_page(picture).values():
        headings = Seen(html).headings
        levels = [level for level, _ in headings]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(words.strip() for _, words in headings)
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_pages_have_landmarks_a_language_and_a_way_past_the_top(picture: PageView) -> None:
    for name, html in every_page(picture).items():
        seen = Seen(html)
        assert seen.all("html") == [{"lang": "en"}]
        assert [main["id"] for main in seen.all("main")] == ["main"]
        if name != "nowhere":
            assert seen.all("a")[0]["href"] == "#main"
            assert all(nav.get("aria-label") for nav in seen.all("nav"))
        assert all("alt" in image for image in seen.all("img"))
        assert all(
            drawing.get("role") == "img" or drawing.get("aria-hidden") == "true"
            for drawing in seen.all("svg")
        )


def test_the_same_picture_gives_the_same_bytes(picture: PageView) -> None:
    assert every_page(picture) == every_page(picture)


def test_a_page_with_all_it_loads_is_small() -> None:
    loaded = sum(len(pages.asset(name)) for name in ("tocsin.css", "status.js", "operational.svg"))
    crowded = pictures.several()
    services = tuple(
        replace(service, id=pictures.identity(900 + at))
        for at, service in enumerate([*crowded.services] * 4)
    )
    full = pages.status_page(replace(crowded, services=services, groups=()), SERVED)

    assert full.count('class="bars"') == 16
    assert loaded < 20_000
    assert loaded + len(full.encode()) < 60_000


# What it says


def test_the_worst_state_is_the_first_heading() -> None:
    first = {
        name: Seen(pages.status_page(page, SERVED)).headings[0][1]
        for name, page in pictures.ALL.items()
    }

    assert first["calm"] == "All services are operational"
    assert first["empty"] == "No trouble is known"
    assert first["incident"] == "Partial outage: Amsterdam – Frankfurt"
    assert first["several"] == "Major outage: Amsterdam – Frankfurt"
    assert first["maintenance"] == "Under maintenance: Frankfurt – Zürich"
    assert first["hostile"] == "Partial outage of all services"


def test_a_calm_page_says_when_it_was_last_looked_at() -> None:
    text = Seen(pages.status_page(pictures.calm(), SERVED)).plain

    assert "No incident is open. Last looked at 2026-11-20 14:05 UTC" in text
    assert "may be out of date" not in text


def test_a_stale_page_says_since_when() -> None:
    html = pages.status_page(
        pictures.calm(), SERVED, stale_since=pictures.NOW + timedelta(minutes=3)
    )

    assert (
        "This page may be out of date. It could not be renewed since 2026-11-20 14:08 UTC;"
        " what it shows was true at 2026-11-20 14:05 UTC."
    ) in Seen(html).plain


def test_an_open_incident_shows_its_updates_newest_first() -> None:
    text = Seen(pages.status_page(pictures.incident(), SERVED)).plain

    newest = text.index("Splicing has begun")
    oldest = text.index("One of two paths lost light")
    assert newest < text.index("A fibre was cut near Arnhem.") < oldest
    assert "edited 1 h 59 min ago" in text
    assert "from operational to partial outage" in text


def test_a_long_incident_leads_to_the_rest_of_its_updates() -> None:
    told = [("investigating", f"Word {at}.") for at in range(7)]
    notice = pictures.notice(1, "Long", *told)
    page = pictures.page(open=[notice])
    shown = Seen(pages.status_page(page, SERVED))
    own = pages.notice_page(page, notice.ref, SERVED)

    assert "All 7 updates" in shown.plain
    assert "Word 6." in shown.plain
    assert "Word 3." not in shown.plain
    assert own is not None
    assert all(f"Word {at}." in own for at in range(7))


def test_maintenance_under_way_and_to_come_stand_apart() -> None:
    text = Seen(pages.status_page(pictures.maintenance(), SERVED)).plain

    under_way = text.index("Maintenance under way")
    assert under_way < text.index("Optics upgrade in Frankfurt") < text.index("Services each bar")
    assert text.index("Planned maintenance") < text.index("Router software, Zürich")
    assert "2026-11-20 13:00 – 15:00 UTC (2 h) ends in 54 min" in text
    assert "2026-11-21 10:00 – 12:00 UTC in 19 h" in text


def test_every_time_says_its_zone_and_can_be_read_by_programs() -> None:
    html = pages.status_page(pictures.incident(), SERVED)

    told = re.findall(r'<time [^>]*datetime="([^"]+)"[^>]*>([^<]+)</time>', html)
    assert ("2026-11-20T12:45:00Z", "2026-11-20 12:45 UTC") not in told  # the seconds are kept
    assert ("2026-11-20T12:45:30Z", "2026-11-20 12:45 UTC") in told
    assert ("2026-11-20T12:45:30Z", "1 h 20 min ago") in told


def test_an_incident_that_is_watched_does_not_look_like_an_outage() -> None:
    page = pictures.page(
        services=[pictures.service(1, "API")],
        open=[
            pictures.notice(1, "A fix is watched", ("monitoring", "…"), at_worst=Level.OPERATIONAL)
        ],
    )
    seen = Seen(pages.status_page(page, SERVED))

    assert seen.headings[0] == (1, "All services are operational")
    assert "We are still watching one incident." in seen.plain
    assert [article["class"] for article in seen.all("article")] == ["notice card unknown"]


def test_a_page_in_which_nothing_ever_happened_says_so() -> None:
    text = Seen(pages.history(pictures.empty(), SERVED) or "").plain

    assert "There is none: no incident and no maintenance was ever announced here." in text


def test_what_is_not_there_leads_back() -> None:
    assert pages.notice_page(pictures.calm(), "I19990101-0000", SERVED) is None
    assert pages.history(pictures.calm(), SERVED, last=date(1999, 1, 1)) is None
    links = [a["href"] for a in Seen(pages.missing_page(pictures.calm(), SERVED)).all("a")]
    assert {"/status/ring", "/status/ring/history"} <= set(links)


# History


def test_the_history_shows_every_notice_once_from_page_to_page() -> None:
    page = pictures.long_history()
    months = pages.history_pages(page)
    shown = Counter[str]()
    for last in months:
        html = pages.history(page, SERVED, last=last)
        assert html is not None
        shown.update(re.findall(r'href="/status/ring/incidents/([^"]+)"', html))

    assert months[0] == date(2026, 11, 1)
    assert months[1] == date(2026, 8, 1)
    assert shown == Counter(notice.ref for notice in page.past)


def test_pages_of_the_history_lead_to_each_other() -> None:
    page = pictures.long_history()
    newest = Seen(pages.history(page, SERVED) or "")
    older = Seen(pages.history(page, SERVED, last=date(2026, 8, 1)) or "")

    assert [a["href"] for a in newest.all("a") if "rel" in a] == ["/status/ring/history/2026-08"]
    assert "/status/ring/history/2026-11" in [a["href"] for a in older.all("a") if "rel" in a]


def test_what_is_only_planned_is_not_history() -> None:
    html = pages.history(pictures.maintenance(), SERVED) or ""

    assert "Optics upgrade in Frankfurt" in html
    assert "Router software" not in html


# Where links lead


def test_an_export_leads_from_file_to_file() -> None:
    page = pictures.incident()
    home = pages.status_page(page, pages.Addresses.exported(depth=0))
    own = pages.notice_page(page, page.open[0].ref, pages.Addresses.exported(depth=2))

    assert f'href="./incidents/{page.open[0].ref}/index.html"' in home
    assert 'href="./assets/tocsin.css?v=' in home
    assert "<script" not in home
    assert own is not None
    assert 'href="../../index.html"' in own
    assert 'href="../../assets/tocsin.css?v=' in own


def test_every_page_leads_to_the_other_forms() -> None:
    html = pages.history(pictures.calm(), SERVED) or ""

    links = {a["href"] for a in Seen(html).all("a")}
    for form in (addresses.ATOM, addresses.RSS, addresses.JSON_FEED, addresses.CALENDAR):
        assert f"/status/ring/{form}" in links


def test_only_listed_assets_are_read() -> None:
    for name in pages.ASSETS:
        assert pages.asset(name)
    for name in ("../status/view.py", "tocsin.css/../status.js", ""):
        with pytest.raises(KeyError):
            pages.asset(name)


# Bars


def test_bars_say_in_words_what_they_show() -> None:
    service = pictures.service(
        1,
        "API",
        history=pictures.days(
            (3, Level.MAINTENANCE, 60),
            (10, Level.MAJOR, 5_400),
            (12, Level.MAJOR, 60),
            known_for=45,
        ),
        uptime=0.99929,
    )

    assert bars.summary(service) == (
        "99.92 % uptime; 2 days with a major outage; 1 day under maintenance; 45 days not known."
    )
    assert bars.trouble_days(service) == 2
    assert [day.words for day in bars.days_in_words(service)] == [
        "Under maintenance 1 min",
        "Major outage 1 h 30 min",
        "Major outage 1 min",
    ]
    drawn = Seen(bars.bars(service, name="s1"))
    assert drawn.all("svg")[0]["aria-labelledby"] == "s1-t s1-d"
    assert bars.summary(service) in drawn.text


def test_a_worse_day_has_a_taller_bar() -> None:
    def height(level: Level) -> int:
        service = pictures.service(1, "API", history=pictures.days((0, level, 60)))
        found = re.search(rf'class="{level.value}" d="M890 (\d+)h', bars.bars(service, name="s"))
        assert found
        return 32 - int(found[1])

    assert height(Level.MAINTENANCE) < height(Level.DEGRADED)
    assert height(Level.DEGRADED) < height(Level.PARTIAL) < height(Level.MAJOR)


def test_a_young_service_has_its_days_on_the_right() -> None:
    service = pictures.service(1, "API", history=pictures.days()[-5:])

    assert 'class="run unknown" stroke-width="4" d="M0 30h847"' in bars.bars(service, name="s")
    assert 'class="run operational" stroke-width="20" d="M850 22h47"' in bars.bars(
        service, name="s"
    )


@pytest.mark.parametrize(
    ("uptime", "words_"), [(1.0, "100 %"), (0.999_999, "99.99 %"), (0.5, "50 %"), (0.0, "0 %")]
)
def test_uptime_is_never_rounded_up(uptime: float, words_: str) -> None:
    assert words.share(uptime) == words_


# Words of the public


def test_public_words_keep_their_paragraphs_lines_and_links() -> None:
    assert prose.paragraphs("One.\r\nTwo.\n\n\n See (https://a.example/x_(1)), and.\n") == (
        '<p dir="auto">One.<br>Two.</p>\n<p dir="auto"> See (<a href="https://a.example/x_(1)"'
        ' rel="noopener nofollow">https://a.example/x_(1)</a>), and.</p>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/",
        "javascript:alert(1)",
        "https://good.example@evil.example/",
        "https://аpple.example/",
        'https://a.example/"onmouseover="alert(1)',
        "https://a.example/<script>",
        "https://localhost/",
        "https://a.example:99999/",
        "https://[::1]/",
        "https://",
        "https://a.example/" + "x" * 2_000,
        "[text](https://a.example)",
    ],
)
def test_what_only_looks_like_a_link_stays_text(text: str) -> None:
    seen = Seen(str(prose.paragraphs(text)))

    assert seen.all("a") == []
    assert {tag for tag, _ in seen.tags} == {"p"}
    assert seen.text == prose.cleaned(text)


@given(st.text(alphabet=st.sampled_from("ab \n<>&\"'()[]*:/.@#%?=\u202e\x00") | st.characters()))
def test_no_words_make_markup(text: str) -> None:
    seen = Seen(str(prose.paragraphs(text)))

    assert {tag for tag, _ in seen.tags} <= {"p", "br", "a"}
    assert "".join(seen.text.split()) == "".join(prose.cleaned(text).split())
    for link in seen.all("a"):  # one gets to where one reads
        assert link["href"] is not None
        assert link["href"] in seen.text
        assert prose.https_address(link["href"]) is not None


def test_hostile_texts_are_shown_and_not_obeyed() -> None:
    page = pictures.hostile()
    shown = Seen(pages.status_page(page, SERVED))

    for text in pictures.HOSTILE:
        assert " ".join(prose.cleaned(text).split()) in shown.plain
    assert [script["src"] for script in shown.all("script")] == [SERVED.asset("status.js")]
    assert shown.all("img") == []
    for a in shown.all("a"):
        assert re.match(r"#main$|/status/ring|https://", a["href"] or ""), a


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://a.example", "//evil.example"])
def test_an_address_that_is_not_https_is_not_linked(address: str) -> None:
    page = pictures.page(
        look=Look(support_url=address),
        past=[pictures.notice(1, "Old", ("resolved", "Over."), rca_url=address)],
    )

    for html in every_page(page).values():
        assert address not in html


# Times in words


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (-59, "just now"),
        (-60, "1 min ago"),
        (-3_600, "1 h ago"),
        (-5_400, "1 h 30 min ago"),
        (-7 * 3_600 - 1_800, "7 h ago"),
        (-47 * 3_600, "47 h ago"),
        (-48 * 3_600, "2 days ago"),
        (3_600, "in 1 h"),
    ],
)
def test_ages_in_words(seconds: int, told: str) -> None:
    assert words.age(pictures.NOW + timedelta(seconds=seconds), now=pictures.NOW) == told


def test_a_window_names_the_second_day_only_if_it_is_another() -> None:
    start = pictures.NOW

    assert words.window(start, start + timedelta(hours=2)) == "2026-11-20 14:05 – 16:05 UTC"
    assert words.window(start, start + timedelta(hours=12)) == (
        "2026-11-20 14:05 – 2026-11-21 02:05 UTC"
    )
    assert words.window(start, None) == "2026-11-20 14:05 UTC"


# Colours


def tokens() -> dict[str, dict[str, str]]:
    """The colour tokens of the sheet, for light and for dark."""
    sheet = pages.asset("tocsin.css").decode()
    light, dark = re.findall(r":root\{(.*?)\}", sheet, flags=re.DOTALL)[:2]
    found = {
        name: dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6});", block))
        for name, block in (("light", light), ("dark", dark))
    }
    assert found["light"].keys() == found["dark"].keys()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_and_shapes_be_seen(scheme: str) -> None:
    colour = tokens()[scheme]
    grounds = ("paper", "card", "well")
    texts = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in grounds]
    shapes = [("accent", ground) for ground in grounds]
    for level in Level:
        texts += [(f"{level.value}-ink", ground) for ground in (*grounds, f"{level.value}-wash")]
        texts += [(ink, f"{level.value}-wash") for ink in ("ink", "soft")]
        shapes += [(level.value, ground) for ground in ("card", "paper", f"{level.value}-wash")]
    shapes += [("unknown", "card"), ("edge", "card")]

    for ink, ground in texts:
        assert contrast(colour[ink], colour[ground]) >= TEXT_CONTRAST, (ink, ground)
    for shape, ground in shapes:
        assert contrast(colour[shape], colour[ground]) >= SHAPE_CONTRAST, (shape, ground)


# How people without red or green cones see (Viénot, Brettel and Mollon 1999), on linear RGB.
SIGHT = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "no red": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "no green": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def perceived(colour: str, sight: str) -> tuple[float, float, float]:
    """*colour* in CIE L*a*b* as *sight* has it."""
    linear = [(channel / 255) ** 2.2 for channel in channels(colour)]
    red, green, blue = (
        max(0.0, sum(part * channel for part, channel in zip(row, linear, strict=True)))
        for row in SIGHT[sight]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("sight", list(SIGHT))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_levels_differ_for_every_eye(scheme: str, sight: str) -> None:
    seen = {level: perceived(tokens()[scheme][level.value], sight) for level in Level}
    near = {
        (one.value, other.value): round(distance)
        for one, other in combinations(Level, 2)
        if (
            distance := sum((a - b) ** 2 for a, b in zip(seen[one], seen[other], strict=True))
            ** 0.5
        )
        < 12
    }

    assert near == {}


def test_every_level_has_a_shape_of_its_own() -> None:
    html = pages.status_page(pictures.calm(), SERVED)
    outlines = {
        level: re.search(rf'<symbol id="{level.value}"[^>]*><(.*?)/>', html) for level in Level
    }

    assert len({match[1] for match in outlines.values() if match}) == len(Level)
    assert len({words.level_words(level) for level in Level}) == len(Level)


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_any_accent_becomes_legible(accent: str) -> None:
    colour = tokens()
    sheet = accent_sheet(accent)
    light, dark = re.findall(r"--accent:(#[0-9a-f]{6})", sheet)

    for ground in ("paper", "card"):
        assert contrast(light, colour["light"][ground]) >= TEXT_CONTRAST
        assert contrast(dark, colour["dark"][ground]) >= TEXT_CONTRAST
    assert legible(light, on=colour["light"]["paper"]) == light


@pytest.mark.parametrize("accent", [None, "", "red", "#12345", "#123456}body{display:none}"])
def test_what_is_no_colour_gives_no_sheet(accent: str | None) -> None:
    assert accent_sheet(accent) == ""


def test_motion_is_only_for_those_who_do_not_mind() -> None:
    sheet = pages.asset("tocsin.css").decode()
    calm, _, moving = sheet.partition("@media (prefers-reduced-motion:no-preference)")

    assert "transition" in moving
    assert not re.search(r"transition|animation|scroll-behavior", calm)
