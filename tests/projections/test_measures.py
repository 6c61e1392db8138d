"""Measures of a history that was reckoned by hand, to the second, on each store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.handler.acting import NOON, House, house, pubkey
from tests.handler.laying import lay
from tests.projections.histories import follow
from tests.store.test_looking_up import instructions
from tocsin.core.commands import ChangeFields, ChangeSeverity, ChangeStatus, Redact
from tocsin.core.measures import Figures, Grouping, Measure
from tocsin.core.words import Impact
from tocsin.handler.submission import Submission
from tocsin.projections.measures import Measures, TooMany, Wanted, read_measures
from tocsin.projections.rebuilding import rebuild

HOUR = timedelta(hours=1)
ONE = NOON + timedelta(hours=1)
THREE = NOON + timedelta(hours=3)


def past_one(minutes: int) -> datetime:
    """So many minutes after one o'clock."""
    return ONE + timedelta(minutes=minutes)


def seconds(count: int, mean: float, median: float, p95: float) -> Figures:
    """Figures, in seconds."""
    return Figures(
        count=count,
        mean=timedelta(seconds=mean),
        median=timedelta(seconds=median),
        p95=timedelta(seconds=p95),
    )


NONE = Figures(count=0, mean=None, median=None, p95=None)


class Story:
    """Incidents opened and moved by the clock of the house."""

    def __init__(self, home: House) -> None:
        self.home = home

    def opened(self, at: datetime, title: str, **given: object) -> str:
        """Open an incident then; its id."""
        self.home.clock.now = at
        return self.home.ask("owner", self.home.incident(title, **given)).stream.partition(":")[2]

    def moved(self, at: datetime, subject: str, status: str, **given: str) -> None:
        """Have it moved then, by somebody else."""
        self.home.clock.now = at
        self.home.ask("admin", ChangeStatus(status=status, **given), subject=subject)  # type: ignore[arg-type]


def told(home: House) -> None:
    """The history, with what each of its incidents comes to."""
    story = Story(home)
    web = {"services": ("web",), "devices": (), "impact": "outage"}
    # Created before one o'clock: counted nowhere, but open until four past.
    before = story.opened(NOON, "Before", severity="sev1", **web)
    # Start given ten minutes before creation. Detected 10 min, acknowledged 15, mitigated 30,
    # resolved 40, closed 70 minutes after it began.
    whole = story.opened(ONE, "Whole", severity="sev1", start_at=ONE - timedelta(minutes=10), **web)
    story.moved(past_one(4), before, "resolved")
    story.moved(past_one(5), whole, "acknowledged")
    # Never acknowledged, start not given, open until today.
    story.opened(past_one(10), "Never", impact="outage")
    # Start not given. Acknowledged and mitigated with the first resolution after 10 minutes,
    # reopened, resolved at last after 35.
    reopened = story.opened(past_one(15), "Reopened", severity="sev3", **web)
    story.moved(past_one(20), whole, "monitoring")
    # Cancelled 35 minutes after it began, created 20 after it began.
    cancelled = story.opened(
        past_one(22), "Cancelled", severity="sev3", start_at=past_one(2), **web
    )
    story.moved(past_one(25), reopened, "resolved")
    story.moved(past_one(30), whole, "resolved", root_cause="hardware")
    story.moved(past_one(37), cancelled, "cancelled", disposition="invalid")
    story.moved(past_one(40), reopened, "investigating", reason="back again")
    story.moved(past_one(50), reopened, "resolved")
    story.moved(past_one(60), whole, "closed")
    # At the end of the time that is asked for, and so behind it.
    story.opened(THREE, "After", **web)
    follow(home)


def measured(home: House, **given: object) -> Measures:
    """The measures from one o'clock to three, unless asked otherwise."""
    wanted = {"begin": ONE, "end": THREE, "now": THREE} | given
    with home.store.reading() as turn:
        return read_measures(
            turn,
            org_id=home.orgs["net"],
            wanted=Wanted(**wanted),  # type: ignore[arg-type]
        )


def test_the_history_comes_to_what_was_reckoned_by_hand(home: House) -> None:
    told(home)

    found = measured(home)

    assert found.count == 3
    assert found.overall == {
        Measure.MTTD: seconds(1, 600, 600, 600),
        Measure.MTTA: seconds(2, 750, 750, 900),
        Measure.MTTM: seconds(2, 1_200, 1_200, 1_800),
        Measure.MTTR: seconds(2, 2_250, 2_250, 2_400),
        Measure.MTTC: seconds(1, 4_200, 4_200, 4_200),
    }
    assert found.counts == {
        Grouping.SEVERITY: {"sev1": 1, "sev2": 1, "sev3": 1},
        Grouping.STATUS: {"closed": 1, "open": 1, "resolved": 1},
        Grouping.SERVICE: {"web": 2, None: 1},
        Grouping.CONTRIBUTOR: {"alpha": 1, None: 2},
        Grouping.ROOT_CAUSE: {"hardware": 1, None: 2},
        Grouping.DAY: {"2026-11-20": 3},
        Grouping.WEEK: {"2026-W47": 3},
        Grouping.MONTH: {"2026-11": 3},
    }
    assert found.groups == ()


