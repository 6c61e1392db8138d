"""What neighbours say is heard, judged, done and kept, in one commit (Domain: correlation)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from tests.handler.acting import House
from tests.handler.hearing import (
    Neighbour,
    alert,
    another_writer,
    ask,
    events,
    inbox,
    kinds,
    known,
    neighbour,
    only,
    rule,
    service,
    tickets,
    told,
)
from tocsin.core.commands import AttachSignal, ChangeStatus, PlanMaintenance, Redact, SignalDraft
from tocsin.core.errors import Forbidden, NotFound, Unauthenticated
from tocsin.core.ingestion import Acknowledged, Amended, Ended, Noted, Reading
from tocsin.core.record_commands import (
    ChangePolicy,
    CreateRule,
    RemoveConnector,
    UpdateConnector,
)
from tocsin.core.words import Status
from tocsin.handler.arrival import Accounted, Arrival, PayloadVerdict
from tocsin.handler.hearing import TOO_COSTLY
from tocsin.handler.reception import heard_again
from tocsin.handler.submission import Submission
from tocsin.handler.writer import Writer

MINUTE = timedelta(minutes=1)


def test_the_first_opens_the_next_attach_and_repeats_only_count(home: House) -> None:
    am = neighbour(home)

    first = am.says(alert("disk", name="a"), alert("disk", name="b"))
    again = am.says(alert("disk", name="a"), alert("disk", name="b"))

    assert told(first) == ["created", "attached"]
    assert first.verdict is PayloadVerdict.MIXED
    assert told(again) == ["deduplicated", "deduplicated"]
    assert again.verdict is PayloadVerdict.DEDUPLICATED
    incident = only(home)
    assert incident.correlation_keys == ("am/disk",)
    assert incident.detected_by == "connector:am"
    assert kinds(home, incident) == ["created", "signal_ingested", "signal_ingested"]
    rows = known(home)
    assert {name: row.times for name, row in rows.items()} == {"am/a": 2, "am/b": 2}
    assert {row.stream for row in rows.values()} == {incident.stream}
    assert [one.ticket_ref for one in first.results] == [incident.ref, incident.ref]


def test_every_payload_is_kept_with_its_verdicts(home: House) -> None:
    am = neighbour(home)
    payload = b'{"version": "4"}'

    one = home.writer.account(am.arrival(alert(), alert("cpu", severity="sev4"), payload=payload))
    two = am.mumbles("Not what Alertmanager sends.")
    three = am.says()

    first, second, third = inbox(home)
    assert (first.id, second.id, third.id) == (one.id, two.id, three.id)
    assert first.payload == payload
    assert (first.created, first.unattached, first.signals) == (1, 1, 2)
    assert (first.verdict, second.verdict, third.verdict) == ("mixed", "unparseable", "unattached")
    assert second.reason == "Not what Alertmanager sends."
    assert second.payload == b"\xff\xfe"
    assert first.number < second.number < third.number


def test_the_same_words_from_two_connectors_are_two_alerts(home: House) -> None:
    neighbour(home, code="one").says(alert())
    neighbour(home, code="two").says(alert())

    assert [one.correlation_keys for one in tickets(home)] == [("one/disk",), ("two/disk",)]


def test_a_change_of_severity_or_state_is_an_event(home: House) -> None:
    am = neighbour(home)
    am.says(alert(severity="sev1"))

    assert told(am.says(alert(severity="sev2"))) == ["attached"]
    assert told(am.says(alert(severity="sev2", state="resolved"))) == ["resolved"]

    incident = only(home)
    assert incident.status is Status.RESOLVED
    assert kinds(home, incident).count("signal_ingested") == 3
    assert incident.root_cause is not None
    assert incident.root_cause.value == "self_resolved"


def test_an_incident_is_over_with_its_last_alert_unless_a_person_has_moved_it(home: House) -> None:
    am = neighbour(home)
    am.says(alert(name="a"), alert(name="b"))

    am.says(alert(name="a", state="resolved"))
    assert only(home).status is Status.OPEN
    am.says(alert(name="b", state="resolved"))
    assert only(home).status is Status.RESOLVED

    am.says(alert("cpu"))
    _, second = tickets(home)
    ask(home, ChangeStatus(status="acknowledged"), second)
    am.says(alert("cpu", state="resolved"))
    assert tickets(home)[1].status is Status.RESOLVED

    am.says(alert("net"))
    *_, third = tickets(home)
    ask(home, ChangeStatus(status="investigating"), third)
    am.says(alert("net", state="resolved"))
    *_, third = tickets(home)
    assert third.status is Status.INVESTIGATING
    assert kinds(home, third)[-2:] == ["signal_ingested", "note_added"]


def test_what_ends_and_begins_in_one_payload_is_heard_in_its_order(home: House) -> None:
    am = neighbour(home)
    am.says(alert(name="a"))

    accounted = am.says(alert(name="a", state="resolved"), alert(name="b"))

    assert told(accounted) == ["resolved", "attached"]
    assert only(home).status is Status.INVESTIGATING
    assert only(home).reopened_count == 1


def test_firing_soon_after_the_end_reopens_and_later_is_new(home: House) -> None:
    am = neighbour(home)
    am.says(alert())
    am.says(alert(state="resolved"))
    home.clock.pass_by(29 * MINUTE)

    assert told(am.says(alert())) == ["attached"]
    assert only(home).status is Status.INVESTIGATING

    am.says(alert(state="resolved"))
    home.clock.pass_by(31 * MINUTE)
    assert told(am.says(alert())) == ["created"]
    first, second = tickets(home)
    assert [(one.kind, one.ticket_id) for one in second.relations] == [("related", first.id)]


def test_those_who_make_a_new_one_each_time_get_a_new_one(home: House) -> None:
    pager = neighbour(home, "pagerduty", code="pd")
    pager.says(alert(severity="sev4"), reopens=False)
    pager.says(Ended(key="disk", note="all well"), reopens=False)

    assert only(home).status is Status.RESOLVED
    assert told(pager.says(alert(severity="sev4"), reopens=False)) == ["created"]
    assert len(tickets(home)) == 2


def test_what_a_person_closed_while_it_fires_stays_closed(home: House) -> None:
    am = neighbour(home)
    began = home.clock()
    am.says(alert(ts=began))
    ask(home, ChangeStatus(status="closed", root_cause="hardware"), only(home))

    still = am.says(alert(ts=began))
    assert told(still) == ["attached"]
    assert still.results[0].because.value == "still_firing"
    assert len(tickets(home)) == 1

    home.clock.pass_by(timedelta(minutes=1_441))
    assert told(am.says(alert(ts=began))) == ["created"]


def test_mild_ones_wait_for_a_person_who_can_put_them_on_a_ticket(home: House) -> None:
    am = neighbour(home)
    accounted = am.says(alert(severity="sev3"))
    assert told(accounted) == ["unattached"]
    assert tickets(home) == []

    opened = home.ask("admin", home.incident()).state
    row = known(home)["am/disk-1"]
    assert row.stream is None
    signal = SignalDraft(
        source="alertmanager",
        summary="disk is full",
        severity="sev3",
        fingerprint=row.fingerprint,
        correlation_key=row.correlation_key or "am/disk",
    )
    home.ask("admin", AttachSignal(signal=signal), subject=getattr(opened, "id", ""))

    row = known(home)["am/disk-1"]
    assert (row.verdict, row.because) == ("attached", "by_hand")
    assert row.stream == only(home).stream
    assert told(am.says(alert(severity="sev3"))) == ["deduplicated"]
    assert told(am.says(alert(severity="sev3", name="disk-2"))) == ["attached"]


def test_a_signal_put_on_a_ticket_by_hand_is_known_too(home: House) -> None:
    opened = home.ask("admin", home.incident()).state
    bare = SignalDraft(source="eyes", summary="smoke")
    home.ask("admin", AttachSignal(signal=bare), subject=getattr(opened, "id", ""))

    (row,) = known(home).values()
    assert row.stream == only(home).stream
    assert row.fingerprint == f"hand/{row.signal_id}"


def test_rules_decide_in_their_order_and_name_what_is_affected(home: House) -> None:
    am = neighbour(home)
    service(home, "dns")
    rule(home, "noise", "ignore", matchers=('labels.team="test"',), order=1)
    rule(
        home,
        "devices",
        matchers=('labels.dzd!=""',),
        device="{labels.dzd}",
        title="{labels.dzd}: {summary}",
        correlation_key="device/{labels.dzd}",
        service="dns",
        order=2,
    )

    assert told(am.says(alert(labels={"team": "test", "dzd": "ams-1"}))) == ["unattached"]
    assert told(am.says(alert("cpu", severity="sev5", labels={"dzd": "ams-1"}))) == ["created"]

    incident = only(home)
    assert incident.title == "ams-1: cpu is full"
    assert incident.correlation_keys == ("device/ams-1",)
    assert incident.services == ("dns",)
    assert len(incident.devices) == 1


def test_rules_whose_patterns_take_too_long_hold_nobody_up(home: House) -> None:
    """What takes too long is passed over, in words; the rest of the rules is asked all the same."""
    am = neighbour(home)
    for number in range(20):
        rule(
            home,
            f"costly {number}",
            "ignore",
            matchers=(f'labels.noise=~"[ab]*a[ab]{{{150 + number}}}x"',),
            order=number,
        )
    rule(home, "quiet", "ignore", matchers=('labels.team="test"',), order=99)
    noise = [f"{number:b}".replace("0", "a").replace("1", "b") * 99 for number in range(1, 40)]

    calm = am.says(alert("calm", labels={"noise": "none"}))
    loud = am.says(
        *(alert(f"loud {n}", labels={"noise": text}) for n, text in enumerate(noise)),
        alert("test", labels={"noise": noise[-1], "team": "test"}),
    )

    assert told(calm) == ["created"]
    assert TOO_COSTLY not in calm.results[0].reason
    assert set(told(loud)[:-1]) == {"created"}
    assert told(loud)[-1] == "unattached"
    noted = [TOO_COSTLY in one.reason for one in loud.results]
    assert noted == sorted(noted)
    assert noted[-1]


def test_a_rule_made_in_the_same_moment_is_heard_of(home: House) -> None:
    am = neighbour(home)
    assert told(am.says(alert(severity="sev4"))) == ["unattached"]
    rule(home, "all")
    assert told(am.says(alert(severity="sev4"))) == ["created"]


def test_attach_joins_what_is_alike_and_opens_nothing(home: House) -> None:
    am = neighbour(home)
    service(home, "dns")
    rule(home, "join", "attach", matchers=('severity=~"sev[345]"',), within_minutes=60)

    mild = alert("slow", severity="sev3", service_name="dns")
    assert told(am.says(mild)) == ["unattached"]
    am.says(alert("down", service_name="dns"))
    assert told(am.says(mild)) == ["attached"]
    home.clock.pass_by(61 * MINUTE)
    later = alert("late", severity="sev3", service_name="dns")
    assert told(am.says(later)) == ["unattached"]


def test_a_trace_leads_to_its_incident(home: House) -> None:
    am = neighbour(home)
    am.says(alert("disk", trace_id="4bf92f"))

    found = am.says(alert("other", severity="sev5", trace_id="4bf92f"))

    assert found.results[0].because.value == "trace_id"
    assert len(tickets(home)) == 1


def test_an_observer_does_nothing_and_says_what_it_would_do(home: House) -> None:
    am = neighbour(home, mode="observe")

    accounted = am.says(alert(name="a"), alert(name="b"), alert("cpu"), alert("x", severity="sev5"))
    again = am.says(alert(name="a"))

    assert told(accounted) == ["created", "attached", "created", "unattached"]
    assert all(one.observed for one in accounted.results)
    assert told(again) == ["deduplicated"]
    assert tickets(home) == []
    assert inbox(home)[0].observed

    home.system(
        "connector",
        UpdateConnector(mode="live"),
        org_id=home.orgs["net"],
        subject=am.connector_id,
    )
    assert told(am.says(alert(name="a"))) == ["created"]


def test_a_flood_of_new_keys_becomes_one_incident_that_says_so(home: House) -> None:
    am = neighbour(home)
    rule(home, "all", storm_limit=3, storm_minutes=5)

    for number in range(6):
        am.says(alert(f"k{number}"))

    *three, storm = tickets(home)
    assert len(three) == 3
    assert storm.labels == ("needs_affected", "storm")
    assert "more than 3 new keys in 5 minutes" in storm.title
    assert storm.signals_total == 3
    assert told(am.says(alert("k5"))) == ["deduplicated"]
    assert told(am.says(alert("k5", name="k5-2"))) == ["attached"]

    home.clock.pass_by(6 * MINUTE)
    assert told(am.says(alert("later"))) == ["created"]
    assert len(tickets(home)) == 5


def test_a_flood_in_one_payload_is_counted_as_it_goes(home: House) -> None:
    am = neighbour(home)
    rule(home, "all", storm_limit=3)

    accounted = am.says(*(alert(f"k{number}") for number in range(10)))

    assert told(accounted) == ["created"] * 4 + ["attached"] * 6
    assert len(tickets(home)) == 4


def plan(home: House, *, start_in: timedelta, lasting: timedelta, keys: Sequence[str] = ()) -> str:
    """A maintenance of the owner's on its device; its id."""
    identity = home.fresh()
    command = PlanMaintenance(
        ticket_id=identity,
        refs=("M20261120-aaaa",),
        title="New line card",
        description="The old one is noisy.",
        devices=("ams-1",),
        correlation_keys=tuple(keys),
        start_at=home.clock() + start_in,
        end_at=home.clock() + start_in + lasting,
    )
    home.ask("owner", command)
    return identity


