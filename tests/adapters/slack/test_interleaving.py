"""What is said while its thread becomes an incident: after what was said before, whatever meets.

Each test holds one of two things up at a gate and lets the other one go on: the reader of the
thread, by Slack's answer, or a message, by the store that it looks for its ticket in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from tests.adapters.slack.hearing import Ears, listening
from tests.servers.slack import Done, Gate, Request, User
from tocsin.adapters.slack.contract import OPEN_FROM_MESSAGE
from tocsin.adapters.slack.conversing import Ear
from tocsin.store.contract import ReadTurn, Store

REPLIES = "conversations.replies"
BEFORE = ["message 0", "message 1", "message 2"]


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    """An office with ears."""
    with listening(tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Hesitant:
    """The reading side of a store; who reads stops at a gate before it looks, and at another one
    when it has looked."""

    store: Store
    before: Gate = field(default_factory=Gate)
    after: Gate = field(default_factory=Gate)

    def reading(self) -> AbstractContextManager[ReadTurn]:
        """As the store itself."""
        return self._reading()

    @contextmanager
    def _reading(self) -> Iterator[ReadTurn]:
        self.before.pass_through()
        with self.store.reading() as turn:
            yield turn
        self.after.pass_through()


@dataclass
class Slowly:
    """A message that is heard step by step, on a thread of its own."""

    ears: Ears
    request: Request

    def __post_init__(self) -> None:
        self.store = Hesitant(self.ears.office.home.store)
        surroundings = replace(self.ears.surroundings, store=cast(Store, self.store))
        self._thread = threading.Thread(
            target=Ear(surroundings).said, args=(self.request.payload,), name="slowly"
        )
        self._thread.start()

    def looks(self) -> None:
        """It is about to look whose it is."""
        self.store.before.reached()

    def looked(self) -> None:
        """It has looked, and done nothing of it yet."""
        self.store.before.open()
        self.store.after.reached()

    def goes_on(self) -> None:
        """To the end."""
        self.store.before.open()
        self.store.after.open()
        self._thread.join()


@dataclass
class Scene:
    """A thread of three messages, what is ``said`` in it now, how it is ``opened``, and what it
    holds in the end."""

    ears: Ears
    said: Request
    opened: Callable[[], object]
    expected: list[str]

    def texts(self) -> list[str]:
        """What is on the timeline."""
        return self.ears.texts(self.ears.ticket())


def talk(ears: Ears, user: User) -> Done:
    """A thread of three messages, of which the app is told nothing; its first one."""
    slack, channel = ears.office.slack, ears.office.incidents
    first = slack.say(user, channel, BEFORE[0], deliver=False)
    for text in BEFORE[1:]:
        slack.say(user, channel, text, thread=first, deliver=False)
    return first


def its_own_message(ears: Ears) -> Scene:
    """A mention, which Slack tells of twice: as a mention and as a message."""
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    mention = slack.mention(anna, channel, "api", thread=talk(ears, anna), deliver=False)
    called, said = mention.requests
    return Scene(ears, said, lambda: slack.outbox.deliver(called), [*BEFORE, "@tocsin api"])


def beside_a_mention(ears: Ears) -> Scene:
    """A mention, and what somebody says after it."""
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    first = talk(ears, anna)
    called = slack.mention(anna, channel, "api", thread=first, deliver=False).requests[0]
    (said,) = slack.say(anna, channel, "fra", thread=first, deliver=False).requests
    expected = [*BEFORE, "@tocsin api", "fra"]
    return Scene(ears, said, lambda: slack.outbox.deliver(called), expected)


def beside_a_shortcut(ears: Ears) -> Scene:
    """The shortcut of a message, and what somebody says in its thread."""
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    first = talk(ears, anna)
    (said,) = slack.say(anna, channel, "fra", thread=first, deliver=False).requests
    slack.message_shortcut(anna, first, OPEN_FROM_MESSAGE)
    ears.settle()
    return Scene(ears, said, lambda: slack.submit(anna), [*BEFORE, "fra"])


SCENES = pytest.mark.parametrize(
    "make", [its_own_message, beside_a_mention, beside_a_shortcut], ids=lambda make: make.__name__
)


@SCENES
def test_a_message_that_is_heard_before_the_thread_is_opened(
    ears: Ears, make: Callable[[Ears], Scene]
) -> None:
    scene = make(ears)

    ears.office.slack.outbox.deliver(scene.said)
    ears.settle()
    assert ears.tickets() == []
    scene.opened()
    ears.settle()

    assert scene.texts() == scene.expected


@SCENES
def test_a_message_that_looks_for_its_ticket_when_it_has_just_been_opened(
    ears: Ears, make: Callable[[Ears], Scene]
) -> None:
    scene = make(ears)
    replies = ears.office.slack.gate(REPLIES)

    message = Slowly(ears, scene.said)
    message.looks()
    scene.opened()
    replies.reached()
    message.goes_on()
    assert scene.texts() == []
    replies.open()
    ears.settle()

    assert scene.texts() == scene.expected


@SCENES
def test_a_message_that_has_looked_when_the_thread_is_opened(
    ears: Ears, make: Callable[[Ears], Scene]
) -> None:
    scene = make(ears)
    replies = ears.office.slack.gate(REPLIES)

    message = Slowly(ears, scene.said)
    message.looked()
    scene.opened()
    replies.reached()
    message.goes_on()
    assert scene.texts() == []
    replies.open()
    ears.settle()

    assert scene.texts() == scene.expected


@SCENES
def test_a_message_that_is_heard_while_the_thread_is_read(
    ears: Ears, make: Callable[[Ears], Scene]
) -> None:
    scene = make(ears)
    replies = ears.office.slack.gate(REPLIES)

    scene.opened()
    replies.reached()
    Ear(ears.surroundings).said(scene.said.payload)
    assert scene.texts() == []
    replies.open()
    ears.settle()

    assert scene.texts() == scene.expected


@SCENES
@pytest.mark.parametrize("has_looked", [False, True])
def test_a_message_that_is_held_up_until_all_is_over(
    ears: Ears, make: Callable[[Ears], Scene], has_looked: bool
) -> None:
    scene = make(ears)

    message = Slowly(ears, scene.said)
    if has_looked:
        message.looked()
    else:
        message.looks()
    scene.opened()
    ears.settle()
    message.goes_on()

    assert scene.texts() == scene.expected


@pytest.mark.parametrize("make", [beside_a_mention, beside_a_shortcut])
def test_what_is_said_and_edited_after_slack_has_answered_comes_last_and_in_its_order(
    ears: Ears, make: Callable[[Ears], Scene]
) -> None:
    scene = make(ears)
    slack, channel = ears.office.slack, ears.office.incidents
    anna = next(user for user in slack.state.users.values() if user.name == "anna")
    first = channel.everything[0]
    replies = slack.gate(REPLIES)

    scene.opened()
    replies.reached()
    late = slack.say(anna, channel, "ams too", thread=first.ts, deliver=False)
    changed = slack.edit(anna, late, "ams as well", deliver=False)
    later = slack.say(anna, channel, "and par", thread=first.ts, deliver=False)
    for one in (later, changed, late):
        Ear(ears.surroundings).said(one.requests[0].payload)
    replies.open()
    ears.settle()

    assert scene.texts() == [*scene.expected, "ams too", "ams as well", "and par"]


# -- a mention that begins a thread ---------------------------------------------------------------


def answered_at_once(ears: Ears) -> Scene:
    """A mention that is no reply, and somebody's answer to it."""
    anna = ears.person("anna")
    slack, channel = ears.office.slack, ears.office.incidents
    mention = slack.mention(anna, channel, "api", deliver=False)
    (said,) = slack.say(anna, channel, "fra", thread=mention, deliver=False).requests
    called = mention.requests[0]
    return Scene(ears, said, lambda: slack.outbox.deliver(called), ["@tocsin api", "fra"])


