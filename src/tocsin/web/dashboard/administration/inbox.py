"""The inbox: what neighbours sent, as it came, and what became of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from tocsin.core.errors import NotFound
from tocsin.core.ids import event_id
from tocsin.core.records import Connector
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role
from tocsin.handler.arrival import PayloadVerdict
from tocsin.handler.naming import ticket_streams
from tocsin.projections.arrivals import (
    WantedPayloads,
    WantedSignals,
    draft_in,
    every_connector,
    kept_headers,
    newest_payloads,
    newest_signals,
)
from tocsin.store.arrivals import Arrived, arrived, instant_of, results_in
from tocsin.store.rows import position_in
from tocsin.web.dashboard.administration.finding import ON_A_PAGE, require_reader
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.visits import NOT_SENT, Filled, FormAt, Page, PageAt, Sent, Visit, Wish

HOME: Final = "/admin/inbox"
LONGEST_SHOWN: Final = 100_000
"""Characters of a payload that are shown; the API tells the whole."""
MOST_RESULTS: Final = 100

VERDICTS: Final[Mapping[PayloadVerdict, str]] = {
    PayloadVerdict.CREATED: "opened an incident",
    PayloadVerdict.ATTACHED: "joined a ticket",
    PayloadVerdict.DEDUPLICATED: "heard again",
    PayloadVerdict.RESOLVED: "resolved",
    PayloadVerdict.UNATTACHED: "on no ticket",
    PayloadVerdict.MIXED: "several of these",
    PayloadVerdict.UNPARSEABLE: "could not be read",
    PayloadVerdict.REFUSED: "was refused",
}
TONES: Final[Mapping[str, str]] = {
    "created": "under_maintenance",
    "attached": "under_maintenance",
    "deduplicated": "unknown",
    "resolved": "operational",
    "unattached": "degraded_performance",
    "mixed": "under_maintenance",
    "unparseable": "partial_outage",
    "refused": "partial_outage",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one thing that a payload says; ``summary`` is the alert's, where it is
    known."""

    fingerprint: str
    verdict: str
    because: str
    ref: str | None
    summary: str | None
    state: str | None


def inbox_page(visit: Visit) -> Page:
    """The payloads, newest first."""
    require_reader(visit, "inbox")
    connectors = _seen(visit)
    every = every_connector(visit.turn, visit.admitted.org_id)
    wanted, verdict = visit.one("connector"), visit.one("verdict")
    named = next((one for one in every.values() if wanted and wanted in (one.code, one.id)), None)
    own = None if connectors is None else set(connectors)
    if wanted:
        chosen = {named.id} if named is not None else set[str]()
        own = chosen if own is None else own & chosen
    known = verdict in VERDICTS
    found = newest_payloads(
        visit.turn,
        visit.admitted.org_id,
        WantedPayloads(connectors=own, verdict=verdict if known else None),
        before=position_in(visit.one("after")) or None,
        limit=ON_A_PAGE + 1,
    )
    shown = found[:ON_A_PAGE]
    following = None
    if len(found) > ON_A_PAGE:
        asked = {"connector": wanted, "verdict": verdict, "after": shown[-1].id}
        following = f"{HOME}?{urlencode({k: v for k, v in asked.items() if v})}"
    return room_page(
        visit,
        "inbox.html",
        here="inbox",
        items=shown,
        connectors=every,
        choices=sorted(
            (one for one in (connectors or every).values() if one.removed_at is None),
            key=lambda one: one.name.casefold(),
        ),
        connector=wanted,
        verdict=verdict if known else "",
        verdicts={word.value: text for word, text in VERDICTS.items()},
        tones=TONES,
        following=following,
        first=HOME if visit.one("after") else None,
        home=HOME,
    )


def _seen(visit: Visit) -> Mapping[str, Connector] | None:
    """The connectors whose payloads the reader sees; None: every one's, and the API's."""
    bound_to = visit.admitted.access.contributor_id
    if bound_to is None:
        return None
    every = every_connector(visit.turn, visit.admitted.org_id)
    return {name: one for name, one in every.items() if one.contributor_id == bound_to}