def test_work_in_force_holds_back_and_its_end_releases_what_still_fires(home: House) -> None:
    am = neighbour(home)
    plan(home, start_in=MINUTE, lasting=60 * MINUTE)
    home.clock.pass_by(2 * MINUTE)

    held = am.says(alert("a", device="ams-1"), alert("b", device="ams-1"))
    elsewhere = am.says(alert("c", device="fra-1"))

    assert [one.because.value for one in held.results] == ["held_back", "held_back"]
    assert told(elsewhere) == ["created"]
    assert told(am.says(alert("a", device="ams-1"))) == ["deduplicated"]
    maintenance = tickets(home)[0]
    assert maintenance.signals_total == 2
    assert known(home)["am/a-1"].held

    am.says(alert("b", device="ams-1", state="resolved"))
    assert not known(home)["am/b-1"].held
    ask(home, ChangeStatus(status="cancelled", reason="done early"), maintenance)
    row = known(home)["am/a-1"]
    released = home.writer.account(heard_again(row, state="firing", at=home.clock()))

    assert told(released) == ["created"]
    assert not known(home)["am/a-1"].held
    assert tickets(home)[-1].correlation_keys == ("am/a",)
    assert known(home)["am/a-1"].times == 2
    assert len(inbox(home)) == 4


def test_planned_work_that_holds_a_key_takes_no_alert_in_by_it(home: House) -> None:
    am = neighbour(home)
    plan(home, start_in=60 * 24 * MINUTE, lasting=60 * MINUTE, keys=["am/disk"])

    first = am.says(alert("disk", name="a"))
    second = am.says(alert("disk", name="b"), alert("disk", name="a", severity="sev2"))
    am.says(Acknowledged(key="disk", by="Mia"))

    assert [*told(first), *told(second)] == ["created", "attached", "attached"]
    work, incident = tickets(home)
    assert {row.stream for row in known(home).values()} == {incident.stream}
    assert (incident.status, incident.signals_total) == (Status.ACKNOWLEDGED, 3)
    assert (incident.correlation_keys, work.signals_total) == ((), 0)
    # Once it is free, the next alert brings the key to the incident.
    ask(home, ChangeStatus(status="cancelled", reason="not needed"), work)
    am.says(alert("disk", name="c"))
    assert tickets(home)[-1].correlation_keys == ("am/disk",)


