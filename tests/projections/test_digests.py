"""Many announcements in few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.acting import House, house, pubkey
from tests.handler.laying import judge, lay
from tocsin.core.facts import Event
from tocsin.core.provisioning.commands import Wish
from tocsin.core.provisioning.facts import HealthChanged
from tocsin.core.provisioning.words import Health
from tocsin.core.record_commands import UpdateContributor
from tocsin.core.records import Device, Link
from tocsin.core.registry_commands import RegisterDevice, RemoveLink
from tocsin.projections.announcements import Asset
from tocsin.projections.digests import (
    IN_HEADLINE,
    MOST_CODES,
    MOST_GROUPS,
    MOST_OWNERS,
    MOST_REASONS,
    Summary,
    summary_of,
)
from tocsin.projections.shapes.record_names import ReadNames


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


Happened = Sequence[tuple[Event, Asset]]


def happened(home: House, *names: str, after: int = 0) -> Happened:
    """The events of these names of all devices and links, in the order of the log."""
    with home.store.reading() as turn:
        told: list[tuple[Event, Asset]] = []
        for sort in ("device", "link"):
            for head in turn.heads_of_sort(home.orgs["net"], sort):
                state = head.state
                assert isinstance(state, Device | Link)
                told += [
                    (event, state)
                    for event in turn.stream_events(home.orgs["net"], head.stream)
                    if event.kind.partition(".")[2] in names and event.position > after
                ]
    return sorted(told, key=lambda pair: pair[0].position)


def summed(home: House, told: Happened) -> Summary:
    with home.store.reading() as turn:
        names = ReadNames(turn, org_id=home.orgs["net"], records=[asset for _, asset in told])
    return summary_of(told, names)


def device(home: House, code: str, *, number: int, contributor: str = "alpha") -> None:
    command = RegisterDevice(
        device_id=home.fresh(), pubkey=pubkey(number), code=code, contributor=contributor
    )
    home.system("device", command, org_id=home.orgs["net"])


def test_a_cut_fibre_is_a_headline_and_its_links_by_owner(home: House) -> None:
    for number in range(37):
        judge(home, lay(home, code=f"line-{number:02}", number=number), "impaired", "no light")
    for code in ("ams-1", "fra-1"):
        home.ask("admin", Wish(desired="soft_drained"), sort="device", subject=code)

    summary = summed(home, happened(home, "health_changed", "desired_status_changed"))

    assert summary.headline == "37 links are impaired, 2 devices are wanted soft drained"
    links, devices = summary.groups
    assert (links.what, links.count) == ("37 links are impaired", 37)
    (owned,) = links.owned
    assert owned.owner == "Alpha and Beta"
    assert owned.codes == tuple(f"line-{number:02}" for number in range(10))
    assert owned.more == 27
    assert links.reasons == (("no light", 37),)
    assert [(one.owner, one.codes) for one in devices.owned] == [
        ("Alpha", ("ams-1",)),
        ("Beta", ("fra-1",)),
    ]
    assert summary.announcements == 39
    assert (summary.more, summary.called) == (0, ())


def test_what_came_back_is_said_to_have_been_away(home: House) -> None:
    for number in range(3):
        code = lay(home, code=f"line-{number}", number=number)
        judge(home, code, "healthy", "all criteria are met")
    last = happened(home, "health_changed")[-1][0].position
    for _ in range(2):
        judge(home, "line-0", "impaired", "no light")
        judge(home, "line-0", "healthy", "all criteria are met")
    judge(home, "line-1", "impaired", "no light")
    judge(home, "line-1", "healthy", "all criteria are met")
    judge(home, "line-2", "impaired", "no light")

    summary = summed(home, happened(home, "health_changed", after=last))

    assert summary.headline == ("1 link is impaired, 2 links were impaired and back to healthy")
    assert summary.announcements == 7
    assert [one.reasons for one in summary.groups] == [(("no light", 1),), (("no light", 2),)]


def test_only_the_reasons_for_where_it_stands_are_told(home: House) -> None:
    judge(home, lay(home), "impaired", "no light")
    judge(home, "line", "healthy", "all criteria are met")

    (group,) = summed(home, happened(home, "health_changed")).groups

    assert (group.what, group.reasons) == ("1 link is healthy", (("all criteria are met", 1),))


def test_what_happened_in_another_order_is_the_same_in_the_end(home: House) -> None:
    for number in range(2):
        lay(home, code=f"line-{number}", number=number)
    home.ask("owner", Wish(desired="activated"), sort="link", subject="line-0")
    for code in ("line-0", "line-1"):
        judge(home, code, "impaired", "no light")
    home.ask("owner", Wish(desired="activated"), sort="link", subject="line-1")

    summary = summed(home, happened(home, "health_changed", "desired_status_changed"))

    assert summary.headline == "2 links are impaired and are wanted activated"

    told: list[tuple[Event, Asset]] = []
    health = happened(home, "health_changed")
    for (event, asset), names in zip(health, (("a", "b"), ("b", "a")), strict=True):
        assert isinstance(event.payload, HealthChanged)
        for name in names:
            to = Health.HEALTHY if name == "a" else Health.IMPAIRED
            of_it = replace(event.payload, interface=name, health_to=to)
            told.append((replace(event, payload=of_it), asset))
    assert [one.count for one in summed(home, told).groups] == [2]


def test_all_that_happened_to_one_is_said_of_it(home: House) -> None:
    device(home, "par-1", number=70)
    home.ask("admin", Wish(desired="soft_drained"), sort="device", subject="par-1")

    summary = summed(
        home,
        [
            one
            for one in happened(home, "registered", "desired_status_changed")
            if one[1].code == "par-1"
        ],
    )

    assert summary.headline == "1 device is wanted soft drained and was registered"


def test_where_one_stands_otherwise_by_now_it_says_so(home: House) -> None:
    judge(home, lay(home), "impaired", "no light")
    first = happened(home, "health_changed")
    judge(home, "line", "healthy", "all criteria are met")
    told = [(first[0][0], happened(home, "health_changed")[-1][1])]

    assert summed(home, told).headline == "1 link is impaired (healthy by now)"


def test_what_happens_to_an_interface_is_not_said_of_its_device(home: House) -> None:
    for health in ("impaired", "healthy", "impaired"):
        judge(home, "ams-1", health, "errors", sort="device")
    told = []
    for event, asset in happened(home, "health_changed"):
        assert isinstance(event.payload, HealthChanged)
        of_it = replace(event.payload, interface="Ethernet1")
        told.append((replace(event, payload=of_it), asset))

    first = summed(home, told[:1])
    away = summed(home, told[1:])

    assert first.headline == "1 device has an interface that is impaired"
    assert away.headline == "1 device has an interface that was healthy and back to impaired"


def test_who_is_to_accept_is_called_once(home: House) -> None:
    for number in range(8):
        lay(home, code=f"line-{number}", number=number, link_type="DZX")

    summary = summed(home, happened(home, "acceptance_requested"))

    assert summary.headline == "8 links wait for acceptance"
    assert [one.code for one in summary.called] == ["beta"]


def test_what_is_gone_and_renamed_owners_are_told(home: House) -> None:
    home.ask("admin", UpdateContributor(name="Acme"), sort="contributor", subject="alpha")
    home.ask("owner", RemoveLink(), sort="link", subject=lay(home))

    summary = summed(home, happened(home, "removed"))

    assert summary.headline == "1 link was removed"
    assert summary.groups[0].owned[0].owner == "Acme and Beta"


def test_long_lists_are_cut_and_what_is_left_out_is_counted(home: House) -> None:
    for number in range(12):
        judge(home, lay(home, code=f"line-{number:02}", number=number), "impaired", f"{number} dB")
    told = happened(home, "health_changed")

    apart: list[tuple[Event, Asset]] = []
    for number, (event, asset) in enumerate(told, start=1):
        assert isinstance(event.payload, HealthChanged)
        # No two have the same interfaces impaired, healthy and so on.
        for bit, health in enumerate(Health):
            if number & 1 << bit:
                of_it = replace(event.payload, interface=f"Ethernet{bit}", health_to=health)
                apart.append((replace(event, payload=of_it), asset))
    summary = summed(home, apart)
    assert (len(summary.groups), summary.more) == (MOST_GROUPS, 12 - MOST_GROUPS)
    assert summary.headline.endswith(f", and {12 - IN_HEADLINE} more")

    owned: list[tuple[Event, Asset]] = []
    for number, (event, asset) in enumerate(told):
        assert isinstance(asset, Link)
        one = f"owner-{number:02}"
        owned.append((event, replace(asset, contributor_id=one, side_z_contributor_id=one)))
    (group,) = summed(home, owned).groups
    assert [one.owner for one in group.owned] == [f"owner-{one:02}" for one in range(MOST_OWNERS)]
    assert group.more_owned == 12 - MOST_OWNERS
    assert (len(group.reasons), group.more_reasons) == (MOST_REASONS, 12 - MOST_REASONS)


def test_a_reason_counts_once_for_an_asset(home: House) -> None:
    judge(home, "ams-1", "impaired", "errors", sort="device")
    ((event, asset),) = happened(home, "health_changed")
    assert isinstance(event.payload, HealthChanged)
    of_it = replace(event.payload, interface="Ethernet1")

    summary = summed(home, [(event, asset), (replace(event, payload=of_it), asset)])

    assert summary.headline == "1 device is impaired and has an interface that is impaired"
    assert summary.groups[0].reasons == (("errors", 1),)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Happened]]:
    """A house in which much has happened."""
    with house(tmp_path_factory.mktemp("busy")) as made:
        for number in range(12):
            code = lay(made, code=f"line-{number:02}", number=number)
            judge(made, code, "impaired", f"{number} errors a second", "no light")
            if number % 2:
                judge(made, code, "healthy", "all criteria are met")
            if number % 3:
                made.ask("owner", Wish(desired="activated"), sort="link", subject=code)
            if number % 5 == 4:
                made.ask("owner", RemoveLink(), sort="link", subject=code)
        names = ("registered", "health_changed", "desired_status_changed", "removed")
        interfaces = ("interface_defined", "interface_bound", "interface_changed")
        yield made, happened(made, *names, *interfaces)


@given(data=st.data())
def test_each_asset_is_counted_once_and_nothing_is_endless(
    busy: tuple[House, Happened], data: st.DataObject
) -> None:
    home, every = busy
    chosen = data.draw(st.sets(st.sampled_from(range(len(every))), min_size=1))
    told = [every[at] for at in sorted(chosen)]

    summary = summed(home, told)

    assets = {event.stream for event, _ in told}
    counted = sum(one.count for one in summary.groups) + summary.more
    assert counted == len(assets)
    assert summary.announcements == len(told)
    assert len(summary.groups) <= MOST_GROUPS
    assert summary.headline.count(",") <= IN_HEADLINE
    for group in summary.groups:
        listed = sum(len(one.codes) + one.more for one in group.owned) + group.more_owned
        assert listed == group.count
        assert len(group.owned) <= MOST_OWNERS
        assert len(group.reasons) <= MOST_REASONS
        assert all(len(one.codes) <= MOST_CODES for one in group.owned)
    named = [code for group in summary.groups for one in group.owned for code in one.codes]
    codes = [asset.code for _, asset in told]
    assert set(named) <= set(codes)
    assert len(set(named)) == len(named), "no asset is told twice"