def test_cancelled_incidents_count_where_they_are_asked_for(home: House) -> None:
    told(home)

    found = measured(home, include_cancelled=True)

    assert found.count == 4
    assert found.counts[Grouping.STATUS]["cancelled"] == 1
    assert found.overall == {
        Measure.MTTD: seconds(2, 900, 900, 1_200),
        # Who cancels has seen it: 35 minutes.
        Measure.MTTA: seconds(3, 1_200, 900, 2_100),
        Measure.MTTM: seconds(2, 1_200, 1_200, 1_800),
        Measure.MTTR: seconds(2, 2_250, 2_250, 2_400),
        Measure.MTTC: seconds(1, 4_200, 4_200, 4_200),
    }


def test_groups_have_measures_of_their_own(home: House) -> None:
    told(home)

    by_severity = {one.key: one for one in measured(home, group_by=Grouping.SEVERITY).groups}
    by_service = {one.key: one for one in measured(home, group_by=Grouping.SERVICE).groups}

    assert list(by_severity) == ["sev1", "sev2", "sev3"]
    assert by_severity["sev1"].measures[Measure.MTTR] == seconds(1, 2_400, 2_400, 2_400)
    assert by_severity["sev2"].measures == dict.fromkeys(Measure, NONE)
    assert by_severity["sev3"].measures[Measure.MTTR] == seconds(1, 2_100, 2_100, 2_100)
    assert [(key, one.count) for key, one in by_service.items()] == [("web", 2), (None, 1)]
    assert by_service["web"].measures[Measure.MTTA] == seconds(2, 750, 750, 900)


def test_availability_is_the_time_without_an_open_incident(home: House) -> None:
    """The web was out from one to half past (two at once for a while), and from 13:40 to 13:50;
    the device from ten past one until three."""
    told(home)

    found = measured(home)

    (web,) = found.services
    (device,) = found.devices
    assert (web.key, web.down) == ("web", timedelta(minutes=40))
    assert web.share == pytest.approx(1 - 40 / 120)
    assert (device.key, device.down) == (pubkey(11), timedelta(minutes=110))
    assert device.share == pytest.approx(1 - 110 / 120)
    assert found.codes == {pubkey(11): "ams-1"}
    assert found.links == []


def test_availability_is_of_the_impacts_that_are_asked_for(home: House) -> None:
    told(home)
    assert measured(home, impacts=(Impact.DEGRADED,)).services == []

    both = measured(home, impacts=(Impact.DEGRADED, Impact.OUTAGE))
    assert [one.key for one in both.services] == ["web"]

    # Cancelled, it was never out; asked for, from 13:02 to 13:37.
    (web,) = measured(home, include_cancelled=True).services
    assert web.down == timedelta(minutes=47)


def test_what_is_to_come_is_not_available_yet(home: House) -> None:
    """At two, an hour of the two has passed: the web was out for forty minutes of it."""
    told(home)
    (web,) = measured(home, now=past_one(60)).services
    assert web.share == pytest.approx(1 - 40 / 60)
    assert measured(home, now=ONE).services == []


def test_a_time_that_is_over_is_measured_as_it_was(home: House) -> None:
    """Whenever it is asked for: what came after it, and how long ago it is, change nothing."""
    told(home)
    then = measured(home)
    Story(home).opened(THREE + HOUR, "Later", services=("dns",), devices=(), impact="outage")
    follow(home)

    now = measured(home, now=THREE + 5 * HOUR)

    assert (now.services, now.devices) == (then.services, then.devices)
    assert now.overall == then.overall
    assert [one.key for one in measured(home, end=THREE + 5 * HOUR).services] == ["web"]


def test_a_link_has_its_code_and_an_availability_of_its_own(filed: House) -> None:
    code, line = lay(filed), pubkey(100)
    Story(filed).opened(ONE, "Fibre cut", links=(code,), devices=(), impact="outage")
    follow(filed)

    found = measured(filed, now=past_one(30))

    (link,) = found.links
    assert (link.key, link.down) == (line, timedelta(minutes=30))
    assert found.codes == {line: code}
    assert found.devices == []


