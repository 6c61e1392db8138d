"""Rules: what becomes of signals that nothing known fits (Domain: correlation; API: rules).

How a signal finds its rule, and what follows, is in :mod:`correlation`.
"""

from __future__ import annotations

from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import RULE_NAME
from tocsin.core.connector_words import OnResolve, RuleAction
from tocsin.core.errors import FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.matching import MatcherError, parse_match
from tocsin.core.placeholders import PlaceholderError, parse_wording
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateRule,
    RemoveRule,
    UpdateRule,
)
from tocsin.core.record_facts import RecordRemoved, RecordUpdated, RuleCreated
from tocsin.core.records import Rule
from tocsin.core.words import UnknownWord, parse_severity

MOST_RULES: Final = 2_000
"""Of one org."""

LAST: Final = 10_000
"""The highest order."""

MOST_MINUTES: Final = 525_600
"""A year."""

MOST_STORM_MINUTES: Final = 1_440
MOST_BEFORE_STORM: Final = 100_000

WORDINGS: Final = (
    "title",
    "severity",
    "service",
    "device",
    "link",
    "contributor",
    "correlation_key",
)
"""The fields that may have placeholders."""

_MINUTES: Final = ("within_minutes", "reopen_within_minutes", "quiet_minutes")


def decide_rule(
    state: Rule | None, command: CreateRule | UpdateRule | RemoveRule, given: Given
) -> tuple[Payload, ...]:
    """The facts that follow for a rule; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, its name is taken, or there are as many as there may be.
        Invalid: fields are wrong, or a matcher or placeholder is not read.
        NotFound: there is no such rule.
    """
    match command:
        case CreateRule():
            read.absent(state, "rule")
            read.refuse_crowd(given.directory.signal_rules(), most=MOST_RULES, what="rules")
            errors: read.Errors = []
            made = RuleCreated(
                name=read.name(command.name, errors=errors),
                action=read.word(RuleAction, command.action, field="action", errors=errors),
                matchers=_matchers(command.matchers, errors=errors),
                connector_id=_connector(command.connector, given=given, errors=errors),
                title=_wording(command.title, "title", given=given, errors=errors),
                severity=_wording(command.severity, "severity", given=given, errors=errors),
                service=_wording(command.service, "service", given=given, errors=errors),
                device=_wording(command.device, "device", given=given, errors=errors),
                link=_wording(command.link, "link", given=given, errors=errors),
                contributor=_wording(
                    command.contributor, "contributor", given=given, errors=errors
                ),
                correlation_key=_wording(
                    command.correlation_key, "correlation_key", given=given, errors=errors
                ),
                on_resolve=read.word(
                    OnResolve, command.on_resolve, field="on_resolve", errors=errors
                ),
                order=_order(command.order, errors=errors),
                within_minutes=_minutes(command.within_minutes, "within_minutes", errors=errors),
                reopen_within_minutes=_minutes(
                    command.reopen_within_minutes, "reopen_within_minutes", errors=errors
                ),
                quiet_minutes=_minutes(command.quiet_minutes, "quiet_minutes", errors=errors),
                storm_limit=_storm_limit(command.storm_limit, errors=errors),
                storm_minutes=_storm_minutes(command.storm_minutes, errors=errors),
            )
            read.refuse(errors)
            read.refuse_taken(
                [("name", (RULE_NAME, made.name))],
                stream=stream_name("rule", command.rule_id),
                given=given,
            )
            return (made,)
        case UpdateRule():
            return _changes(read.existing(state, "rule"), command, given)
        case RemoveRule():
            read.existing(state, "rule")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _changes(state: Rule, command: UpdateRule, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.action, NotGiven):
        wanted["action"] = read.word(RuleAction, command.action, field="action", errors=errors)
    if not isinstance(command.matchers, NotGiven):
        wanted["matchers"] = _matchers(command.matchers, errors=errors)
    if not isinstance(command.connector, NotGiven):
        wanted["connector_id"] = _connector(command.connector, given=given, errors=errors)
    for field in WORDINGS:
        text: str | None | NotGiven = getattr(command, field)
        if not isinstance(text, NotGiven):
            wanted[field] = _wording(text, field, given=given, errors=errors)
    if not isinstance(command.on_resolve, NotGiven):
        wanted["on_resolve"] = read.word(
            OnResolve, command.on_resolve, field="on_resolve", errors=errors
        )
    if not isinstance(command.order, NotGiven):
        wanted["order"] = _order(command.order, errors=errors)
    for field in _MINUTES:
        minutes: int | None | NotGiven = getattr(command, field)
        if not isinstance(minutes, NotGiven):
            wanted[field] = _minutes(minutes, field, errors=errors)
    if not isinstance(command.storm_limit, NotGiven):
        wanted["storm_limit"] = _storm_limit(command.storm_limit, errors=errors)
    if not isinstance(command.storm_minutes, NotGiven):
        wanted["storm_minutes"] = _storm_minutes(command.storm_minutes, errors=errors)
    read.refuse(errors)
    if not isinstance(command.name, NotGiven):
        read.refuse_taken(
            [("name", (RULE_NAME, command.name))],
            stream=stream_name("rule", state.id),
            given=given,
        )
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _matchers(matchers: tuple[str, ...], *, errors: read.Errors) -> tuple[str, ...]:
    try:
        parse_match((), matchers)
    except MatcherError as problem:
        errors.append(FieldError(f"match.{problem.field}", "bad_match", problem.reason))
    return tuple(matchers)


def _connector(name: str | None, *, given: Given, errors: read.Errors) -> str | None:
    if name is None:
        return None
    found = given.directory.connector(name)
    if found is None:
        detail = f'no connector "{name[:64]}" is known'
        errors.append(FieldError("connector", "unknown_connector", detail))
        return None
    return found.id


def _wording(value: str | None, field: str, *, given: Given, errors: read.Errors) -> str | None:
    """A text with placeholders; a severity without any must be one that the org uses."""
    if value is None:
        return None
    if not value.strip():
        errors.append(FieldError(field, "required", "must not be blank; null empties it"))
        return value
    try:
        plain = parse_wording(value).is_plain
        if plain and field == "severity":
            return parse_severity(value, levels=given.policy.severity_levels).value
    except PlaceholderError as problem:
        errors.append(FieldError(field, "bad_placeholder", problem.reason))
    except UnknownWord as problem:
        errors.append(read.unknown_word(problem))
    return value


def _order(value: int, *, errors: read.Errors) -> int:
    return read.number(value, field="order", least=0, most=LAST, errors=errors)


def _minutes(value: int | None, field: str, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(value, field=field, least=0, most=MOST_MINUTES, errors=errors)


def _storm_limit(value: int, *, errors: read.Errors) -> int:
    return read.number(value, field="storm_limit", least=0, most=MOST_BEFORE_STORM, errors=errors)


def _storm_minutes(value: int, *, errors: read.Errors) -> int:
    return read.number(
        value, field="storm_minutes", least=1, most=MOST_STORM_MINUTES, errors=errors
    )
