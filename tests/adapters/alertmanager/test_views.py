"""What amtool asks for is answered in the shapes of Alertmanager's API."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.adapters.alertmanager import views
from tocsin.adapters.alertmanager.filters import (
    PATTERN_STEPS,
    Asked,
    BadFilter,
    parse_asked,
    parse_filters,
)
from tocsin.adapters.alertmanager.views import ShownAlert, ShownMatcher, ShownSilence, ShownStatus
from tocsin.core.patterns import Effort

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(fingerprint: str, **changes: Any) -> ShownAlert:
    shown: dict[str, Any] = {
        "fingerprint": fingerprint,
        "labels": {"alertname": "LinkDown", "severity": "critical"},
        "starts_at": NOW - MINUTE,
        "ends_at": NOW + MINUTE,
        "updated_at": NOW,
    }
    return ShownAlert(**(shown | changes))


FIRING = alert(
    "b1", annotations={"summary": "down"}, generator_url="http://p", group={"alertname": "LinkDown"}
)
SILENCED = alert("a2", labels={"alertname": "HostDown"}, silenced_by=("M20261120-af36",))
INHIBITED = alert("c3", labels={"alertname": "DiskFull"}, inhibited_by=("x",), receivers=("other",))
OVER = alert("d4", ends_at=NOW)
ALL = (FIRING, SILENCED, INHIBITED, OVER)


def fingerprints(asked: Asked) -> list[str]:
    return [
        one["fingerprint"]
        for one in views.alerts(ALL, asked, now=NOW, effort=Effort(PATTERN_STEPS))
    ]


def test_an_alert_has_every_member_that_the_interface_requires() -> None:
    (shown,) = views.alerts([FIRING], Asked(), now=NOW, effort=Effort(PATTERN_STEPS))

    assert json.loads(json.dumps(shown)) == {
        "labels": {"alertname": "LinkDown", "severity": "critical"},
        "annotations": {"summary": "down"},
        "generatorURL": "http://p",
        "receivers": [{"name": "tocsin"}],
        "fingerprint": "b1",
        "startsAt": "2026-11-20T09:59:00.000000Z",
        "updatedAt": "2026-11-20T10:00:00.000000Z",
        "endsAt": "2026-11-20T10:01:00.000000Z",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []},
    }


def test_alerts_come_by_fingerprint_without_those_that_are_over() -> None:
    assert fingerprints(Asked()) == ["a2", "b1", "c3"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (['alertname="LinkDown"'], ["b1"]),
        (["alertname=LinkDown"], ["b1"]),
        (['"alertname"="LinkDown"'], ["b1"]),
        ([' alertname =~ "(Link|Host)Down" '], ["a2", "b1"]),
        (['alertname=~"Link"'], []),
        (['alertname!="LinkDown"'], ["a2", "c3"]),
        (['alertname!~".*Down"'], ["c3"]),
        (['severity=""'], ["a2", "c3"]),
        (['alertname=~".*Down"', 'severity!=""'], ["b1"]),
    ],
)
def test_filters_all_have_to_fit(filters: list[str], found: list[str]) -> None:
    assert fingerprints(parse_asked(filters)) == found


@pytest.mark.parametrize(
    "filters", [["alertname"], ['a="b'], ['"a=b'], ['a=~"("'], [""], ["a=b"] * 51]
)
def test_filters_that_are_none_are_refused(filters: list[str]) -> None:
    with pytest.raises(BadFilter, match="bad matcher format"):
        parse_filters(filters)


def test_states_and_receiver_can_be_asked_for() -> None:
    assert fingerprints(parse_asked([], active=False)) == ["a2", "c3"]
    assert fingerprints(parse_asked([], silenced=False)) == ["b1", "c3"]
    assert fingerprints(parse_asked([], inhibited=False)) == ["a2", "b1"]
    assert fingerprints(parse_asked([], receiver="oth.*")) == ["c3"]
    with pytest.raises(BadFilter):
        parse_asked([], receiver="(")


def test_groups_are_of_one_receiver_and_the_same_shared_labels() -> None:
    found = views.groups(ALL, Asked(), now=NOW, effort=Effort(PATTERN_STEPS))

    assert [
        (group["labels"], group["receiver"], [one["fingerprint"] for one in group["alerts"]])
        for group in found
    ] == [
        ({}, {"name": "other"}, ["c3"]),
        ({}, {"name": "tocsin"}, ["a2"]),
        ({"alertname": "LinkDown"}, {"name": "tocsin"}, ["b1"]),
    ]


def test_a_group_has_only_the_receivers_asked_for() -> None:
    both = alert("e5", receivers=("other", "tocsin"))

    (group,) = views.groups(
        [both], parse_asked([], receiver="other"), now=NOW, effort=Effort(PATTERN_STEPS)
    )

    assert group["receiver"] == {"name": "other"}


def test_the_status_names_version_and_cluster() -> None:
    alone = views.status(ShownStatus(version="1.2.3", started_at=NOW))
    peered = views.status(
        ShownStatus(version="1.2.3", started_at=NOW, peers=(("two", "10.0.0.2:9094"),))
    )

    assert alone["versionInfo"]["version"] == "1.2.3"
    assert set(alone["versionInfo"]) == {
        *("version", "revision", "branch", "buildUser", "buildDate", "goVersion")
    }
    assert alone["config"] == {"original": ""}
    assert alone["uptime"] == "2026-11-20T10:00:00.000000Z"
    assert (alone["cluster"]["status"], peered["cluster"]["status"]) == ("disabled", "ready")
    assert peered["cluster"]["peers"] == [{"name": "two", "address": "10.0.0.2:9094"}]


def silence(identity: str, *, start: int, end: int, device: str = "ams-dz01") -> ShownSilence:
    return ShownSilence(
        id=identity,
        matchers=(ShownMatcher(name="device", value=device),),
        starts_at=NOW + start * MINUTE,
        ends_at=NOW + end * MINUTE,
        updated_at=NOW - 60 * MINUTE,
        created_by="Ada",
        comment="Fibre swap",
    )


def test_silences_say_where_they_stand_and_active_ones_come_first() -> None:
    shown = [
        silence("over", start=-9, end=0),
        silence("soon", start=1, end=9),
        silence("long", start=-9, end=9),
        silence("on", start=0, end=5),
    ]

    found = views.silences(shown, parse_filters([]), now=NOW, effort=Effort(PATTERN_STEPS))

    assert [(one["id"], one["status"]["state"]) for one in found] == [
        ("on", "active"),
        ("long", "active"),
        ("soon", "pending"),
        ("over", "expired"),
    ]
    assert found[0] == {
        "id": "on",
        "status": {"state": "active"},
        "matchers": [{"name": "device", "value": "ams-dz01", "isRegex": False, "isEqual": True}],
        "startsAt": "2026-11-20T10:00:00.000000Z",
        "endsAt": "2026-11-20T10:05:00.000000Z",
        "updatedAt": "2026-11-20T09:00:00.000000Z",
        "createdBy": "Ada",
        "comment": "Fibre swap",
    }


def test_silences_are_filtered_by_the_values_of_their_matchers() -> None:
    shown = [silence("one", start=0, end=5), silence("two", start=0, end=5, device="fra-dz03")]

    found = views.silences(
        shown, parse_filters(['device=~"fra.*"']), now=NOW, effort=Effort(PATTERN_STEPS)
    )

    assert [one["id"] for one in found] == ["two"]


def test_receivers_and_a_refusal_are_as_clients_read_them() -> None:
    assert views.receivers() == [{"name": "tocsin"}]
    assert views.bad_request(["one", "two"]) == "one\ntwo"
