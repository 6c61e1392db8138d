"""What is remembered of an alert between one word about it and the next, at the edges: clocks that
are a little ahead, observers, replays, and what comes in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.handler.acting import House, pubkey
from tests.handler.hearing import (
    Neighbour,
    alert,
    ask,
    events,
    known,
    neighbour,
    only,
    rule,
    tickets,
    told,
)
from tocsin.core.commands import AttachSignal, ChangeStatus, PlanMaintenance, SignalDraft
from tocsin.core.ingestion import (
    Acknowledged,
    Amended,
    Announced,
    Beside,
    Ended,
    Reading,
    Settled,
)
from tocsin.core.record_commands import RemoveConnector, UpdateConnector
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.ticket_reading import TOLERANCE
from tocsin.core.verdicts import Because, Step, Word
from tocsin.core.words import Status
from tocsin.handler.arrival import Accounted, Arrival
from tocsin.handler.hearing import AHEAD
from tocsin.handler.reception import heard_again
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Writer

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)


def becomes(am: Neighbour, mode: str) -> None:
    """From now on the connector is live, or observes."""
    am.house.system(
        "connector", UpdateConnector(mode=mode), org_id=am.org_id, subject=am.connector_id
    )


def until(am: Neighbour, at: datetime, *said: SignalDraft) -> Arrival:
    """Said, and over at that instant unless it is said again."""
    return replace(am.arrival(*said), expires=lambda draft: at)


def replayed(am: Neighbour, number: int, *said: SignalDraft) -> Accounted:
    """What comes of the payload of that number when it is replayed."""
    return am.house.writer.account(replace(am.arrival(*said), replay_of=number))


def once(am: Neighbour, said: SignalDraft) -> Arrival:
    """An event that happens once, whatever is said of it."""
    assert said.fingerprint is not None
    reading = Reading((said,), once=frozenset({said.fingerprint}))
    return replace(am.arrival(said), reading=reading)


# -- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ahead", "is_believed"), [(TOLERANCE, True), (TOLERANCE + MOMENT, False)])
def test_a_clock_that_is_a_little_ahead_is_believed(
    filed: House, ahead: timedelta, is_believed: bool
) -> None:
    am = neighbour(filed)
    filed.clock.pass_by(MINUTE)
    accounted = am.says(alert(ts=filed.clock() + ahead))
    assert (AHEAD in accounted.reason) is not is_believed
    began = filed.clock() + ahead if is_believed else filed.clock()
    assert known(filed)["am/disk-1"].began_at == began


def test_a_firing_began_when_it_says_or_when_it_was_first_heard(filed: House) -> None:
    am = neighbour(filed)
    filed.clock.pass_by(MINUTE)
    noon = filed.clock()
    am.says(alert())
    filed.clock.pass_by(MINUTE)
    am.says(alert(severity="sev2"))
    assert known(filed)["am/disk-1"].began_at == noon
    am.says(alert(ts=noon + MINUTE / 2, severity="sev1"))
    assert known(filed)["am/disk-1"].began_at == noon + MINUTE / 2

    filed.clock.pass_by(MINUTE)
    am.says(alert(state="resolved"))
    assert known(filed)["am/disk-1"].began_at == noon + MINUTE / 2
    filed.clock.pass_by(MINUTE)
    am.says(alert())
    assert known(filed)["am/disk-1"].began_at == noon + 3 * MINUTE


def test_an_alert_was_first_seen_when_it_was_first_heard(filed: House) -> None:
    am = neighbour(filed)
    filed.clock.pass_by(MINUTE)
    noon = filed.clock()
    am.says(alert())
    first = known(filed)["am/disk-1"]
    for state in ("resolved", "firing", "resolved"):
        filed.clock.pass_by(MINUTE)
        am.says(alert(state=state))
    row = known(filed)["am/disk-1"]
    assert (row.signal_id, row.first_seen, row.last_seen) == (
        first.signal_id,
        noon,
        noon + 3 * MINUTE,
    )
    assert row.times == 4


# -- where it belongs ----------------------------------------------------------------------------


def test_an_end_stays_on_the_ticket_and_what_a_rule_leaves_does_not(filed: House) -> None:
    am = neighbour(filed)
    am.says(alert())
    ticket = only(filed)
    ask(filed, ChangeStatus(status="closed", root_cause="hardware"), ticket)
    am.says(alert(state="resolved"))
    assert known(filed)["am/disk-1"].stream == ticket.stream
    # What is over already is over on the same ticket, however often that is said.
    am.says(alert(state="resolved", severity="sev2"))
    assert known(filed)["am/disk-1"].stream == ticket.stream

    rule(filed, "quiet", action="ignore")
    filed.clock.pass_by(MINUTE)
    assert told(am.says(alert())) == ["unattached"]
    assert known(filed)["am/disk-1"].stream is None


# -- observers -----------------------------------------------------------------------------------


def test_an_observer_says_which_ticket_it_would_join_and_does_not(filed: House) -> None:
    live, am = neighbour(filed, code="live"), neighbour(filed, mode="observe")
    live.says(alert(trace_id="4bf92f"))

    joined = am.says(alert("fan", trace_id="4bf92f")).results[0]

    assert (joined.verdict.value, joined.ticket_ref) == ("attached", only(filed).ref)
    row = known(filed)["am/fan-1"]
    assert (row.stream, row.observed) == (None, True)
    assert only(filed).signals_total == 1


def test_what_was_on_a_ticket_stays_there_while_its_connector_observes(filed: House) -> None:
    am = neighbour(filed)
    am.says(alert())
    becomes(am, "observe")
    am.says(alert(severity="sev2"))
    row = known(filed)["am/disk-1"]
    assert (row.stream, row.observed, row.severity) == (only(filed).stream, True, "sev2")


def test_an_observer_opens_one_incident_for_a_key_as_long_as_something_fires(filed: House) -> None:
    am = neighbour(filed)
    # Firing, and heard while the connector was live: no incident was opened for it.
    am.says(alert(name="mild", severity="sev5"))
    becomes(am, "observe")
    assert told(am.says(alert(name="a"))) == ["created"]
    # Of itself it says nothing that another has said.
    assert told(am.says(alert(name="a", severity="sev2"))) == ["created"]
    assert told(am.says(alert(name="b"))) == ["attached"]

    for name in ("a", "b"):
        am.says(alert(name=name, state="resolved"))
    assert told(am.says(alert(name="c"))) == ["created"]
    assert tickets(filed) == []


def test_what_an_observer_hears_again_is_counted(filed: House) -> None:
    am = neighbour(filed, mode="observe")
    for _ in range(3):
        am.says(alert())
        filed.clock.pass_by(MINUTE)
    row = known(filed)["am/disk-1"]
    assert (row.times, row.last_seen) == (3, filed.clock() - MINUTE)


# -- replays, and what happens once --------------------------------------------------------------


def test_the_newest_word_can_be_replayed_once_its_rule_is_mended(filed: House) -> None:
    am = neighbour(filed)
    first = am.says(alert(severity="sev5"))
    assert told(first) == ["unattached"]
    rule(filed, "all")
    assert told(replayed(am, first.number, alert(severity="sev5"))) == ["created"]


def test_what_happens_once_is_counted_and_nothing_more_even_after_its_end(filed: House) -> None:
    am = neighbour(filed)
    am.house.writer.account(once(am, alert()))
    ask(filed, ChangeStatus(status="resolved"), only(filed))
    again = filed.writer.account(once(am, alert()))
    assert told(again) == ["deduplicated"]
    assert only(filed).status is Status.RESOLVED
    assert known(filed)["am/disk-1"].times == 2


def test_what_happens_once_is_judged_anew_when_it_is_replayed(filed: House) -> None:
    am = neighbour(filed)
    first = filed.writer.account(once(am, alert(severity="sev5")))
    rule(filed, "all")
    replay = replace(once(am, alert(severity="sev5")), replay_of=first.number)
    assert told(filed.writer.account(replay)) == ["created"]


def test_what_happens_once_and_was_only_observed_is_heard_when_its_connector_is_live(
    filed: House,
) -> None:
    am = neighbour(filed, mode="observe")
    filed.writer.account(once(am, alert()))
    becomes(am, "live")
    assert told(filed.writer.account(once(am, alert()))) == ["created"]


# -- what the clock has judged anew --------------------------------------------------------------


def test_what_is_held_back_no_more_was_heard_meanwhile(filed: House) -> None:
    am = neighbour(filed)
    am.says(alert())
    row = known(filed)["am/disk-1"]
    late = filed.writer.account(heard_again(row, state="firing", at=filed.clock()))
    assert [one.reason for one in late.results] == ["it was heard again meanwhile"]
    assert known(filed)["am/disk-1"] == row


def test_what_lasts_until_this_instant_is_over_at_it_and_not_before(filed: House) -> None:
    am = neighbour(filed)
    end = filed.clock() + 5 * MINUTE
    filed.writer.account(until(am, end, alert()))
    row = known(filed)["am/disk-1"]
    filed.clock.pass_by(5 * MINUTE - MOMENT)
    early = filed.writer.account(heard_again(row, state="resolved", at=filed.clock()))
    assert told(early) == ["deduplicated"]
    filed.clock.pass_by(MOMENT)
    over = filed.writer.account(heard_again(row, state="resolved", at=filed.clock()))
    assert told(over) == ["resolved"]


# -- floods --------------------------------------------------------------------------------------


def test_a_flood_counts_keys_that_were_new_and_goes_on_counting_them(filed: House) -> None:
    am = neighbour(filed)
    rule(filed, "all", storm_limit=3, storm_minutes=5)
    am.says(alert("a"), alert("a", name="a-2"), alert("a", name="a-3"))
    am.says(alert("a", severity="sev2"), alert("a", name="a-2", state="resolved"))
    # One key was new, however much was said of it.
    assert told(am.says(alert("b"), alert("c"))) == ["created", "created"]
    # What became of those three since does not make them less.
    am.says(alert("b", severity="sev2"), alert("c", severity="sev3"))
    am.says(alert("b", state="resolved"))
    found = am.says(alert("d"), alert("e"))
    assert told(found) == ["created", "attached"]
    assert {one.because.value for one in found.results[1:]} == {"storm"}


# -- words about what a key opened ---------------------------------------------------------------


@pytest.mark.parametrize("mild", ["disk-0", "disk-2"])
def test_the_end_of_a_key_is_told_by_the_ticket_that_it_was_on(filed: House, mild: str) -> None:
    """Whichever of the alerts of that key comes first, and when the source says that it was."""
    og = neighbour(filed, code="og")
    og.says(alert(name=mild, severity="sev5"))
    og.says(alert(name="disk-1"))
    filed.clock.pass_by(5 * MINUTE)
    ended_at = filed.clock() - 2 * MINUTE

    (one,) = og.says(Ended(key="disk", at=ended_at)).results

    assert (one.verdict.value, one.ticket_ref) == ("resolved", only(filed).ref)
    assert only(filed).status is Status.RESOLVED
    assert {row.state for row in known(filed).values()} == {"resolved"}
    attached = [event.payload for event in events(filed, only(filed))]
    assert [one.ts for one in attached if isinstance(one, SignalIngested)][-1] == ended_at


def test_words_that_an_observer_hears_change_nothing(filed: House) -> None:
    am = neighbour(filed)
    am.says(alert())
    becomes(am, "observe")
    (one,) = am.says(Acknowledged(key="disk", by="anna", note="on it")).results
    assert (one.verdict.value, one.observed) == ("attached", True)
    assert only(filed).status is Status.OPEN
    assert only(filed).updates_total == 0


def test_words_that_are_refused_are_told_and_the_others_are_taken(filed: House) -> None:
    am = neighbour(filed)
    am.says(alert())
    said = Amended(key="disk", title="x" * 201, severity="sev2")
    (one,) = am.says(said).results
    assert one.verdict.value == "attached"
    assert f"words about {only(filed).ref}, not all of them taken: title" in one.reason
    assert only(filed).title != said.title
    assert only(filed).severity.value == "sev2"


def test_what_follows_from_a_members_signal_by_rule_is_the_systems(filed: House) -> None:
    """A member may tell of an alert and of its end, and need not be one who may resolve."""
    rule(filed, "all")
    filed.invite("watcher", org="net", role="member", contributor="beta")
    for state in ("firing", "resolved"):
        filed.writer.account(
            Arrival(
                org_id=filed.orgs["net"],
                reading=Reading((alert(state=state, device="ams-1"),)),
                credential=filed.keys["watcher"],
            )
        )
    found = only(filed)
    assert found.status is Status.RESOLVED
    by = {event.kind.partition(".")[2]: event.actor.type for event in events(filed, found)}
    assert (by["created"], by["signal_ingested"]) == ("user", "user")
    assert (by["status_changed"], by["resolved"]) == ("system", "system")


def test_what_a_contributors_connector_opens_is_that_contributors(filed: House) -> None:
    neighbour(filed, contributor="alpha").says(alert(device="ams-1"))
    opened = events(filed, only(filed))[0]
    assert (opened.actor.contributor, opened.actor.pubkey) == ("alpha", pubkey(1))
    assert only(filed).effect == only(filed).devices


# -- notices of planned work ---------------------------------------------------------------------


def notice(filed: House, *, memo: str, title: str = "New line card") -> Announced:
    """A notice that plans work where it is the first, and is remembered by *memo*."""

    def settle(beside: Beside) -> Settled:
        if beside.memo == memo:
            return Settled(
                word=Word.DEDUPLICATED,
                because=Because.SAID,
                reason="as it was",
                memo=memo,
            )
        planning = PlanMaintenance(
            ticket_id=beside.fresh.ticket_id,
            refs=beside.fresh.refs,
            title=title,
            description="The old one is noisy.",
            devices=("ams-1",),
            start_at=beside.at + 60 * MINUTE,
            end_at=beside.at + 120 * MINUTE,
            formal=False,
        )
        step = Step(ticket_id=beside.fresh.ticket_id, command=planning)
        return Settled(
            word=Word.CREATED, because=Because.SAID, reason="planned", memo=memo, steps=(step,)
        )

    return Announced(key="work-1", summary="Work ahead", settle=settle)


def test_a_notice_is_remembered_with_its_ticket(filed: House) -> None:
    carrier = neighbour(filed, code="carrier")
    (one,) = carrier.says(notice(filed, memo="1")).results
    assert (one.verdict.value, one.ticket_ref) == ("created", only(filed).ref)
    (again,) = carrier.says(notice(filed, memo="1")).results
    assert (again.verdict.value, again.ticket_ref) == ("deduplicated", only(filed).ref)
    row = known(filed)["carrier/work-1"]
    assert (row.stream, row.memo, row.times) == (only(filed).stream, "1", 2)


def test_a_notice_that_was_refused_is_news_when_it_comes_again(filed: House) -> None:
    carrier = neighbour(filed, code="carrier")
    (one,) = carrier.says(notice(filed, memo="1", title="x" * 201)).results
    assert (one.verdict.value, one.because.value) == ("unattached", "refused")
    assert tickets(filed) == []
    (again,) = carrier.says(notice(filed, memo="1")).results
    assert again.verdict.value == "created"


def test_an_observer_plans_nothing(filed: House) -> None:
    carrier = neighbour(filed, code="carrier", mode="observe")
    (one,) = carrier.says(notice(filed, memo="1")).results
    assert (one.verdict.value, one.observed, one.ticket_id) == ("created", True, None)
    assert told(carrier.says(notice(filed, memo="1"))) == ["deduplicated"]
    assert tickets(filed) == []


def test_a_notice_that_was_only_observed_is_news_when_its_connector_is_live(filed: House) -> None:
    carrier = neighbour(filed, code="carrier", mode="observe")
    carrier.says(notice(filed, memo="1"))
    becomes(carrier, "live")
    assert told(carrier.says(notice(filed, memo="1", title="x" * 201))) == ["unattached"]
    (one,) = carrier.says(notice(filed, memo="1")).results
    assert (one.verdict.value, one.ticket_ref) == ("created", only(filed).ref)
    assert told(carrier.says(notice(filed, memo="1"))) == ["deduplicated"]


# -- several in one turn -------------------------------------------------------------------------


def in_one_turn(filed: House, *arrivals: Arrival) -> list[Accounted]:
    """What comes of payloads that one commit takes in."""
    writer = Writer(
        store=filed.store, clock=filed.clock, entropy=lambda: next(filed.numbers), seal=bytes
    )

    async def handed_in() -> list[Accounted]:
        loop = asyncio.get_running_loop()
        waiting = [writer.take(one, loop) for one in arrivals]
        writer.start()
        return [await one for one in waiting]

    found = asyncio.run(handed_in())
    writer.stop()
    return found


def test_each_connector_is_heard_by_its_own_rules(filed: House) -> None:
    first, second = neighbour(filed, code="first"), neighbour(filed, code="second")
    rule(filed, "quiet", action="ignore", connector="second")
    said = (first.arrival(alert("a")), second.arrival(alert("b")), first.arrival(alert("c")))
    assert [told(one) for one in in_one_turn(filed, *said)] == [
        ["created"],
        ["unattached"],
        ["created"],
    ]


def test_what_comes_to_no_connector_is_heard_by_the_rules_of_its_own_org(filed: House) -> None:
    rule(filed, "all")
    said = [
        Arrival(org_id=filed.orgs[org], reading=Reading((alert(severity="sev5"),)))
        for org in ("net", "elsewhere", "net")
    ]
    assert [told(one) for one in in_one_turn(filed, *said)] == [
        ["created"],
        ["unattached"],
        ["deduplicated"],
    ]


def test_the_clock_ends_what_a_removed_connector_told_of(filed: House) -> None:
    am = neighbour(filed)
    filed.writer.account(until(am, filed.clock() + MINUTE, alert()))
    filed.system("connector", RemoveConnector(), org_id=am.org_id, subject=am.connector_id)
    row = known(filed)["am/disk-1"]
    filed.clock.pass_by(MINUTE)
    over = filed.writer.account(heard_again(row, state="resolved", at=filed.clock()))
    assert told(over) == ["resolved"]
    assert only(filed).status is Status.RESOLVED


# -- put on a ticket by hand ---------------------------------------------------------------------


def by_hand(filed: House, ticket_id: str, *, state: str = "firing") -> Submission:
    """A person puts the alert of the disk on that ticket."""
    signal = alert(name="am/disk-1", state=state, correlation_key=None)
    return Submission(
        org_id=filed.orgs["net"],
        sort="ticket",
        subject=ticket_id,
        command=AttachSignal(signal=signal),
        credential=filed.keys["admin"],
    )


def test_what_a_person_puts_on_a_ticket_is_over_when_it_would_have_been(filed: House) -> None:
    """By hand it goes to another ticket; when it expires, and how new it is, is the source's."""
    am = neighbour(filed)
    end = filed.clock() + 5 * MINUTE
    filed.writer.account(until(am, end, alert(trace_id="4bf92f")))
    before = known(filed)["am/disk-1"]
    other = filed.ask("admin", filed.incident()).state
    filed.clock.pass_by(MINUTE)

    filed.writer.do(by_hand(filed, getattr(other, "id", "")))

    row = known(filed)["am/disk-1"]
    assert row.because == "by_hand"
    assert row.stream == getattr(other, "stream", "")
    for name in (
        "signal_id",
        "connector_id",
        "rule_id",
        "new_at",
        "correlation_key",
        "first_seen",
        "last_seen",
        "times",
        "arrival",
        "expires_at",
        "memo",
    ):
        assert getattr(row, name) == getattr(before, name), name

    filed.writer.do(by_hand(filed, getattr(other, "id", ""), state="resolved"))
    row = known(filed)["am/disk-1"]
    assert (row.state, row.verdict) == ("resolved", "resolved")
    assert (row.expires_at, row.began_at) == (None, None)


def test_what_is_heard_again_and_put_on_a_ticket_in_one_turn_is_as_new_as_it_was_heard(
    filed: House,
) -> None:
    am = neighbour(filed)
    noon = filed.clock()
    filed.writer.account(until(am, noon + 5 * MINUTE, alert()))
    other = filed.ask("admin", filed.incident()).state
    filed.clock.pass_by(4 * MINUTE)
    writer = Writer(
        store=filed.store, clock=filed.clock, entropy=lambda: next(filed.numbers), seal=bytes
    )

    async def handed_in() -> tuple[Accounted, Outcome]:
        loop = asyncio.get_running_loop()
        heard = writer.take(until(am, noon + 9 * MINUTE, alert()), loop)
        attached = writer.submit(by_hand(filed, getattr(other, "id", "")), loop)
        writer.start()
        return await heard, await attached

    heard, _ = asyncio.run(handed_in())
    writer.stop()
    assert told(heard) == ["deduplicated"]
    row = known(filed)["am/disk-1"]
    assert (row.because, row.times) == ("by_hand", 2)
    assert (row.last_seen, row.arrival) == (noon + 4 * MINUTE, heard.number)
    assert row.expires_at == noon + 9 * MINUTE
