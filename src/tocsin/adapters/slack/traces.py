"""What was posted before: a message of an attempt of which nobody knows whether it arrived.

Slack has no idempotency key, so messages carry the delivery's id in their metadata, and a second
attempt looks for it first (Integrations: Slack, out). What was read once is kept: the next look
begins where the last one ended, so a long backlog does not read the same history for every card.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.web.slack_response import SlackResponse

from tocsin.adapters.slack.calls import Line, asked_inside
from tocsin.adapters.slack.contract import EVENT_TYPE
from tocsin.dispatcher.contract import Digest, Parcel
from tocsin.dispatcher.naming import delivery_id

PAGE: Final = 200
"""Messages of one answer; Slack advises no more."""

SKEW: Final = timedelta(minutes=10)
"""How far Slack's clock and ours may be apart."""

_OVERLAP: Final = 30.0
"""Seconds before the end of what was read that are read again: a message may show a little late."""

_MOST_PLACES: Final = 500
_MOST_TRACES: Final = 20_000

_LONGEST_RANGES: Final = 4_000
"""Characters: of all that a message carries, Slack takes about twice as many."""
_MOST_IN_DIGEST: Final = 2_000
_RANGE = re.compile(r"(?P<first>[0-9]{1,18})(?:-(?P<last>[0-9]{1,18}))?")

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
        return self.find_all(line, place, (delivery_id,), since=since).get(delivery_id)

    def find_all(
        self, line: Line, place: Place, delivery_ids: Collection[str], *, since: datetime
    ) -> Mapping[str, str]:
        """The ids of the messages that carry *delivery_ids*, by these, as far as there are any
        posted after *since*.

        Raises:
            Unanswered: Slack cannot be asked.
        """
        floor = f"{(since - SKEW).timestamp():.6f}"
        with self._lock:
            known = self._known.get(place)
        if known is None or float(known.since) > float(floor):
            known = _Known(since=floor, upto=floor)
        if all(one in known.found for one in delivery_ids):
            return {one: known.found[one] for one in delivery_ids}
        found, upto = dict(known.found), known.upto
        oldest = max(floor, f"{float(upto) - _OVERLAP:.6f}", key=float)
        for message in _messages(line, place, oldest=oldest):
            ts = str(message.get("ts", ""))
            upto = max(upto, ts, key=float) if ts else upto
            found |= dict.fromkeys(_deliveries_in(message), ts)
        with self._lock:
            self._keep(place, _Known(since=known.since, upto=upto, found=found))
        return {one: found[one] for one in delivery_ids if one in found}

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


def metadata_of_digest(digest: Digest, parcels: Iterable[Parcel]) -> dict[str, Any]:
    """What the message of a digest carries that tells *parcels*: which events, so that none of them
    is told again in another company."""
    carried = metadata(digest.delivery_id, "")
    positions = _ranges(one.event.position for one in parcels)
    carried["event_payload"] |= {"route_id": digest.to.route_id, "positions": positions}
    return carried


def _deliveries_in(message: Mapping[str, Any]) -> Iterator[str]:
    carried = message.get("metadata")
    if not isinstance(carried, Mapping) or carried.get("event_type") != EVENT_TYPE:
        return
    payload = carried.get("event_payload")
    if not isinstance(payload, Mapping):
        return
    if isinstance(found := payload.get("delivery_id"), str):
        yield found
    route_id, positions = payload.get("route_id"), payload.get("positions")
    if isinstance(route_id, str) and isinstance(positions, str):
        told = islice(_positions(positions), _MOST_IN_DIGEST)
        yield from (delivery_id(one, route_id) for one in told)


def _ranges(positions: Iterable[int]) -> str:
    """``4711-4760,4763``: as many from the first on as a message may carry."""
    ranges: list[tuple[int, int]] = []
    for one in sorted(set(positions)):
        if ranges and one == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], one)
        else:
            ranges.append((one, one))
    said = ""
    for first, last in ranges:
        shown = str(first) if first == last else f"{first}-{last}"
        longer = f"{said},{shown}" if said else shown
        if len(longer) > _LONGEST_RANGES:
            break
        said = longer
    return said


def _positions(ranges: str) -> Iterator[int]:
    for found in _RANGE.finditer(ranges[:_LONGEST_RANGES]):
        yield from range(int(found["first"]), int(found["last"] or found["first"]) + 1)


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