def _item(visit: Visit) -> Arrived:
    """The payload that the address names.

    Raises:
        Forbidden: the inbox is not for this reader.
        NotFound: there is none that they see.
    """
    require_reader(visit, "inbox")
    name = visit.path["item"]
    item = arrived(visit.turn, visit.admitted.org_id, position_in(name))
    seen = _seen(visit)
    if item is None or item.id != name or (seen is not None and item.connector_id not in seen):
        raise NotFound(f"there is no payload {name[:64]!r} in the inbox here; it may be deleted")
    return item


def item_page(visit: Visit) -> Page:
    """One payload, and what became of each thing that it says."""
    return _shown(visit, NOT_SENT)


def _shown(visit: Visit, filled: Filled) -> Page:
    item = _item(visit)
    turn, org_id = visit.turn, visit.admitted.org_id
    original = item
    if item.replay_of is not None:
        original = arrived(turn, org_id, item.replay_of) or item
    text, how = readable(original.payload)
    results = results_in(item.results)
    connector = every_connector(turn, org_id).get(item.connector_id or "")
    return room_page(
        visit,
        "payload.html",
        here="inbox",
        filled=filled,
        item=item,
        connector=connector,
        text=text[:LONGEST_SHOWN],
        cut=len(text) > LONGEST_SHOWN,
        how=how,
        size=len(original.payload),
        headers=sorted(kept_headers(original).items()),
        results=_results(visit, results[:MOST_RESULTS]),
        more_results=max(0, len(results) - MOST_RESULTS),
        verdicts={word.value: words for word, words in VERDICTS.items()},
        tones=TONES,
        original=None
        if item.replay_of is None
        else event_id(instant_of(item.replay_of), item.replay_of),
        may_replay=_may_replay(visit, connector, item),
        replayed=visit.one("done") == "replayed",
        home=HOME,
    )


def _may_replay(visit: Visit, connector: Connector | None, item: Arrived) -> bool:
    if visit.admitted.access.role < Role.SRE_LEAD:
        return False
    return item.connector_id is None or (connector is not None and connector.removed_at is None)


def readable(payload: bytes) -> tuple[str, str]:
    """*payload* as text, and what it is: JSON (in lines), text, or base64 of what is neither."""
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(payload).decode(), "base64"
    try:
        msgspec.json.decode(payload)
        return msgspec.json.format(text, indent=2), "JSON"
    except (msgspec.DecodeError, RecursionError):
        return text, "text"


def _results(
    visit: Visit, results: Sequence[tuple[str, str, str, str | None]]
) -> tuple[Result, ...]:
    turn, org_id = visit.turn, visit.admitted.org_id
    identities = {ticket for _, _, _, ticket in results if ticket is not None}
    streams = [stream for one in sorted(identities) for stream in ticket_streams(one)]
    refs = {
        head.state.id: head.state.ref
        for head in turn.heads(org_id, streams).values()
        if isinstance(head.state, Ticket)
    }
    found = []
    for fingerprint, verdict, because, ticket in results:
        summary = state = None
        if fingerprint:
            known = newest_signals(
                turn, org_id, WantedSignals(fingerprint=fingerprint), before=None, limit=1
            )
            draft = draft_in(known[0]) if known else None
            summary = None if draft is None else draft.summary
            state = str(known[0].state) if known else None
        found.append(
            Result(
                fingerprint=fingerprint,
                verdict=verdict,
                because=because.replace("_", " "),
                ref=refs.get(ticket or ""),
                summary=summary,
                state=state,
            )
        )
    return tuple(found)


def _ask(sent: Sent) -> Wish:
    return Wish(
        method="POST",
        path=f"/inbox/{quote(sent.path['item'], safe='')}/replay",
        once=sent.once,
    )


PAGES: Final = (
    PageAt(path=HOME, look=inbox_page),
    PageAt(path=f"{HOME}/{{item}}", look=item_page),
    FormAt(
        path=f"{HOME}/{{item}}/replay",
        wish=_ask,
        show=_shown,
        done=lambda sent, told: (
            f"{HOME}/{quote(str(told.body.get('replay') or sent.path['item']), safe='')}"
            "?done=replayed"
        ),
    ),
)
