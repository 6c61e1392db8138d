"""What was posted before: a message of an attempt of which nobody knows whether it arrived.

Slack has no idempotency key, so messages carry the delivery's id in their metadata, and a second
attempt looks for it first (Integrations: Slack, out). What was read once is kept: the next look
begins where the last one ended, so a long backlog does not read the same history for every card.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack.calls import Line, asked_inside
from tocsin.adapters.slack.contract import EVENT_TYPE

PAGE: Final = 200
"""Messages of one answer; Slack advises no more."""

SKEW: Final = timedelta(minutes=10)
"""How far Slack's clock and ours may be apart."""

_OVERLAP: Final = 30.0
"""Seconds before the end of what was read that are read again: a message may show a little late."""

_MOST_PLACES: Final = 500
_MOST_TRACES: Final = 20_000

Place = tuple[str, str, str]
"""Team, channel, and the thread's first message; the latter empty for the channel itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was read of a place, whole from ``since`` to ``upto``, both instants as Slack writes
    them; message ids by delivery id."""

    since: str
    upto: str
    found: Mapping[str, str] = field(default_factory=dict)


class Traces:
    """Finds our own messages in channels and threads; used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Place, _Known] = OrderedDict()

    def find(self, line: Line, place: Place, delivery_id: str, *, since: datetime) -> str | None:
        """The id of the message that carries *delivery_id*, posted after *since*; None if there is
        none.

        Raises:
            Unanswered: Slack cannot be asked.
        """
        floor = f"{(since - SKEW).timestamp():.6f}"
        with self._lock:
            known = self._known.get(place)
        if known is None or float(known.since) > float(floor):
            known = _Known(since=floor, upto=floor)
        if delivery_id in known.found:
            return known.found[delivery_id]
        found, upto = dict(known.found), known.upto
        oldest = max(floor, f"{float(upto) - _OVERLAP:.6f}", key=float)
        for message in _messages(line, place, oldest=oldest):
            ts = str(message.get("ts", ""))
            upto = max(upto, ts, key=float) if ts else upto
            carried = _delivery_in(message)
            if carried is not None:
                found[carried] = ts
        with self._lock:
            self._keep(place, _Known(since=known.since, upto=upto, found=found))
        return found.get(delivery_id)

    def _keep(self, place: Place, known: _Known) -> None:
        self._known.pop(place, None)
        if len(known.found) <= _MOST_TRACES:
            self._known[place] = known
        while len(self._known) > _MOST_PLACES:
            self._known.popitem(last=False)


def metadata(delivery_id: str, ticket_id: str) -> dict[str, Any]:
    """What a message carries besides what it shows."""
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {"delivery_id": delivery_id, "ticket_id": ticket_id},
    }


def _delivery_in(message: Mapping[str, Any]) -> str | None:
    carried = message.get("metadata")
    if not isinstance(carried, Mapping) or carried.get("event_type") != EVENT_TYPE:
        return None
    payload = carried.get("event_payload")
    found = payload.get("delivery_id") if isinstance(payload, Mapping) else None
    return found if isinstance(found, str) else None


def _messages(line: Line, place: Place, *, oldest: str) -> Iterator[Mapping[str, Any]]:
    """All messages there after the instant *oldest*."""
    _, channel, thread = place
    cursor = ""
    while True:

        def page(client: WebClient, cursor: str = cursor) -> SlackResponse:
            if thread:
                return client.conversations_replies(
                    channel=channel,
                    ts=thread,
                    oldest=oldest,
                    limit=PAGE,
                    include_all_metadata=True,
                    cursor=cursor or None,
                )
            return client.conversations_history(
                channel=channel,
                oldest=oldest,
                limit=PAGE,
                include_all_metadata=True,
                cursor=cursor or None,
            )

        answer = asked_inside(line, channel, page)
        messages = answer.get("messages")
        if isinstance(messages, list):
            yield from (one for one in messages if isinstance(one, Mapping))
        cursor = next_cursor(answer)
        if not cursor:
            return


def next_cursor(answer: Mapping[str, Any]) -> str:
    """Where the next page of *answer* begins; empty for the last one."""
    about = answer.get("response_metadata")
    found = about.get("next_cursor") if isinstance(about, Mapping) else None
    return found if isinstance(found, str) else ""
