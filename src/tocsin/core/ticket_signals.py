"""Signals and broken objectives, as they are attached to a ticket (Domain: signals, SLO)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal

from tocsin.core.commands import RecordSloViolation, SignalDraft
from tocsin.core.errors import FieldError, invalid_fields
from tocsin.core.evidence import Given
from tocsin.core.facts import JsonValue, Payload
from tocsin.core.ticket import Ticket
from tocsin.core.ticket_facts import SignalIngested, SloViolationRecorded
from tocsin.core.ticket_reading import (
    KEY,
    LABEL,
    NAME,
    REASON,
    TEXT,
    Errors,
    instant,
    optional_text,
    refuse_held_keys,
    required_text,
    severity,
    word,
)
from tocsin.core.words import SignalState, SignalType, parse_environment, parse_word

MOST_SIGNAL_LABELS = 200
LONGEST_LABEL_VALUE = 4_096
LONGEST_DATA = 65_536
"""Characters of JSON."""

MOST_BUDGET = 1_000_000.0


def attach(state: Ticket, draft: SignalDraft, given: Given) -> tuple[Payload, ...]:
    """The signal that *draft* describes, attached to *state*, with the key it brings.

    Raises:
        Invalid: a field that is wrong.
        Conflict: another active ticket holds its correlation key.
    """
    errors: Errors = []
    ts = instant(draft.ts, field="ts", errors=errors) or given.at
    level, native = None, None
    if draft.severity is not None:
        level, native = severity(draft.severity, given=given, errors=errors)
    kind = word(lambda: parse_word(SignalType, draft.signal_type, field="signal_type"), errors)
    standing = word(lambda: parse_word(SignalState, draft.state, field="state"), errors)
    environment = optional_text(
        draft.environment, field="environment", longest=LABEL, errors=errors
    )
    key = optional_text(draft.correlation_key, field="correlation_key", longest=KEY, errors=errors)
    _check_labels(draft.labels, errors)
    _check_data(draft.data, errors)
    signal = SignalIngested(
        signal_id=given.entry_id,
        signal_type=(kind or SignalType.ALERT).value,
        source=required_text(draft.source, field="source", longest=NAME * 2, errors=errors),
        summary=required_text(draft.summary, field="summary", longest=REASON, errors=errors),
        state=(standing or SignalState.FIRING).value,
        ts=ts,
        severity=level,
        native_severity=native,
        service=optional_text(
            draft.service_name, field="service_name", longest=NAME, errors=errors
        ),
        environment=None if environment is None else parse_environment(environment),
        device=_device(draft.device, given, errors),
        link=_link(draft.link, given, errors),
        contributor=optional_text(
            draft.contributor, field="contributor", longest=NAME, errors=errors
        ),
        correlation_key=key,
        trace_id=optional_text(draft.trace_id, field="trace_id", longest=KEY, errors=errors),
        fingerprint=optional_text(
            draft.fingerprint, field="fingerprint", longest=KEY, errors=errors
        ),
        labels=dict(sorted(draft.labels.items())),
        data=dict(draft.data),
        new_keys=() if key is None or key in state.correlation_keys else (key,),
    )
    if errors:
        raise invalid_fields(errors)
    refuse_held_keys(signal.new_keys, stream=state.stream, given=given)
    return (signal,)


def _device(name: str | None, given: Given, errors: Errors) -> str | None:
    """The pubkey of a registered device; another name stays as the monitoring system gave it."""
    read = optional_text(name, field="device", longest=NAME, errors=errors)
    device = None if read is None else given.directory.device(read)
    return read if device is None else device.pubkey


def _link(name: str | None, given: Given, errors: Errors) -> str | None:
    read = optional_text(name, field="link", longest=NAME, errors=errors)
    link = None if read is None else given.directory.link(read)
    return read if link is None else link.pubkey


def _check_labels(labels: Mapping[str, str], errors: Errors) -> None:
    if len(labels) > MOST_SIGNAL_LABELS:
        errors.append(FieldError("labels", "too_long", f"more than {MOST_SIGNAL_LABELS}"))
        return
    for name, value in labels.items():
        field = f"labels.{name[:LABEL]}"
        required_text(name, field=field, longest=KEY, errors=errors)
        if value:
            required_text(value, field=field, longest=LONGEST_LABEL_VALUE, errors=errors)


def _check_data(data: Mapping[str, JsonValue], errors: Errors) -> None:
    if not data:
        return
    try:
        size = len(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        errors.append(FieldError("data", "not_json", "not JSON"))
        return
    if size > LONGEST_DATA:
        detail = f"{size:,} characters of JSON; at most {LONGEST_DATA:,}"
        errors.append(FieldError("data", "too_long", detail))


def record_violation(command: RecordSloViolation, given: Given) -> tuple[Payload, ...]:
    """The broken objective that *command* reports; the budget is kept as decimal text.

    Raises:
        Invalid: a field that is wrong.
    """
    errors: Errors = []
    start = instant(command.window_start, field="window_start", errors=errors)
    end = instant(command.window_end, field="window_end", errors=errors)
    if start is not None and end is not None and end <= start:
        errors.append(FieldError("window_end", "window", "must be after window_start"))
    consumed = command.error_budget_consumed
    if not math.isfinite(consumed) or not 0 <= consumed <= MOST_BUDGET:
        detail = "must be a fraction of 0 or more; 1.0 is the whole budget"
        errors.append(FieldError("error_budget_consumed", "out_of_range", detail))
        consumed = 0
    violation = SloViolationRecorded(
        violation_id=given.entry_id,
        slo_id=required_text(command.slo_id, field="slo_id", longest=NAME * 2, errors=errors),
        window_start=command.window_start,
        window_end=command.window_end,
        error_budget_consumed=format(Decimal(str(consumed)), "f"),
        threshold_breached=optional_text(
            command.threshold_breached, field="threshold_breached", longest=NAME * 2, errors=errors
        ),
        details=optional_text(command.details, field="details", longest=TEXT, errors=errors),
    )
    if errors:
        raise invalid_fields(errors)
    return (violation,)