def lasting(am: Neighbour, *, minutes: int, **given: object) -> Arrival:
    """An alert that is over after so many minutes unless it is heard again."""
    until = am.house.clock() + timedelta(minutes=minutes)
    return replace(am.arrival(alert(**given)), expires=lambda draft: until)  # type: ignore[arg-type]


def test_what_has_expired_is_over(home: House) -> None:
    am = neighbour(home)
    home.writer.account(lasting(am, minutes=5))
    row = known(home)["am/disk-1"]

    home.clock.pass_by(5 * MINUTE)
    over = home.writer.account(heard_again(row, state="resolved", at=home.clock()))

    assert told(over) == ["resolved"]
    assert only(home).status is Status.RESOLVED
    assert [event.via for event in events(home, only(home))][-1] == "clock"
    assert len(inbox(home)) == 1
    assert known(home)["am/disk-1"].expires_at is None


def test_what_was_heard_meanwhile_has_not_expired(home: House) -> None:
    am = neighbour(home)
    home.writer.account(lasting(am, minutes=5))
    row = known(home)["am/disk-1"]
    home.clock.pass_by(5 * MINUTE)
    assert told(home.writer.account(lasting(am, minutes=5))) == ["deduplicated"]

    late = home.writer.account(heard_again(row, state="resolved", at=home.clock()))

    assert told(late) == ["deduplicated"]
    assert only(home).status is Status.OPEN
    assert known(home)["am/disk-1"].times == 2


