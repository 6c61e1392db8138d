"""Endpoints of rules: what becomes of signals (API: rules)."""

from __future__ import annotations

from typing import Final

from tocsin.adapters.rest.calls import Call
from tocsin.adapters.rest.connectors.connector_bodies import (
    RuleBody,
    RulePatch,
    RuleShape,
    SignalMatchBody,
    SignalMatchShape,
)
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.records import Sort, listing, patching, posting, reading, removing
from tocsin.adapters.rest.ticket_commands import given
from tocsin.core.commands import Command
from tocsin.core.facts import NOT_GIVEN
from tocsin.core.record_commands import (
    CreateRule,
    RemoveRule,
    UpdateRule,
)
from tocsin.core.records import Rule
from tocsin.projections.shapes.assets import stamps
from tocsin.projections.shapes.record_names import RecordNames


def rule_shape(record: Rule, names: RecordNames) -> RuleShape:
    """A rule with the code of its connector."""
    connector = None if record.connector_id is None else names.connector(record.connector_id)
    return RuleShape(
        id=record.id,
        name=record.name,
        action=record.action.value,
        match=SignalMatchShape(matchers=list(record.matchers)),
        connector=None if connector is None else connector.code,
        title=record.title,
        severity=record.severity,
        service=record.service,
        device=record.device,
        link=record.link,
        contributor=record.contributor,
        correlation_key=record.correlation_key,
        on_resolve=record.on_resolve.value,
        order=record.order,
        within_minutes=record.within_minutes,
        reopen_within_minutes=record.reopen_within_minutes,
        quiet_minutes=record.quiet_minutes,
        storm_limit=record.storm_limit,
        storm_minutes=record.storm_minutes,
        **stamps(record),
    )


RULES: Final = Sort(
    sort="rule", path="rules", kind=Rule, shape=RuleShape, show=rule_shape, named="By id."
)


def _make(call: Call[None, RuleBody]) -> Asked:
    body = call.body
    return Asked(
        sort="rule",
        command=CreateRule(
            rule_id=call.fresh_id(),
            name=body.name,
            action=body.action,
            matchers=tuple(body.match.matchers),
            connector=body.connector,
            title=body.title,
            severity=body.severity,
            service=body.service,
            device=body.device,
            link=body.link,
            contributor=body.contributor,
            correlation_key=body.correlation_key,
            on_resolve=body.on_resolve,
            order=body.order,
            within_minutes=body.within_minutes,
            reopen_within_minutes=body.reopen_within_minutes,
            quiet_minutes=body.quiet_minutes,
            storm_limit=body.storm_limit,
            storm_minutes=body.storm_minutes,
        ),
    )


def _change(body: RulePatch) -> Command:
    match = body.match
    return UpdateRule(
        name=given(body.name),
        action=given(body.action),
        matchers=tuple(match.matchers) if isinstance(match, SignalMatchBody) else NOT_GIVEN,
        connector=given(body.connector),
        title=given(body.title),
        severity=given(body.severity),
        service=given(body.service),
        device=given(body.device),
        link=given(body.link),
        contributor=given(body.contributor),
        correlation_key=given(body.correlation_key),
        on_resolve=given(body.on_resolve),
        order=given(body.order),
        within_minutes=given(body.within_minutes),
        reopen_within_minutes=given(body.reopen_within_minutes),
        quiet_minutes=given(body.quiet_minutes),
        storm_limit=given(body.storm_limit),
        storm_minutes=given(body.storm_minutes),
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    listing(RULES),
    posting(
        RULES,
        _make,
        body=RuleBody,
        summary="Say what becomes of signals that fit.",
        description=(
            "A signal that nothing known fits goes by the first rule, by `order`, all of whose"
            " matchers fit: `create` opens an incident, `attach` joins one on the same service or"
            " asset opened at most `within_minutes` before, `ignore` leaves it unattached. Texts"
            " may have placeholders, such as `{labels.dzd_pubkey}`; what a signal does not have is"
            " left out. More than `storm_limit` new keys in `storm_minutes` become one incident."
        ),
        example={
            "name": "Dark lines",
            "match": {"matchers": ['labels.alertname="LinkDown"']},
            "action": "create",
            "link": "{labels.link}",
            "title": "{labels.link} is dark",
        },
    ),
    reading(RULES),
    patching(RULES, _change, body=RulePatch, example={"on_resolve": "monitoring"}),
    removing(
        RULES,
        RemoveRule(),
        summary="Treat such signals as the other rules say.",
        description="Incidents that it opened stay as they are.",
    ),
)
