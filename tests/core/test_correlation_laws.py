"""Laws of correlation, for any signals in any order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.telling import ADA, ROOT
from tests.core.watching import AM, PAGER, Watch, active, alert, rule
from tocsin.core.commands import ChangeStatus, OpenIncident, SignalDraft
from tocsin.core.connector_words import ConnectorMode, OnResolve, RuleAction
from tocsin.core.correlation import correlate
from tocsin.core.hearing import hear
from tocsin.core.records import Rule
from tocsin.core.ticket_reading import KEY
from tocsin.core.verdicts import Fresh, Word
from tocsin.core.words import TicketType

SIGNALS = st.builds(
    alert,
    st.sampled_from(["no light", "slow", "loss"]),
    state=st.sampled_from(["firing", "resolved"]),
    severity=st.sampled_from([None, "critical", "info", "sev9", "?"]),
    fingerprint=st.sampled_from([None, "f1", "f2", "f3"]),
    correlation_key=st.sampled_from([None, "k1", "k2", "x" * 256]),
    service_name=st.sampled_from([None, "api", "!!"]),
    device=st.sampled_from([None, "ams-1", "nowhere"]),
    labels=st.sampled_from([{}, {"line": "l1"}, {"line": ""}]),
)
RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(RuleAction),
        matchers=st.sampled_from([(), ('severity="sev1"',), ('labels.line=~".+"',)]),
        correlation_key=st.sampled_from([None, "{labels.line}", "fixed"]),
        title=st.sampled_from([None, "{labels.line}", "{summary}" * 3]),
        severity=st.sampled_from([None, "sev2", "{labels.line}"]),
        on_resolve=st.sampled_from(OnResolve),
        within_minutes=st.sampled_from([None, 0, 60]),
        storm_limit=st.sampled_from([0, 1, 3, 50]),
        order=st.integers(0, 3),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
)
Turn = SignalDraft | int | str
TURNS = st.lists(
    st.one_of(
        SIGNALS, st.integers(1, 40), st.sampled_from(["resolved", "closed", "investigating"])
    ),
    max_size=25,
)


def told(turns: list[Turn], rules: list[Rule], *, mode: ConnectorMode) -> Watch:
    """Signals, minutes that pass, and people who move the newest incident."""
    watch = Watch(rules, connector=replace(AM, mode=mode))
    for turn in turns:
        match turn:
            case SignalDraft():
                watch.hears(replace(turn, ts=watch.at))
            case int():
                watch.later(minutes=turn)
            case str():
                mine = [one for one in watch.tickets.values() if active(one)]
                if mine:
                    watch.does(mine[-1].id, ChangeStatus(status=turn, reason="r"), ROOT)
    return watch


@settings(max_examples=150, deadline=None)
@given(TURNS, RULES)
def test_each_has_one_verdict_and_is_accounted_for(turns: list[Turn], rules: list[Rule]) -> None:
    watch = told(turns, rules, mode=ConnectorMode.LIVE)

    signals = sum(isinstance(turn, SignalDraft) for turn in turns)
    counted = Counter(one.word for one in watch.verdicts)
    assert sum(counted.values()) == signals
    assert counted[Word.CREATED] == len(watch.tickets)
    for verdict in watch.verdicts:
        assert verdict.reason
        assert (verdict.ticket_id is None) is (verdict.word is Word.UNATTACHED)
        if verdict.word in (Word.DEDUPLICATED, Word.UNATTACHED):
            assert verdict.steps == ()
    # No two active tickets ever hold one key.
    held = Counter(
        key for one in watch.tickets.values() if active(one) for key in one.correlation_keys
    )
    assert all(times == 1 for times in held.values())


@settings(max_examples=100, deadline=None)
@given(st.lists(SIGNALS, min_size=2, max_size=12), RULES)
def test_two_firings_with_one_key_make_one_incident(
    drafts: list[SignalDraft], rules: list[Rule]
) -> None:
    watch = Watch(rules)
    made: dict[str | None, int] = Counter()
    for draft in drafts:
        one = replace(draft, state="firing", correlation_key="the-key")
        key = hear(
            one, connector=AM, rules=rules, directory=watch.town, at=watch.at
        ).signal.correlation_key
        made[key] += watch.hears(one).word is Word.CREATED
    assert all(times <= 1 for times in made.values())


@settings(max_examples=100, deadline=None)
@given(TURNS, RULES)
def test_an_end_never_opens_anything(turns: list[Turn], rules: list[Rule]) -> None:
    watch = told(turns, rules, mode=ConnectorMode.LIVE)
    before = set(watch.tickets)
    for name in ("f1", "f2", "f3", None):
        verdict = watch.hears(alert(state="resolved", fingerprint=name, correlation_key="k1"))
        assert verdict.word in (Word.RESOLVED, Word.DEDUPLICATED, Word.UNATTACHED)
        assert not any(isinstance(step.command, OpenIncident) for step in verdict.steps)
    assert set(watch.tickets) == before


@settings(max_examples=100, deadline=None)
@given(TURNS, RULES, SIGNALS)
def test_observing_says_the_same_and_asks_for_nothing(
    turns: list[Turn], rules: list[Rule], draft: SignalDraft
) -> None:
    watch = told(turns, rules, mode=ConnectorMode.LIVE)
    fresh = Fresh(ticket_id="new", refs=("I",))
    verdicts = []
    for mode in ConnectorMode:
        heard = hear(
            draft,
            connector=replace(AM, mode=mode),
            rules=rules,
            directory=watch.town,
            at=watch.at,
        )
        verdicts.append(correlate(heard, watch.around(heard), fresh))
    live, observed = verdicts
    assert (live.word, live.because, live.ticket_id) == (
        observed.word,
        observed.because,
        observed.ticket_id,
    )
    assert (observed.steps, observed.observed, live.observed) == ((), True, False)


@settings(max_examples=60, deadline=None)
@given(st.lists(SIGNALS, min_size=1, max_size=10), RULES)
def test_hearing_it_all_twice_makes_nothing_more(
    drafts: list[SignalDraft], rules: list[Rule]
) -> None:
    """Delivered twice at once, as neighbours do: the second time is a repeat."""
    firing = [replace(one, state="firing") for one in drafts]
    watch = Watch(rules)
    for draft in firing:
        first = watch.hears(draft)
        tickets = dict(watch.tickets)
        again = watch.hears(draft)
        if first.word is not Word.UNATTACHED:
            assert again.word is Word.DEDUPLICATED
            assert again.ticket_id == first.ticket_id
        assert watch.tickets == tickets


@settings(max_examples=200, deadline=None)
@given(SIGNALS, RULES, st.text(max_size=300), st.sampled_from([AM, PAGER, None]))
def test_what_is_heard_is_bounded(
    draft: SignalDraft, rules: list[Rule], text: str, connector: object
) -> None:
    heard = hear(
        replace(draft, labels={"line": text}, correlation_key=text or None),
        connector=connector if connector is not None else None,  # type: ignore[arg-type]
        rules=rules,
        directory=Watch().town,
        at=Watch().at,
    )
    assert 0 < len(heard.fingerprint) <= KEY
    assert heard.signal.correlation_key is None or 0 < len(heard.signal.correlation_key) <= KEY
    assert 0 < len(heard.wanted.title) <= 200
    assert heard.severity.rank <= 4


def test_a_person_is_never_overruled_by_an_end() -> None:
    watch = Watch()
    first = watch.hears(alert(fingerprint="f1"))
    assert first.ticket_id is not None
    watch.does(first.ticket_id, ChangeStatus(status="mitigating"), ADA)
    watch.hears(alert(fingerprint="f1", state="resolved"))
    found = watch.tickets[first.ticket_id]
    assert (found.type, found.status.value) == (TicketType.INCIDENT, "mitigating")
