"""Stories of what becomes of signals (Domain: correlation)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.telling import ADA, HOUR, NOON, ROOT, pubkey
from tests.core.watching import AM, PAGER, Watch, alert, rule
from tocsin.core.commands import AttachSignal, ChangeStatus, OpenIncident, PlanMaintenance
from tocsin.core.connector_words import ConnectorMode, OnResolve, RuleAction
from tocsin.core.correlation import correlate
from tocsin.core.hearing import hear, prefixed
from tocsin.core.ticket import Ticket
from tocsin.core.verdicts import Because, Fresh, Verdict, Word
from tocsin.core.words import Severity, Status

LIGHT = alert(correlation_key="{}:{group}", fingerprint="f1", labels={"alertname": "NoLight"})
GONE = replace(LIGHT, state="resolved")


def said(verdict: Verdict) -> tuple[Word, Because]:
    return verdict.word, verdict.because


def ticket_of(watch: Watch, verdict: Verdict) -> Ticket:
    assert verdict.ticket_id is not None
    return watch.tickets[verdict.ticket_id]


def test_a_severe_alert_opens_an_incident_and_its_repeat_makes_nothing() -> None:
    watch = Watch()

    first = watch.hears(LIGHT)
    assert said(first) == (Word.CREATED, Because.RULE)
    made = ticket_of(watch, first)
    assert (made.severity, made.status, made.detected_at) == (Severity.SEV1, Status.OPEN, NOON)
    assert made.correlation_keys == ("am/{}:{group}",)
    assert made.signals_total == 1
    assert made.detected_by == "connector:am"

    watch.later(minutes=1)
    again = watch.hears(LIGHT)
    assert said(again) == (Word.DEDUPLICATED, Because.FINGERPRINT)
    assert again.steps == ()


def test_a_milder_one_waits_and_pagerduty_opens_for_all() -> None:
    mild = replace(LIGHT, severity="warning")
    assert said(Watch().hears(mild)) == (Word.UNATTACHED, Because.NO_RULE)
    assert said(Watch(connector=PAGER).hears(mild)) == (Word.CREATED, Because.RULE)
    assert said(Watch(connector=None).hears(LIGHT)) == (Word.UNATTACHED, Because.NO_RULE)
    nonsense = replace(LIGHT, severity="purple")
    opened = Watch(connector=PAGER)
    assert ticket_of(opened, opened.hears(nonsense)).severity is Severity.SEV3


def test_another_alert_of_the_group_is_attached_by_its_key() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    second = watch.hears(replace(LIGHT, fingerprint="f2", severity="info"))
    assert said(second) == (Word.ATTACHED, Because.CORRELATION_KEY)
    assert second.ticket_id == first.ticket_id


def test_a_change_of_severity_is_worth_an_event() -> None:
    watch = Watch()
    watch.hears(LIGHT)
    worse = watch.hears(replace(LIGHT, severity="error"))
    assert said(worse) == (Word.ATTACHED, Because.FINGERPRINT)
    assert len(worse.steps) == 1


def test_a_trace_leads_to_its_incident() -> None:
    watch = Watch()
    opened = ticket_of(watch, watch.hears(LIGHT))
    other = alert("slow", severity=None, fingerprint="f9", trace_id="t-1", correlation_key="k")
    heard = hear(other, connector=AM, rules=(), directory=watch.town, at=watch.at)
    around = replace(watch.around(heard), by_trace=opened)
    verdict = correlate(heard, around, Fresh(ticket_id="n", refs=("I",)))
    assert said(verdict) == (Word.ATTACHED, Because.TRACE_ID)


def test_all_resolved_resolves_what_nobody_took_on() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.hears(replace(LIGHT, fingerprint="f2"))
    watch.does(first.ticket_id or "", ChangeStatus(status="acknowledged"), ADA)

    assert said(watch.hears(GONE)) == (Word.RESOLVED, Because.FINGERPRINT)
    assert ticket_of(watch, first).status is Status.ACKNOWLEDGED
    watch.hears(replace(GONE, fingerprint="f2"))
    assert ticket_of(watch, first).status is Status.RESOLVED

    assert said(watch.hears(GONE)) == (Word.DEDUPLICATED, Because.FINGERPRINT)


@pytest.mark.parametrize(
    ("how", "status"),
    [
        (OnResolve.NOTE, Status.OPEN),
        (OnResolve.MONITORING, Status.MONITORING),
        (OnResolve.RESOLVE, Status.RESOLVED),
    ],
)
def test_the_rule_says_what_all_resolved_means(how: OnResolve, status: Status) -> None:
    watch = Watch([rule(on_resolve=how)])
    first = watch.hears(LIGHT)
    watch.hears(GONE)
    assert ticket_of(watch, first).status is status


def test_whoever_works_on_it_gets_a_note() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.does(first.ticket_id or "", ChangeStatus(status="investigating"), ADA)
    watch.hears(GONE)
    found = ticket_of(watch, first)
    assert (found.status, found.updates_total) == (Status.INVESTIGATING, 2)


def test_an_end_of_nothing_is_dropped() -> None:
    verdict = Watch([rule()]).hears(GONE)
    assert said(verdict) == (Word.UNATTACHED, Because.NOTHING_OPEN)
    assert verdict.steps == ()


def test_firing_again_soon_reopens_and_late_is_new_and_related() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.hears(GONE)
    watch.later(minutes=29)
    again = watch.hears(replace(LIGHT, ts=watch.at))
    assert said(again) == (Word.ATTACHED, Because.REOPENED)
    assert ticket_of(watch, first).status is Status.INVESTIGATING

    # No person had moved it, so the next end resolves it again.
    watch.hears(replace(GONE, ts=watch.at))
    assert ticket_of(watch, first).status is Status.RESOLVED
    watch.later(minutes=30)
    late = watch.hears(replace(LIGHT, ts=watch.at))
    assert said(late) == (Word.CREATED, Because.RULE)
    assert [one.ticket_id for one in ticket_of(watch, late).relations] == [first.ticket_id]


def test_the_rule_may_reopen_for_longer_and_pagerduty_never_does() -> None:
    for watch, because in (
        (Watch([rule(reopen_within_minutes=120)]), Because.REOPENED),
        (Watch([rule(reopen_within_minutes=0)]), Because.RULE),
        (Watch(connector=PAGER, reopens=False), Because.RULE),
    ):
        watch.hears(LIGHT)
        watch.hears(GONE)
        watch.later(minutes=20)
        assert watch.hears(replace(LIGHT, ts=watch.at)).because is because


def test_closed_while_it_fires_opens_nothing_until_it_has_resolved() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.later(minutes=5)
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)

    watch.later(minutes=60)
    still = watch.hears(LIGHT)
    assert said(still) == (Word.ATTACHED, Because.STILL_FIRING)
    assert (still.ticket_id, still.steps) == (first.ticket_id, ())

    assert said(watch.hears(GONE)) == (Word.RESOLVED, Because.FINGERPRINT)
    assert ticket_of(watch, first).status is Status.CLOSED
    assert said(watch.hears(replace(LIGHT, ts=watch.at)))[0] is Word.CREATED


def test_closed_while_it_fires_is_respected_for_the_quiet_minutes_only() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)
    watch.later(minutes=1_439)
    assert watch.hears(LIGHT).because is Because.STILL_FIRING
    watch.later(minutes=1)
    assert watch.hears(LIGHT).word is Word.CREATED


def test_another_firing_after_the_closing_is_new() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.does(first.ticket_id or "", ChangeStatus(status="closed"), ROOT)
    watch.later(minutes=10)
    assert watch.hears(replace(LIGHT, ts=watch.at)).word is Word.CREATED


def test_attach_joins_what_is_alike_and_opens_nothing() -> None:
    watch = Watch([rule(action=RuleAction.ATTACH, within_minutes=30)])
    on_api = replace(LIGHT, service_name="API")
    assert said(watch.hears(on_api)) == (Word.UNATTACHED, Because.NOTHING_ALIKE)
    opening = OpenIncident(
        ticket_id="api",
        refs=("I-api",),
        title="t",
        severity="sev3",
        services=("api",),
        formal=False,
    )
    watch.does("api", opening, ADA)
    watch.later(minutes=29)
    assert said(watch.hears(on_api)) == (Word.ATTACHED, Because.ALIKE)
    watch.later(minutes=2)
    other = replace(on_api, fingerprint="f2", correlation_key="k2")
    assert said(watch.hears(other)) == (Word.UNATTACHED, Because.NOTHING_ALIKE)


def test_rules_are_asked_in_their_order_and_may_ignore() -> None:
    noisy = rule("noise", RuleAction.IGNORE, matchers=('labels.alertname="NoLight"',), order=1)
    watch = Watch([rule("rest", order=5), noisy])
    assert said(watch.hears(LIGHT)) == (Word.UNATTACHED, Because.IGNORED)
    elsewhere = rule("other", RuleAction.IGNORE, connector_id="pd-id")
    assert Watch([elsewhere, rule("rest", order=5)]).hears(LIGHT).word is Word.CREATED


def test_a_rule_words_the_incident() -> None:
    watch = Watch(
        [
            rule(
                title="{labels.line} is dark",
                severity="{labels.how_bad}",
                service="{labels.team}",
                device="{labels.box}",
                correlation_key="dark/{labels.line}",
                contributor="{labels.owner}",
            )
        ]
    )
    labels = {"line": "ams-fra", "how_bad": "P2", "box": "ams-1", "owner": "beta"}
    verdict = watch.hears(replace(LIGHT, labels=labels))
    made = ticket_of(watch, verdict)
    assert (made.title, made.severity) == ("ams-fra is dark", Severity.SEV2)
    assert (made.devices, made.correlation_keys) == ((pubkey("ams-1"),), ("dark/ams-fra",))
    assert verdict.contributor_id == "beta-id"

    # Another connector's alert with the same words is of the same incident.
    watch.connector = PAGER
    other = watch.hears(replace(LIGHT, labels=labels, fingerprint="elsewhere"))
    assert said(other) == (Word.ATTACHED, Because.CORRELATION_KEY)


def test_a_contributors_connector_speaks_for_nobody_else() -> None:
    bound = replace(AM, contributor_id="alpha-id")
    watch = Watch([rule(contributor="beta")], connector=bound)
    assert watch.hears(replace(LIGHT, contributor="beta")).contributor_id == "alpha-id"


def test_two_connectors_do_not_share_keys() -> None:
    watch = Watch()
    first = watch.hears(LIGHT)
    watch.connector = PAGER
    second = watch.hears(LIGHT)
    assert second.word is Word.CREATED
    assert second.ticket_id != first.ticket_id
    assert len(prefixed("k" * 256, AM)) == 256
    assert prefixed("k" * 256, AM) != prefixed("k" * 255 + "j", AM)


def test_observing_has_no_consequences() -> None:
    watch = Watch(connector=replace(AM, mode=ConnectorMode.OBSERVE))
    verdict = correlate_only(watch)
    assert (verdict.word, verdict.observed, verdict.steps) == (Word.CREATED, True, ())


def correlate_only(watch: Watch) -> Verdict:
    heard = hear(LIGHT, connector=watch.connector, rules=(), directory=watch.town, at=watch.at)
    return correlate(heard, watch.around(heard), Fresh(ticket_id="n", refs=("I",)))


# -- maintenance ----------------------------------------------------------------------------------

WORK = PlanMaintenance(
    ticket_id="work",
    refs=("M-work",),
    title="Fibre swap",
    description="d",
    devices=("ams-1",),
    start_at=NOON + HOUR,
    end_at=NOON + 2 * HOUR,
)
ON_AMS = replace(LIGHT, device="ams-1")


def test_a_window_in_force_holds_back_and_what_still_fires_is_new() -> None:
    watch = Watch()
    watch.does("work", WORK, ADA)
    watch.at = NOON + HOUR
    held = watch.hears(ON_AMS)
    assert said(held) == (Word.ATTACHED, Because.HELD_BACK)
    assert held.ticket_id == "work"
    assert said(watch.hears(ON_AMS)) == (Word.DEDUPLICATED, Because.HELD_BACK)
    # Its links are worked on with it.
    line = watch.hears(replace(LIGHT, fingerprint="f2", correlation_key="l", link="ams-1:fra-1"))
    assert said(line) == (Word.ATTACHED, Because.HELD_BACK)
    # What is at the other end is not.
    far = replace(LIGHT, fingerprint="f3", correlation_key="f", device="fra-1")
    assert watch.hears(far).word is Word.CREATED

    watch.at = NOON + 2 * HOUR
    freed = watch.hears(ON_AMS)
    assert said(freed) == (Word.CREATED, Because.RULE)
    assert "am/{}:{group}" in ticket_of(watch, freed).correlation_keys


def test_what_ends_under_the_window_opens_nothing() -> None:
    watch = Watch()
    watch.does("work", WORK, ADA)
    watch.at = NOON + HOUR
    watch.hears(ON_AMS)
    assert said(watch.hears(replace(ON_AMS, state="resolved")))[0] is Word.RESOLVED
    watch.at = NOON + 2 * HOUR
    assert set(watch.tickets) == {"work"}


def test_advisory_work_holds_nothing_back() -> None:
    watch = Watch()
    watch.does("work", replace(WORK, devices=("fra-1",)), ADA)
    watch.at = NOON + HOUR
    assert watch.hears(replace(LIGHT, device="fra-1")).word is Word.CREATED


# -- storms ---------------------------------------------------------------------------------------


def test_a_flood_of_new_keys_is_one_incident_that_says_so() -> None:
    watch = Watch([rule(storm_limit=5, storm_minutes=5)])
    verdicts = [
        watch.hears(replace(LIGHT, fingerprint=f"f{n}", correlation_key=f"k{n}")) for n in range(80)
    ]
    created = [one for one in verdicts if one.word is Word.CREATED]
    assert len(created) == 6
    assert said(created[-1]) == (Word.CREATED, Because.STORM)
    storm = ticket_of(watch, created[-1])
    assert "more than 5 new keys in 5 minutes" in storm.title
    assert {said(one) for one in verdicts[6:]} == {(Word.ATTACHED, Because.STORM)}
    assert storm.signals_total == 75
    assert len(storm.correlation_keys) <= 50

    # What is known of the flood stays with it; when it is over, what is new is itself again.
    watch.later(minutes=6)
    known = watch.hears(replace(LIGHT, fingerprint="f70", correlation_key="k70"))
    assert said(known) == (Word.DEDUPLICATED, Because.FINGERPRINT)
    sibling = watch.hears(replace(LIGHT, fingerprint="g70", correlation_key="k70"))
    assert said(sibling) == (Word.ATTACHED, Because.CORRELATION_KEY)
    new = watch.hears(replace(LIGHT, fingerprint="later", correlation_key="later"))
    assert said(new) == (Word.CREATED, Because.RULE)


def test_no_limit_no_storm() -> None:
    watch = Watch([rule(storm_limit=0)])
    for n in range(60):
        watch.hears(replace(LIGHT, fingerprint=f"f{n}", correlation_key=f"k{n}"))
    assert {one.because for one in watch.verdicts} == {Because.RULE}


# -- what is asked for is accepted ----------------------------------------------------------------


def test_a_full_ticket_takes_signals_without_their_keys() -> None:
    keys = tuple(f"k{n}" for n in range(50))
    watch = Watch([rule(within_minutes=60)])
    opening = OpenIncident(
        ticket_id="full",
        refs=("I-full",),
        title="t",
        severity="sev3",
        services=("api",),
        correlation_keys=keys,
        formal=False,
    )
    watch.does("full", opening, ADA)
    verdict = watch.hears(replace(LIGHT, service_name="api"))
    assert said(verdict) == (Word.ATTACHED, Because.ALIKE)
    command = verdict.steps[0].command
    assert isinstance(command, AttachSignal)
    assert command.signal.correlation_key is None


def test_a_clock_that_is_ahead_opens_an_incident_all_the_same() -> None:
    watch = Watch()
    ahead = watch.hears(replace(LIGHT, ts=NOON + timedelta(days=2)))
    assert ticket_of(watch, ahead).start_at == NOON