def test_words_about_what_a_key_opened(home: House) -> None:
    pager = neighbour(home, "opsgenie", code="og")
    pager.says(alert(severity="sev3"))

    done = pager.says(
        Acknowledged(key="disk", by="anna", note="on it"),
        Noted(key="disk", text="looking at the fan", by="anna"),
        Amended(key="disk", title="Fan is dead", severity="sev2", add_labels=("team:dc",)),
        Noted(key=None, text="deployed v2"),
        Acknowledged(key="unheard-of"),
    )

    assert told(done) == ["attached", "attached", "attached", "unattached", "unattached"]
    incident = only(home)
    assert incident.status is Status.ACKNOWLEDGED
    assert incident.title == "Fan is dead"
    assert incident.severity.value == "sev2"
    assert "team:dc" in incident.labels
    assert "anna: looking at the fan" in str(events(home, incident))


def test_a_source_ends_what_it_named_whatever_key_a_rule_gave_it(home: House) -> None:
    pager = neighbour(home, "pagerduty", code="pd")
    rule(home, "by service", correlation_key="svc/{labels.svc}", storm_limit=0)
    for name in ("a", "b"):
        pager.says(alert(name, name=name, labels={"svc": "dns"}), reopens=False)
    assert only(home).correlation_keys == ("svc/dns",)

    assert told(pager.says(Acknowledged(key="a"))) == ["attached"]
    assert only(home).status is Status.ACKNOWLEDGED
    assert told(pager.says(Ended(key="a"))) == ["resolved"]
    assert only(home).status is Status.ACKNOWLEDGED
    assert told(pager.says(Ended(key="b"))) == ["resolved"]
    assert only(home).status is Status.RESOLVED
    assert told(pager.says(Ended(key="b"))) == ["unattached"]


