"""What was said in a conversation, read from Slack's own shapes and made into facts of a ticket.

A message is recorded as people read it, with the name of who said it and the instant of its
wording: an edited one is recorded again, with the instant of the edit. The same wording of the same
message is recorded once, however often and by whatever way it comes (Integrations: messages).
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from slack_sdk import WebClient

from tocsin.adapters.slack.answering import TROUBLE, reason_of
from tocsin.adapters.slack.contract import VIA, Workspace, message_key
from tocsin.adapters.slack.entities import plain
from tocsin.core.commands import RecordMessage
from tocsin.core.errors import Overloaded
from tocsin.handler.submission import Outcome, Submission
from tocsin.handler.writer import Result, Writer
from tocsin.store.contract import Answer, ReceiptKey

SOURCE: Final = "slack"
SCOPE: Final = "slack:message"

AT_ONCE: Final = 200
"""Messages that are handed to the writer together: people's commands shall not wait behind more."""

OVERLOADED_PAUSE: Final = 0.2
OVERLOADED_TRIES: Final = 50

NAMES_LIMIT: Final = 10_000
NAMES_KEPT: Final = timedelta(minutes=10)
NAMES_ASKED: Final = 300
"""How many people are asked about for one page of messages; others keep their ids."""

_SPOKEN: Final = frozenset({None, "thread_broadcast", "file_share", "me_message"})
_BY_BOTS: Final = frozenset({"bot_message"})
_TS = re.compile(r"[0-9]{1,11}\.[0-9]{1,6}")
_MENTIONED = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it reads now.

    ``name`` is what it calls its author itself (bots do), ``text`` as it came over the wire,
    ``edited_ts`` when it got this wording, None for the first one. ``by_bot`` marks another bot's.
    """

    ts: str
    user_id: str | None
    name: str
    text: str
    edited_ts: str | None = None
    by_bot: bool = False


def is_ts(text: object) -> bool:
    """Whether *text* is a message's time stamp."""
    return isinstance(text, str) and _TS.fullmatch(text) is not None


def instant_of(ts: str) -> datetime:
    """The instant of a message's time stamp, to the microsecond.

    Raises:
        ValueError: it is none.
    """
    if not is_ts(ts):
        raise ValueError(f"not a time stamp of a message: {ts[:40]!r}")
    seconds, _, rest = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(rest.ljust(6, "0")))


