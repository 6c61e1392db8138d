"""What people type becomes an intention, and never an exception."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.adapters.slack.entities import plain
from tocsin.adapters.slack.intentions import (
    Acknowledge,
    Close,
    Comment,
    Create,
    Extend,
    Help,
    Intention,
    Link,
    ListTickets,
    Measure,
    Move,
    Myself,
    Named,
    Nobody,
    Publish,
    Rca,
    SetAssignee,
    SetSeverity,
    SlackUser,
    Unclear,
    Update,
    Use,
)
from tocsin.adapters.slack.spoken import mention, report_of, slash
from tocsin.core.ticket_reading import TEXT, TITLE
from tocsin.core.words import Status, TicketType

BOT = "U0BOT"
REF = "I20261120-af36"
PLAN = "M20261120-opub"
INCIDENT, MAINTENANCE = TicketType.INCIDENT, TicketType.MAINTENANCE


@pytest.mark.parametrize(
    ("command", "text", "meant"),
    [
        ("/incident", "", Create(kind=INCIDENT)),
        ("/incident", "create", Create(kind=INCIDENT)),
        ("/incident", "create api is down", Create(kind=INCIDENT, text="api is down")),
        ("/create", "api is down", Create(kind=INCIDENT, text="api is down")),
        ("/create", "", Create(kind=INCIDENT)),
        ("/incident", f"ack {REF}", Acknowledge(ref=REF)),
        ("/incident", "ack", Acknowledge()),
        ("/incident", f"update {REF} the fan is new", Update(ref=REF, text="the fan is new")),
        ("/update", f"{REF}: the fan is new", Update(ref=REF, text="the fan is new")),
        ("/update", "", Update()),
        ("/close", f"{REF} fan replaced", Close(ref=REF, text="fan replaced")),
        ("/close", "", Close()),
        (
            "/incident",
            f"rca {REF} <https://a.example/r|r>",
            Rca(ref=REF, url="https://a.example/r"),
        ),
        (
            "/incident",
            f"rca https://a.example/r?a=1&amp;b=2 {REF}",
            Rca(ref=REF, url="https://a.example/r?a=1&b=2"),
        ),
        ("/incident", "rca", Rca()),
        ("/incident", f"publish {REF}", Publish(ref=REF)),
        ("/incident", "measures", Measure()),
        ("/incident", "metrics 7d", Measure(span=timedelta(days=7))),
        ("/incident", "MTTR for 90 days", Measure(span=timedelta(days=90))),
        ("/incident", "list sev1 mine", ListTickets(kind=INCIDENT, words=("sev1", "mine"))),
        (
            "/incident",
            f"severity {REF} SEV2 worse",
            SetSeverity(word="sev2", ref=REF, reason="worse"),
        ),
        ("/incident", f"sev 1 {REF}", SetSeverity(word="1", ref=REF)),
        ("/incident", "sev1", SetSeverity(word="sev1")),
        (
            "/incident",
            f"assign {REF} <@U9|ada>",
            SetAssignee(whom=SlackUser(user_id="U9"), ref=REF),
        ),
        ("/incident", "assign to me", SetAssignee(whom=Myself())),
        ("/incident", "assign nobody", SetAssignee(whom=Nobody())),
        ("/incident", "assign alpha_net", SetAssignee(whom=Named(name="alpha_net"))),
        ("/incident", "assign @Ada Lovelace", SetAssignee(whom=Named(name="Ada Lovelace"))),
        (
            "/incident",
            f"status {REF} In-Progress go",
            Move(status=Status.IN_PROGRESS, ref=REF, text="go", word="inprogress"),
        ),
        (
            "/incident",
            f"status monitoring {REF} looks fine",
            Move(status=Status.MONITORING, ref=REF, text="looks fine", word="monitoring"),
        ),
        ("/incident", "status", Move(status=None)),
        ("/incident", f"status {REF} closed by hand", Close(ref=REF, text="by hand")),
        ("/incident", f"resolve {REF}", Move(status=Status.RESOLVED, ref=REF, word="resolved")),
        (
            "/incident",
            f"reopen {REF} again",
            Move(
                status=Status.INVESTIGATING,
                ref=REF,
                text="again",
                word="investigating",
                reopens=True,
            ),
        ),
        (
            "/incident",
            f"cancel {REF} invalid no such alarm",
            Move(status=Status.CANCELLED, ref=REF, text="no such alarm", word="invalid"),
        ),
        (
            "/incident",
            f"cancel {REF} twice told",
            Move(status=Status.CANCELLED, ref=REF, text="twice told", word="cancelled"),
        ),
        ("/maintenance", "", Create(kind=MAINTENANCE)),
        ("/maintenance", "plan fibre swap", Create(kind=MAINTENANCE, text="fibre swap")),
        ("/maintenance", "list", ListTickets(kind=MAINTENANCE)),
        (
            "/maintenance",
            f"start {PLAN}",
            Move(status=Status.IN_PROGRESS, ref=PLAN, word="in_progress"),
        ),
        (
            "/maintenance",
            f"complete {PLAN}",
            Move(status=Status.COMPLETED, ref=PLAN, word="completed"),
        ),
        ("/maintenance", f"close {PLAN} done", Close(ref=PLAN, text="done")),
        (
            "/maintenance",
            f"extend {PLAN} 1h30m rain",
            Extend(ref=PLAN, by=timedelta(minutes=90), text="rain"),
        ),
        (
            "/maintenance",
            f"extend {PLAN} until 2026-11-20 00:05 UTC",
            Extend(ref=PLAN, until=datetime(2026, 11, 20, 0, 5, tzinfo=UTC)),
        ),
        ("/tocsin", "link tl_Ab-9", Link(code="tl_Ab-9")),
        ("/tocsin", "use Net", Use(code="net")),
        ("/netops-incident", f"ack {REF}", Acknowledge(ref=REF)),
    ],
)
def test_commands_mean_what_they_say(command: str, text: str, meant: Intention) -> None:
    assert slash(command, text) == meant


@pytest.mark.parametrize(
    "text",
    [
        f"close {REF} fan replaced",
        f"  CLOSE\u00a0{REF.upper()}   fan replaced ",
        f"“close” {REF}: fan replaced",
        f"*close* `{REF}` fan replaced",
        "close I20261120\u2013AF36 fan replaced",
        "close I20261120af36 fan replaced",
        f"{REF} close fan replaced",
        f"close <https://tocsin.example/t/{REF}|{REF}> fan replaced",
        f"close <https://tocsin.example/t/{REF}> fan replaced",
        f"close #{REF}, fan replaced",
        f"close {REF} “fan replaced”",
    ],
)
def test_spelling_is_forgiven(text: str) -> None:
    assert slash("/incident", text) == Close(ref=REF, text="fan replaced")


@pytest.mark.parametrize(
    ("text", "near"), [("clsoe it", "close"), ("aknowledge", "ack"), ("updaet x", "update")]
)
def test_a_slip_is_told_and_does_nothing(text: str, near: str) -> None:
    meant = slash("/incident", text)
    assert isinstance(meant, Unclear)
    assert near in meant.meant
    assert f"`/incident {near}`" in meant.sentence


def test_what_only_looks_like_a_ref_is_not_taken_for_words() -> None:
    meant = slash("/incident", "close I20261120-x fixed")
    assert isinstance(meant, Unclear)
    assert "no ref" in meant.sentence


def test_an_unknown_word_cannot_notify_anybody() -> None:
    meant = slash("/incident", "&lt;!channel&gt;`<!here>` now")
    assert isinstance(meant, Unclear)
    assert "<!" not in meant.sentence
    assert "`" not in meant.sentence.partition("`")[2].partition("`")[0]


@pytest.mark.parametrize(
    "text", ["extend 2 parsecs", "extend", "extend 9999d", "extend 2026-02-31 10:00"]
)
def test_an_end_that_is_none_is_asked_for(text: str) -> None:
    assert isinstance(slash("/maintenance", text), Unclear)


@pytest.mark.parametrize("text", ["measures of dns", "measures 0d", "measures 7d sev1"])
def test_a_time_that_is_none_is_asked_for(text: str) -> None:
    assert isinstance(slash("/incident", text), Unclear)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"<@{BOT}> ack", Acknowledge()),
        (f"<@{BOT}>: close fan replaced", Close(text="fan replaced")),
        (f"ack <@{BOT}>", Acknowledge()),
        (f"<@{BOT}> incident resolve", Move(status=Status.RESOLVED, word="resolved")),
        (f"<@{BOT}> monitoring", Move(status=Status.MONITORING, word="monitoring")),
        (f"<@{BOT}> sev1", SetSeverity(word="sev1")),
        (f"<@{BOT}> monitoring shows nothing yet", Comment(text="monitoring shows nothing yet")),
        (f"<@{BOT}> we are close to it", Comment(text="we are close to it")),
        (f"<@{BOT}> close to a cause", Comment(text="close to a cause")),
        (f"<@{BOT}> measures taken: none", Comment(text="measures taken: none")),
        (f"<@{BOT}> done rebooting &amp; waiting", Comment(text="done rebooting & waiting")),
    ],
)
def test_a_mention_in_a_thread_is_a_command_or_a_comment(text: str, meant: Intention) -> None:
    assert mention(text, bot_user_id=BOT) == meant


def test_a_mention_of_a_maintenance_knows_its_verbs() -> None:
    told = mention(f"<@{BOT}> extend 2h", bot_user_id=BOT, kind=MAINTENANCE)
    assert told == Extend(by=timedelta(hours=2))
    assert isinstance(mention(f"<@{BOT}>", bot_user_id=BOT), Help)
    assert isinstance(mention(f"<@{BOT}> resovle", bot_user_id=BOT), Unclear)


def test_free_text_has_a_title_and_all_of_it_as_description() -> None:
    report = report_of(
        "\n api is down :fire:\nsince <!date^1^x|noon>, ask <@U9> \u05e9\u05dc\u05d5\u05dd"
    )
    assert report is not None
    assert report.title == "api is down :fire:"
    assert report.description == "api is down :fire:\nsince noon, ask @U9 \u05e9\u05dc\u05d5\u05dd"
    named = report_of("ask <@U9|x> and <@U8>", names={"U8": "Bo"})
    assert named is not None
    assert named.title == "ask @x and @Bo"
    assert report_of(" \n\t\x00 ") is None


def test_entities_are_read_as_people_see_them() -> None:
    assert plain("<#C1|ops> <!subteam^S1|@net> <!here> <mailto:a@b.c|a@b.c>") == (
        "#ops @net @here a@b.c"
    )
    assert plain("<https://a.b/c|a.b/c> <https://a.b|the map> &lt;b&gt; &amp;amp;") == (
        "https://a.b/c the map (https://a.b) <b> &amp;"
    )


WORDS = re.findall(
    r"\S+",
    """
    create ack update close rca publish list severity assign status resolve reopen cancel help
    extend start complete link use until 2h sev1 me to in progress monitoring incident < > <> <@U1>
    <@U1|a> <#C1> <!here> | & &amp; I20261120-af36 M20261120-opub I20261120 <https://x.y/z| “ -
    2026-11-20 24:61 I２０２６１１２０-af36
    """,
)
NASTY = ("\u202e", "\x00", "\ud800", "9" * 50, "x" * 12_000, "\n")
TYPED = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from((*WORDS, *NASTY)), max_size=8).map(" ".join),
)


@given(
    command=st.sampled_from(
        ["/incident", "/maintenance", "/tocsin", "/create", "/update", "/close"]
    )
    | st.text(max_size=20),
    text=TYPED,
)
@example(command="/incident", text="<")
def test_any_text_has_an_intention(command: str, text: str) -> None:
    meant = slash(command, text)
    assert isinstance(meant, get_args(Intention))
    spoken = mention(text, bot_user_id=BOT)
    assert isinstance(spoken, get_args(Intention))
    for one in (meant, spoken):
        if isinstance(one, Unclear):
            assert len(one.sentence) < 600
            assert "<" not in one.sentence
            one.sentence.encode()


@given(TYPED)
def test_any_free_text_is_bounded_and_printable(text: str) -> None:
    report = report_of(text)
    if report is not None:
        assert 1 <= len(report.title) <= TITLE
        assert "\n" not in report.title
        assert 1 <= len(report.description) <= TEXT
        assert report.shortened == (len(plain(text).strip()) > TEXT)
        report.description.encode()