def test_fields_of_anothers_ticket_are_only_talked_about(home: House) -> None:
    og = neighbour(home, "opsgenie", code="og")
    home.ask("admin", home.incident(correlation_keys=("og/disk",)))
    title = only(home).title

    assert told(og.says(Amended(key="disk", title="Mine"))) == ["attached"]

    assert only(home).title == title
    assert kinds(home, only(home))[-1] == "note_added"


def test_a_wrong_token_another_connector_and_another_org_are_refused(home: House) -> None:
    am, other = neighbour(home), neighbour(home, code="other")
    for arrival in (
        am.arrival(alert(), token="guess"),
        am.arrival(alert(), token=other.token),
    ):
        with pytest.raises(Unauthenticated):
            home.writer.account(arrival)
    stranger = Arrival(
        org_id=home.orgs["elsewhere"],
        reading=Reading((alert(),)),
        connector_id=am.connector_id,
        credential=home.keys["stranger"],
    )
    with pytest.raises(NotFound):
        home.writer.account(stranger)
    home.system("connector", RemoveConnector(), org_id=home.orgs["net"], subject=am.connector_id)
    with pytest.raises(NotFound):
        home.writer.account(am.arrival(alert()))
    assert inbox(home) == []
    assert tickets(home) == []


def test_a_key_tells_signals_as_its_member(home: House) -> None:
    org_id = home.orgs["net"]
    rule(home, "all")

    def send(who: str, connector_id: str | None = None) -> None:
        home.writer.account(
            Arrival(
                org_id=org_id,
                reading=Reading((alert(device="ams-1"),)),
                connector_id=connector_id,
                credential=home.keys[who],
            )
        )

    send("owner")
    incident = only(home)
    assert (incident.created_by.type, incident.created_by.name) == ("user", "owner")
    assert incident.correlation_keys == ("disk",)
    assert incident.effect == incident.devices
    assert incident.acknowledged_at is None

    home.invite("viewer", org="net", role="viewer")
    am = neighbour(home)
    for who, connector_id in (("viewer", None), ("teammate", am.connector_id)):
        with pytest.raises(Forbidden):
            send(who, connector_id)
    send("admin", am.connector_id)
    assert tickets(home)[-1].created_by.type == "connector"


