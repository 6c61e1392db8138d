"""Connectors and rules as rows: who may speak to the gateway, and what becomes of it.

Fields are those of the contract (API: connectors, rules).
"""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.fields import Pair, SecretFile, Words, flag
from tocsin.app.command_line.inbox import dry_run
from tocsin.app.command_line.records import Sort, group

_NAME = flag("--name", "name", "For people.", required=True)
_KINDS = Words(
    "alertmanager", "grafana", "pagerduty", "opsgenie", "cloudevents", "generic", "maintnote",
    "sns", "gcp", "newrelic", "pingdom", "datadog", "zabbix", "sentry", "uptimekuma", "librenms",
)  # fmt: skip
_DEFAULTS = ("contributor", "service", "environment")
_CONNECTOR = (
    flag("--mode", "mode", "live, or observe: verdicts without consequences.",
         Words("live", "observe")),
    flag("--contributor", "contributor", "Whose its signals are, by code ('': anybody's)."),
    flag("--service", "service", "Of signals that name none, by code ('': none)."),
    flag("--environment", "environment", "Of signals that name none ('': none)."),
    flag("--map", "mapping", "A JMESPath expression for a field of the signal. Repeatable.",
         Pair(left="field", right="expression"), many=True, metavar="FIELD=EXPRESSION"),
    flag("--token-file", "token", "A file with the token (-: standard input).", SecretFile()),
    flag("--hmac-secret-file", "hmac_secret", "A file with what it signs with (-: standard input).",
         SecretFile()),
    flag("--expected-every-minutes", "expected_every_minutes",
         "Unheard of for so long, it is silent.", click.IntRange(min=1)),
)  # fmt: skip


def _connected(body: dict[str, Any]) -> dict[str, Any]:
    defaults = {name: body.pop(name) or None for name in _DEFAULTS if name in body}
    if defaults:
        body["defaults"] = defaults
    if "mapping" in body:
        body["mapping"] = {one["field"]: one["expression"] for one in body.pop("mapping")}
    if body.pop("new_token", False):
        if "token" in body:
            raise click.UsageError("--new-token makes a token; it goes without --token-file")
        body["token"] = None
    return body


connector = group(
    Sort(
        name="connector",
        path="connectors",
        about="Connectors: the monitoring systems that may speak to the gateway.",
        naming=("code",),
        creation=(
            flag("--kind", "kind", "What it speaks.", _KINDS, required=True),
            flag("--code", "code", "Lower case, a-z 0-9 : _ -", required=True),
            _NAME,
            *_CONNECTOR,
        ),
        change=(
            _NAME,
            *_CONNECTOR,
            flag("--new-token", "new_token", "Make a new token and show it once.", switch=True),
        ),
        nullable=("hmac_secret", "expected_every_minutes"),
        finish=_connected,
        columns=("code", "name", "kind", "mode", "health.state", "ingest_url"),
        example="am",
        create_example="--kind alertmanager --code am --name Alertmanager > token.txt",
        update_example="--new-token",
        secret="token",  # noqa: S106 — the name of a field, not a secret
        ending_summary="Hear it no more. Its log stays, its code is free again.",
    )
)

connector.add_command(dry_run)

_RULE = (
    flag("--action", "action", "create, attach or ignore.", Words("create", "attach", "ignore"),
         required=True),
    flag("--matcher", "matchers", "Such as severity=~\"sev[12]\". Repeatable (and).", many=True),
    flag("--connector", "connector", "Signals of this one only, by code."),
    flag("--title", "title", "Of the incident; may have placeholders: {labels.alertname}."),
    flag("--severity", "severity", "Likewise; the signal's own where nothing comes out."),
    flag("--service", "service", "Likewise."),
    flag("--device", "device", "Likewise, by pubkey or code: {labels.dzd_pubkey}."),
    flag("--link", "link", "Likewise."),
    flag("--contributor", "contributor", "Likewise: whose the incident is."),
    flag("--correlation-key", "correlation_key", "Likewise: what makes signals one incident."),
    flag("--on-resolve", "on_resolve", "When all have resolved: note, monitoring or resolve.",
         Words("note", "monitoring", "resolve")),
    flag("--order", "order", "The lowest is asked first.", click.IntRange(min=0, max=10_000)),
    flag("--within-minutes", "within_minutes", "Join what is alike and opened so recently.",
         click.IntRange(min=0)),
    flag("--reopen-within-minutes", "reopen_within_minutes", "Instead of the policy's.",
         click.IntRange(min=0)),
    flag("--quiet-minutes", "quiet_minutes", "Instead of the policy's.", click.IntRange(min=0)),
    flag("--storm-limit", "storm_limit", "More new keys than that become one incident; 0: never.",
         click.IntRange(min=0)),
    flag("--storm-minutes", "storm_minutes", "In so many minutes.", click.IntRange(min=1)),
)  # fmt: skip


def _ruled(body: dict[str, Any]) -> dict[str, Any]:
    if "matchers" in body:
        # An empty matcher among them is how one says that there are none.
        body["match"] = {"matchers": [one for one in body.pop("matchers") if one]}
    return body


rule = group(
    Sort(
        name="rule",
        path="rules",
        about="Rules: what becomes of signals.",
        naming=(),
        creation=(_NAME, *_RULE),
        change=(_NAME, *_RULE),
        nullable=(
            "connector",
            "title",
            "severity",
            "service",
            "device",
            "link",
            "contributor",
            "correlation_key",
            "within_minutes",
            "reopen_within_minutes",
            "quiet_minutes",
        ),
        finish=_ruled,
        columns=("id", "name", "order", "connector", "match.matchers", "action", "on_resolve"),
        example="0197a3c2-…",
        create_example='--name "Dark lines" --action create --matcher '
        "'labels.alertname=\"LinkDown\"' --link '{labels.link}'",
        update_example="--on-resolve monitoring",
    )
)