def is_ours(shape: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the message of that *shape* is one of our own."""
    bot = shape.get("bot_id")
    return shape.get("user") == workspace.bot_user_id or (
        bot is not None and bot == workspace.bot_id
    )


def message_in(shape: Mapping[str, Any], workspace: Workspace) -> Message | None:
    """The message that *shape* holds, of an event or of a conversation's history.

    None for what nobody said: joins, topics, tombstones, and everything of our own.
    """
    subtype, ts = shape.get("subtype"), shape.get("ts")
    if not is_ts(ts) or not (subtype is None or isinstance(subtype, str)):
        return None
    if subtype not in _SPOKEN and subtype not in _BY_BOTS:
        return None
    if is_ours(shape, workspace):
        return None
    user, bot = shape.get("user"), shape.get("bot_id")
    profile = shape.get("bot_profile")
    name = shape.get("username") or (profile.get("name") if isinstance(profile, Mapping) else None)
    edited = shape.get("edited")
    edited_ts = edited.get("ts") if isinstance(edited, Mapping) else None
    return Message(
        ts=str(ts),
        user_id=user if isinstance(user, str) else None,
        name=name if isinstance(name, str) else "",
        text=_text_of(shape),
        edited_ts=edited_ts if is_ts(edited_ts) else None,
        by_bot=bot is not None or subtype in _BY_BOTS,
    )


def _text_of(shape: Mapping[str, Any]) -> str:
    """What a message says, with the names of its files; a bot's may stand in attachments only."""
    parts = [shape.get("text")]
    if not parts[0]:
        parts += [
            one.get("fallback") or one.get("text") for one in _shapes(shape.get("attachments"))
        ]
    parts += [
        f"[file: {one.get('name') or one.get('title') or one.get('id')}]"
        for one in _shapes(shape.get("files"))
    ]
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _shapes(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else []


# -- who said it ----------------------------------------------------------------------------------


class Names:
    """What people in Slack are called: asked once and remembered for a while, up to a bound."""

    def __init__(
        self, *, client: Callable[[Workspace], WebClient], clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, workspace: Workspace, user_ids: Iterable[str]) -> dict[str, str]:
        """The names of those among *user_ids* that are remembered."""
        now = self._clock()
        with self._lock:
            found = {}
            for user_id in user_ids:
                name, until = self._known.get((workspace.team_id, user_id), ("", now))
                if until > now:
                    found[user_id] = name
            return found

    def of(self, workspace: Workspace, user_ids: Iterable[str]) -> dict[str, str]:
        """The names of *user_ids*; left out is who cannot be asked about just now."""
        wanted = sorted(set(user_ids))
        found = self.known(workspace, wanted)
        unknown = [user_id for user_id in wanted if user_id not in found]
        if not unknown:
            return found
        client = self._client(workspace)
        for user_id in unknown[:NAMES_ASKED]:
            try:
                name = _name_in(client.users_info(user=user_id).get("user")) or user_id
            except TROUBLE as trouble:
                if reason_of(trouble) not in ("user_not_found", "user_not_visible"):
                    # Slack is away, or wants a pause: the others would only wait for the same.
                    break
                name = user_id
            found[user_id] = name
            self._keep(workspace, user_id, name)
        return found

    def _keep(self, workspace: Workspace, user_id: str, name: str) -> None:
        with self._lock:
            place = (workspace.team_id, user_id)
            self._known.pop(place, None)
            self._known[place] = (name, self._clock() + NAMES_KEPT)
            while len(self._known) > NAMES_LIMIT:
                self._known.popitem(last=False)


def _name_in(user: object) -> str:
    if not isinstance(user, Mapping):
        return ""
    profile = user.get("profile")
    shown = profile if isinstance(profile, Mapping) else {}
    for name in (
        shown.get("display_name"),
        shown.get("real_name"),
        user.get("real_name"),
        user.get("name"),
    ):
        if isinstance(name, str) and name.strip():
            return plain(name).strip()
    return ""


def people_in(messages: Iterable[Message]) -> set[str]:
    """The ids of everybody who speaks or is mentioned in *messages*."""
    found: set[str] = set()
    for message in messages:
        if message.user_id is not None and not message.name:
            found.add(message.user_id)
        found.update(_MENTIONED.findall(message.text))
    return found


# -- into facts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where messages of one channel go: the ticket's ``stream`` in its org."""

    org_id: int
    stream: str
    workspace: Workspace
    channel_id: str


def shown(message: Message, names: Mapping[str, str]) -> str:
    """The words of *message* as people read them."""
    return plain(message.text, names=names)


def author_of(message: Message, names: Mapping[str, str]) -> str:
    """What the author of *message* is called."""
    user_id = message.user_id
    if message.name:
        return plain(message.name)
    return "somebody" if user_id is None else names.get(user_id, user_id)


def recording(message: Message, shelf: Shelf, *, names: Mapping[str, str]) -> Submission:
    """*message* as it is first recorded: at its own time, whatever wording it has by now."""
    return _submission(
        shelf,
        ts=message.ts,
        revision=message.ts,
        author=author_of(message, names),
        text=shown(message, names),
        at=instant_of(message.ts),
    )


def correcting(message: Message, shelf: Shelf, *, names: Mapping[str, str]) -> Submission:
    """The newer wording of a message that was recorded before; dated by the edit."""
    revision = message.edited_ts or message.ts
    return _submission(
        shelf,
        ts=message.ts,
        revision=revision,
        author=author_of(message, names),
        text=shown(message, names),
        at=instant_of(revision),
    )


def deleting(ts: str, shelf: Shelf, *, author: str, at: datetime) -> Submission:
    """The end of the message *ts*: its words are gone from *at* on."""
    return _submission(
        shelf, ts=ts, revision="deleted", author=author, text="", at=at, deleted=True
    )


def _submission(
    shelf: Shelf,
    *,
    ts: str,
    revision: str,
    author: str,
    text: str,
    at: datetime,
    deleted: bool = False,
) -> Submission:
    identity = message_key(shelf.workspace.team_id, shelf.channel_id, ts)
    key = f"{identity}:{revision}"
    return Submission(
        org_id=shelf.org_id,
        sort="ticket",
        subject=shelf.stream,
        command=RecordMessage(
            message_id=identity,
            source=SOURCE,
            author=author,
            text=text,
            at=at,
            deleted=deleted,
        ),
        via=VIA,
        # Whether names could be asked for makes no other message of it.
        receipt=ReceiptKey(
            org_id=shelf.org_id,
            scope=SCOPE,
            key=key,
            body_digest=hashlib.sha256(key.encode()).digest(),
        ),
        render=_recorded,
    )


def _recorded(outcome: Outcome) -> Answer:
    return Answer(status=200, body=b"recorded")


def record_all(writer: Writer, submissions: Sequence[Submission]) -> list[Result]:
    """Hand *submissions* in, many at a time and in their order; each one's outcome or refusal.

    Raises:
        Overloaded: too much has been waiting for too long.
    """
    results: list[Result] = []
    for start in range(0, len(submissions), AT_ONCE):
        results += _handed_in(writer, submissions[start : start + AT_ONCE])
    return results


def _handed_in(writer: Writer, submissions: Sequence[Submission]) -> list[Result]:
    pause = threading.Event()
    for _ in range(OVERLOADED_TRIES - 1):
        try:
            return writer.do_all(submissions)
        except Overloaded:
            # What had been handed in before is not recorded twice: each has a receipt.
            pause.wait(OVERLOADED_PAUSE)
    return writer.do_all(submissions)