def test_an_answer_that_is_heard_before_its_mention_is_not_lost(ears: Ears) -> None:
    scene = answered_at_once(ears)

    ears.office.slack.outbox.deliver(scene.said)
    ears.settle()
    scene.opened()
    ears.settle()

    assert scene.texts() == scene.expected
    assert len(ears.office.slack.calls_of(REPLIES)) == 1


@pytest.mark.parametrize("has_looked", [False, True])
def test_an_answer_that_is_held_up_until_its_mention_is_an_incident(
    ears: Ears, has_looked: bool
) -> None:
    scene = answered_at_once(ears)

    message = Slowly(ears, scene.said)
    if has_looked:
        message.looked()
    else:
        message.looks()
    scene.opened()
    ears.settle()
    message.goes_on()

    assert scene.texts() == scene.expected
    assert ears.office.slack.calls_of(REPLIES) == []


def test_an_answer_waits_until_its_mention_is_recorded(ears: Ears) -> None:
    scene = answered_at_once(ears)
    posted = ears.office.slack.gate("chat.postMessage")

    message = Slowly(ears, scene.said)
    message.looked()
    scene.opened()
    posted.reached()
    message.goes_on()
    assert scene.texts() == []
    posted.open()
    ears.settle()

    assert scene.texts() == scene.expected


# -- a shortcut that comes in the way of others ---------------------------------------------------


def test_where_no_more_is_taken_in_the_thread_of_a_shortcut_is_not_forgotten(ears: Ears) -> None:
    scene = beside_a_shortcut(ears)

    # One errand for the form that is sent in, one for what it asks.
    ears.hands.room = 2
    scene.opened()
    ears.settle()
    ears.hands.room = None
    ears.office.slack.outbox.deliver(scene.said)
    ears.settle()

    assert scene.texts() == scene.expected
    (told,) = [one.text for one in ears.office.slack.state.ephemerals]
    assert told.startswith(f"Opened *{ears.ticket().ref}*")


def test_a_shortcut_and_a_mention_in_one_thread_are_one_incident_in_order(ears: Ears) -> None:
    scene = beside_a_shortcut(ears)
    slack, channel = ears.office.slack, ears.office.incidents
    anna = next(user for user in slack.state.users.values() if user.name == "anna")
    replies = slack.gate(REPLIES)

    # The reader that opens it is the mention; the shortcut comes, and leaves before it.
    mention = slack.mention(anna, channel, "api", thread=channel.everything[0].ts, deliver=False)
    slack.outbox.deliver(mention.requests[0])
    replies.reached()
    scene.opened()
    Ear(ears.surroundings).said(scene.said.payload)
    Ear(ears.surroundings).said(mention.requests[1].payload)
    assert scene.texts() == []
    replies.open()
    ears.settle()

    assert scene.texts() == [*BEFORE, "fra", "@tocsin api"]
