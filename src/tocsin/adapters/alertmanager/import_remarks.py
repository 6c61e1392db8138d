"""What of Alertmanager's configuration does not come along, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.alertmanager.configuration import Configuration, Receiver
from tocsin.adapters.alertmanager.route_flattening import Unwritable, walk
from tocsin.core.connector_words import RuleAction

_MOST_NAMED: Final = 8
_LONGEST_VALUE: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is not carried over: ``where`` in the file, ``what`` is so, what to do
    (``advice``)."""

    where: str
    what: str
    advice: str


def remarks_on(
    configuration: Configuration,
    *,
    actions: Mapping[str, RuleAction],
    unwritable: Sequence[Unwritable],
    ungrouped: Sequence[str],
    ruled: Collection[str],
    own_receiver: str,
) -> tuple[Remark, ...]:
    """Everything in *configuration* that the rules do not say, the gravest first.

    *actions* are what receivers became, *ungrouped* the places whose ``group_by`` cannot be
    written, *ruled* the receivers that have a rule.
    """
    return (
        *(_unwritable(one) for one in unwritable),
        *_on_routes(configuration, actions=actions, ungrouped=ungrouped, own=own_receiver),
        *_on_receivers(configuration, actions=actions, ruled=ruled, own=own_receiver),
        *_on_sections(configuration),
    )


def _unwritable(one: Unwritable) -> Remark:
    value = one.matcher.value
    shown = value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"
    return Remark(
        where=one.route.where,
        what=f'no rule can have {one.matcher.label}{one.matcher.op.value}"{shown}" '
        f"({one.reason}): this route and those below it have no rule, and their alerts go by the "
        "next rule that fits",
        advice="write the matcher more simply and import again, or put several rules in its place "
        "(tocsin rule create)",
    )


def _on_routes(
    configuration: Configuration,
    *,
    actions: Mapping[str, RuleAction],
    ungrouped: Sequence[str],
    own: str,
) -> Iterator[Remark]:
    routes = [route for route in walk(configuration.root) if route.receiver != own]
    if places := [route.where for route in routes if route.continues]:
        yield Remark(
            where=_listed(places),
            what="continue: one rule decides about an alert, the first of its routes that pages, "
            "else the last; who else is told is not a rule's matter",
            advice="make routes for those who shall hear of the same incidents "
            "(tocsin route create)",
        )
    if places := [
        route.where
        for route in routes
        if not route.group_by and actions[route.receiver] is RuleAction.CREATE
    ]:
        yield Remark(
            where=_listed(places),
            what="no group_by: all alerts of the route are one incident, as they were one "
            "notification",
            advice="group by something, such as [alertname, cluster], and import again",
        )
    if ungrouped:
        yield Remark(
            where=_listed(ungrouped),
            what="group_by is more than a correlation key can be written with: each alert is an "
            "incident of its own",
            advice="group by fewer labels and import again (tocsin rule update --correlation-key)",
        )
    if places := [route.where for route in routes if route.has_intervals]:
        yield Remark(
            where=_listed(places),
            what="time intervals: a rule fits at any hour, also at those when nobody was told",
            advice=f"give the route to {own} the intervals if they are the same for all; else "
            "leave it to those who tell people",
        )
    if places := [route.where for route in routes if route.has_timings]:
        yield Remark(
            where=_listed(places),
            what="group_wait, group_interval, repeat_interval: Alertmanager's own; an incident is "
            "opened when it tells of the alert, and repeats change nothing",
            advice=f"give the route to {own} a short group_wait",
        )
    for route in routes:
        if route.others:
            yield Remark(
                where=route.where,
                what=f"not known: {_listed(route.others)}",
                advice="see whether alerts are chosen by it",
            )


def _on_receivers(
    configuration: Configuration,
    *,
    actions: Mapping[str, RuleAction],
    ruled: Collection[str],
    own: str,
) -> Iterator[Remark]:
    receivers = [one for one in configuration.receivers.values() if one.name != own]
    if pagers := _named(receivers, actions, RuleAction.CREATE):
        yield Remark(
            where="receivers",
            what=f"{_listed(pagers)}: their alerts open incidents; the addresses and keys they "
            "page by are not read",
            advice="make routes for those who shall be told of incidents (tocsin route create); "
            "until then leave the pagers in Alertmanager",
        )
    if others := _named(receivers, actions, RuleAction.ATTACH):
        yield Remark(
            where="receivers",
            what=f"{_listed(others)}: wake nobody, so their alerts open nothing; they join an "
            "incident on the same service or asset, or wait in the inbox",
            advice="name those that page all the same, such as a webhook of an on-call system: "
            "--pages NAME",
        )
    if fixed := [one for one in receivers if one.sets_severity]:
        kinds = dict.fromkeys(kind for one in fixed for kind in one.sets_severity)
        yield Remark(
            where="receivers",
            what=f"{_listed([one.name for one in fixed])}: set a severity or priority "
            f"({_listed(tuple(kinds))}); here the label severity says it, and sev3 where it does "
            "not",
            advice="where the label is missing: tocsin rule update ID --severity sev2",
        )
    if unruled := [one.name for one in receivers if one.name not in ruled]:
        yield Remark(
            where="receivers",
            what=f"{_listed(unruled)}: decide about no alert: no route leads there, or another "
            "always comes first",
            advice="nothing, or see whether the order of the routes is meant so",
        )


def _on_sections(configuration: Configuration) -> Iterator[Remark]:
    if configuration.inhibit_rules:
        yield Remark(
            where="inhibit_rules",
            what=f"{configuration.inhibit_rules} of them stay Alertmanager's: what it holds back "
            "does not come here",
            advice="leave Alertmanager between Prometheus and Tocsin; nothing here inhibits",
        )
    if configuration.templates:
        yield Remark(
            where="templates",
            what="texts of messages; an incident is called what the alert's annotation summary "
            "says",
            advice="tocsin rule update ID --title '{labels.alertname} on {labels.instance}'",
        )
    if configuration.others:
        yield Remark(
            where="the file",
            what=f"not known: {_listed(configuration.others)}",
            advice="see whether alerts are chosen by it",
        )


def _named(
    receivers: Sequence[Receiver], actions: Mapping[str, RuleAction], action: RuleAction
) -> list[str]:
    return [one.name for one in receivers if actions[one.name] is action]


def _listed(names: Sequence[str]) -> str:
    named = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return named if more <= 0 else f"{named} and {more} more"