def test_what_the_policy_forbids_waits_with_the_reason(home: House) -> None:
    am = neighbour(home, contributor="beta")
    home.system(
        "policy",
        ChangePolicy(ticket_scope="own"),
        org_id=home.orgs["net"],
        subject="policy",
    )

    refused = am.says(alert("a", device="ams-1"))
    allowed = am.says(alert("b", device="fra-1"))

    assert told(refused) == ["unattached"]
    assert "another contributor" in refused.results[0].reason
    assert told(allowed) == ["created"]
    assert only(home).effect == only(home).devices


def test_a_replay_of_old_words_does_not_undo_newer_ones(home: House) -> None:
    am = neighbour(home)
    first = am.says(alert())
    am.says(alert(state="resolved"))

    arrival = am.arrival(alert())
    replayed = home.writer.account(
        Arrival(
            org_id=arrival.org_id,
            reading=arrival.reading,
            connector_id=arrival.connector_id,
            token=arrival.token,
            payload=arrival.payload,
            replay_of=first.number,
        )
    )

    assert told(replayed) == ["deduplicated"]
    assert only(home).status is Status.RESOLVED
    assert inbox(home)[-1].replay_of == first.number
    assert inbox(home)[-1].payload == b""


def test_the_same_new_key_from_many_at_once_is_one_incident(home: House) -> None:
    am = neighbour(home)
    threads = [
        Thread(target=am.says, args=(alert("disk", name=f"n{number}"),)) for number in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert only(home).signals_total == 40
    rows = inbox(home)
    assert sum(row.created for row in rows) == 1
    assert sum(row.attached for row in rows) == 39


def test_a_time_in_the_future_is_taken_as_now_and_the_verdict_says_so(home: House) -> None:
    am = neighbour(home)
    ahead = home.clock() + timedelta(days=400)

    accounted = am.says(alert(ts=ahead))
    again = am.says(alert(ts=ahead + MINUTE))

    assert told(accounted) == ["created"]
    assert "its time is in the future" in accounted.reason
    assert told(again) == ["deduplicated"]
    assert "its time is in the future" in again.reason
    assert "in the future" in inbox(home)[0].reason
    assert only(home).start_at <= home.clock() + MINUTE
    ask(home, ChangeStatus(status="closed", root_cause="hardware"), only(home))
    assert told(am.says(alert(ts=ahead + 2 * MINUTE))) == ["attached"]
    assert len(tickets(home)) == 1


def test_two_orgs_never_meet(home: House) -> None:
    here, there = neighbour(home), neighbour(home, org="elsewhere")
    here.says(alert())
    there.says(alert())

    assert len(tickets(home)) == 1
    assert len(tickets(home, org="elsewhere")) == 1
    assert len(inbox(home, org="elsewhere")) == 1
    assert set(known(home)) == set(known(home, org="elsewhere")) == {"am/disk-1"}


def test_two_writers_that_hear_the_same_new_key_at_once_open_one_incident(home: House) -> None:
    am = neighbour(home)
    rule(home, "all", storm_limit=0)
    with another_writer(home) as beside:
        for number in range(30):
            arrivals = [
                (writer, am.arrival(alert(f"k{number}", name=f"k{number}-{side}")))
                for side, writer in enumerate((home.writer, beside))
            ]
            ready = Barrier(2)

            def hand_in(writer: Writer, arrival: Arrival, ready: Barrier = ready) -> None:
                ready.wait()
                writer.account(arrival)

            threads = [Thread(target=hand_in, args=one) for one in arrivals]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    assert len(tickets(home)) == 30
    assert {one.signals_total for one in tickets(home)} == {2}
    rows = inbox(home)
    assert (sum(row.created for row in rows), sum(row.attached for row in rows)) == (30, 30)
    assert len({row.number for row in rows}) == 60


def test_what_another_writer_heard_is_a_repeat_here(home: House) -> None:
    am = neighbour(home)
    with another_writer(home) as beside:
        beside.account(am.arrival(alert()))
        assert told(am.says(alert())) == ["deduplicated"]
        beside.account(am.arrival(alert(state="resolved")))
        assert told(am.says(alert())) == ["attached"]
    assert only(home).reopened_count == 1
    assert known(home)["am/disk-1"].times == 4


def test_an_erased_signal_is_nowhere_in_the_file(filed: House, tmp_path: Path) -> None:
    secret = "the-name-of-a-customer"
    am = neighbour(filed)
    for _ in range(2):
        filed.writer.account(
            am.arrival(
                alert(summary=f"{secret} is down", labels={"who": secret}),
                payload=f'{{"summary": "{secret}"}}'.encode(),
            )
        )
    incident = only(filed)
    for event in events(filed, incident):
        fields = ("summary", "labels") if "signal" in event.kind else ("title", "description")
        filed.ask("admin", Redact(event=event.id, fields=fields), subject=incident.id)

    assert [row.payload for row in inbox(filed)] == [b"", b""]
    assert secret not in known(filed)["am/disk-1"].draft
    database = sqlite3.connect(filed.path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


def test_a_rule_holds_for_what_is_heard_after_it_even_in_the_same_turn(filed: House) -> None:
    am = neighbour(filed)
    writer = Writer(
        store=filed.store, clock=filed.clock, entropy=lambda: next(filed.numbers), seal=bytes
    )
    quiet = Submission(
        org_id=filed.orgs["net"],
        sort="rule",
        command=CreateRule(rule_id=filed.fresh(), name="quiet", action="ignore"),
    )

    async def handed_in() -> list[Accounted]:
        loop = asyncio.get_running_loop()
        first = writer.take(am.arrival(alert("disk")), loop)
        made = writer.submit(quiet, loop)
        second = writer.take(am.arrival(alert("fan")), loop)
        writer.start()
        await made
        return [await first, await second]

    first, second = asyncio.run(handed_in())
    writer.stop()
    assert told(first) == ["created"]
    assert told(second) == ["unattached"]


def test_what_is_put_on_a_ticket_by_hand_is_known_also_behind_an_alert_of_the_same_turn(
    filed: House,
) -> None:
    am = neighbour(filed)
    am.says(alert("disk"))
    writer = Writer(
        store=filed.store, clock=filed.clock, entropy=lambda: next(filed.numbers), seal=bytes
    )
    by_hand = Submission(
        org_id=filed.orgs["net"],
        sort="ticket",
        subject=only(filed).id,
        command=AttachSignal(signal=alert("noise", correlation_key=None)),
        credential=filed.keys["admin"],
    )

    async def handed_in() -> Accounted:
        loop = asyncio.get_running_loop()
        heard = writer.take(am.arrival(alert("fan")), loop)
        attached = writer.submit(by_hand, loop)
        writer.start()
        await attached
        return await heard

    assert told(asyncio.run(handed_in())) == ["created"]
    writer.stop()
    assert {row.because for row in known(filed).values()} >= {"by_hand"}
