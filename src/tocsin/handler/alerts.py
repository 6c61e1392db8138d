"""Alerts and payloads, from what was heard to what is stored of it and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec

from tocsin.core.commands import (
    SignalDraft,
)
from tocsin.core.hearing import (
    fingerprint_of,
)
from tocsin.core.ingestion import (
    Reading,
)
from tocsin.core.records import Connector
from tocsin.core.ticket_facts import SignalIngested
from tocsin.core.verdicts import Word
from tocsin.core.words import SignalState
from tocsin.handler.arrival import Accounted, Arrival, PayloadVerdict, Told
from tocsin.store.arrivals import Arrived, KnownSignal

_FIRING: Final = SignalState.FIRING.value
_NO_HEADERS: Final = "{}"
_NONE: Final = dict.fromkeys(Word, 0)
_encode = msgspec.json.Encoder().encode
_decode_draft = msgspec.json.Decoder(SignalDraft).decode


def written(draft: SignalDraft) -> str:
    """*draft* as it is stored."""
    return _encode(draft).decode()


def draft_of(row: KnownSignal) -> SignalDraft:
    """The signal that an alert was last told by, with its keys as they are held here."""
    draft = _decode_draft(row.draft.encode())
    return replace(
        draft,
        fingerprint=row.fingerprint,
        correlation_key=row.correlation_key,
        trace_id=row.trace_id,
    )


def heard_again(row: KnownSignal, *, state: str, at: datetime, via: str = "clock") -> Arrival:
    """An alert that is known, to be judged anew as if it were heard in *state* at the instant *at*:
    it has expired, or what held it back is over."""
    draft = draft_of(row)
    draft = replace(draft, state=state, ts=draft.ts if state == _FIRING else at)
    return Arrival(
        org_id=row.org_id,
        reading=Reading((draft,)),
        connector_id=row.connector_id,
        via=via,
        again=True,
    )


def name_of(draft: SignalDraft, connector: Connector | None, *, again: bool) -> str:
    if again and draft.fingerprint is not None:
        return draft.fingerprint
    return fingerprint_of(draft, connector)


def alert_name(payload: SignalIngested) -> str:
    """The fingerprint under which an attached signal is known; one of its own where it has none."""
    return payload.fingerprint or f"hand/{payload.signal_id}"


def draft_from(payload: SignalIngested) -> SignalDraft:
    return SignalDraft(
        source=payload.source,
        summary=payload.summary,
        signal_type=payload.signal_type,
        state=payload.state,
        ts=payload.ts,
        severity=None if payload.severity is None else payload.severity.value,
        service_name=payload.service,
        environment=payload.environment,
        device=payload.device,
        link=payload.link,
        contributor=payload.contributor,
        correlation_key=payload.correlation_key,
        trace_id=payload.trace_id,
        fingerprint=payload.fingerprint,
        labels=payload.labels,
        data=payload.data,
    )


def verdict_of_all(results: Sequence[Told]) -> tuple[PayloadVerdict, str]:
    """The verdict on a payload, of those on what it says."""
    if not results:
        return PayloadVerdict.UNATTACHED, "it says nothing of any alert"
    first = results[0]
    if len(results) == 1:
        return PayloadVerdict(first.verdict.value), first.reason
    words = {one.verdict for one in results}
    if len(words) == 1:
        return PayloadVerdict(first.verdict.value), (
            f"{first.reason}; and {len(results) - 1:,} more"
        )
    counted = Counter(one.verdict for one in results)
    said = ", ".join(f"{counted[word]:,} {word.value}" for word in Word if counted[word])
    return PayloadVerdict.MIXED, said


def inbox_row(arrival: Arrival, accounted: Accounted) -> Arrived:
    counted = _NONE.copy()
    results: list[tuple[str, str, str, str | None]] = []
    observed = False
    for one in accounted.results:
        counted[one.verdict] += 1
        observed = observed or one.observed
        results.append((one.fingerprint, one.verdict.value, one.because.value, one.ticket_id))
    headers = _encode(dict(arrival.headers)).decode() if arrival.headers else _NO_HEADERS
    return Arrived(
        org_id=arrival.org_id,
        number=accounted.number,
        connector_id=arrival.connector_id,
        via=arrival.via,
        verdict=accounted.verdict.value,
        reason=accounted.reason,
        content_type=arrival.content_type,
        headers=headers,
        # Heard again, it lies where it lay.
        payload=b"" if arrival.replay_of is not None else arrival.payload,
        results=_encode(results).decode() if results else "[]",
        attached=counted[Word.ATTACHED],
        deduplicated=counted[Word.DEDUPLICATED],
        created=counted[Word.CREATED],
        resolved=counted[Word.RESOLVED],
        unattached=counted[Word.UNATTACHED],
        observed=observed,
        replay_of=arrival.replay_of,
    )