def test_a_change_of_an_incident_is_measured(home: House) -> None:
    story = Story(home)
    subject = story.opened(ONE, "Fibre cut", severity="sev3")
    follow(home)
    home.ask("admin", ChangeSeverity(severity="sev1"), subject=subject)
    home.ask("admin", ChangeFields(services=("dns",), start_at=NOON), subject=subject)
    story.moved(past_one(30), subject, "resolved")
    follow(home)

    found = measured(home)

    assert found.counts[Grouping.SEVERITY] == {"sev1": 1}
    assert found.counts[Grouping.SERVICE] == {"dns": 1}
    assert found.overall[Measure.MTTR] == seconds(1, 5_400, 5_400, 5_400)


def test_a_rebuild_measures_the_same(home: House) -> None:
    told(home)
    followed = measured(home, group_by=Grouping.DAY)
    rebuild(home.store)
    assert measured(home, group_by=Grouping.DAY) == followed


def test_an_incident_whose_moves_are_followed_one_by_one_is_measured_the_same(home: House) -> None:
    """It is out from one to ten past, and from twenty past to half past."""
    story = Story(home)
    subject = story.opened(ONE, "On and off", impact="outage")
    follow(home)
    for minutes, status in ((10, "resolved"), (20, "investigating"), (30, "resolved")):
        story.moved(past_one(minutes), subject, status, reason="again")
        follow(home)

    followed = measured(home)

    (device,) = followed.devices
    assert device.down == timedelta(minutes=20)
    rebuild(home.store)
    assert measured(home) == followed


def test_following_the_log_again_from_its_beginning_measures_the_same(home: House) -> None:
    """As after an upgrade, or in a copy that was made without the rows."""
    told(home)
    followed = measured(home)
    with home.store.tending() as turn:
        turn.put_checkpoint("measures", 0)
        turn.commit()
    follow(home)
    assert measured(home) == followed


def test_what_was_erased_is_measured_as_before(home: House) -> None:
    told(home)
    before = measured(home)
    with home.store.reading() as turn:
        (event,) = turn.org_events(home.orgs["net"], after=before.position - 1, limit=1)
    subject = event.stream.partition(":")[2]
    home.ask("admin", Redact(event=event.id, fields=("title",)), subject=subject)
    follow(home)
    after = measured(home)
    assert (after.count, after.overall) == (before.count, before.overall)


def test_another_org_has_measures_of_its_own(home: House) -> None:
    told(home)
    with home.store.reading() as turn:
        wanted = Wanted(begin=ONE, end=THREE, now=THREE)
        found = read_measures(turn, org_id=home.orgs["elsewhere"], wanted=wanted)
    assert found.count == 0
    assert found.overall == dict.fromkeys(Measure, NONE)
    assert found.services == found.devices == found.links == []


# -- bounded work ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house with many incidents of long ago, and a few of today."""
    with house(tmp_path_factory.mktemp("aged")) as home:
        home.writer.do_all(
            [
                Submission(
                    org_id=home.orgs["net"],
                    sort="ticket",
                    command=home.incident(f"Trouble {number}"),
                    credential=home.keys["owner"],
                )
                for number in range(1_000)
            ]
        )
        home.clock.now = THREE
        Story(home).opened(THREE, "Today")
        follow(home)
        yield home


def test_a_short_time_costs_no_more_however_many_incidents_there_are(aged: House) -> None:
    def cost(begin: datetime) -> int:
        wanted = Wanted(begin=begin, end=THREE + timedelta(hours=1), now=THREE)
        with aged.file.reading() as turn:
            return instructions(
                turn, lambda: read_measures(turn, org_id=aged.orgs["net"], wanted=wanted)
            )

    assert cost(THREE) < 2_000
    assert cost(NOON) > 10 * cost(THREE)


def test_nobody_waits_for_the_figures_of_too_many(aged: House) -> None:
    with aged.file.reading() as turn:
        wanted = Wanted(begin=NOON, end=THREE, now=THREE)
        net = aged.orgs["net"]
        with pytest.raises(TooMany):
            read_measures(turn, org_id=net, wanted=wanted, most=999)
        assert read_measures(turn, org_id=net, wanted=wanted, most=1_000).count == 1_000


def test_nor_for_those_of_too_many_that_were_open_since_long_before(filed: House) -> None:
    for _ in range(3):
        Story(filed).opened(NOON, "Dark", impact="outage")
    follow(filed)
    with filed.store.reading() as turn:
        wanted = Wanted(begin=ONE, end=THREE, now=THREE)
        net = filed.orgs["net"]
        with pytest.raises(TooMany):
            read_measures(turn, org_id=net, wanted=wanted, most=2)
        found = read_measures(turn, org_id=net, wanted=wanted, most=3)
    (device,) = found.devices
    assert (found.count, device.share) == (0, 0)
