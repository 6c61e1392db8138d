"""``tocsin device|link waive`` and ``demand``: a criterion need not be met until an instant
(Provisioning: rules of evidence)."""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    IDEMPOTENCY,
    Instant,
    Words,
    body_of,
    described,
    flag,
    idempotency,
    options,
)
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.records import Sort, named_by, naming_options
from tocsin.core.provisioning.device_criteria import DEVICE_CRITERIA, INTERFACE_CRITERIA
from tocsin.core.provisioning.link_criteria import LINK_CRITERIA

_REASON = flag("--reason", "reason", "Why; readiness shows it.", required=True)
_UNTIL = flag("--until", "until", "When it has to be met again; +30d.", Instant(), required=True)
_INTERFACE = flag("--interface", "interface", "Of this interface of it.")


def _criterion(sort: Sort) -> Any:
    names = (*DEVICE_CRITERIA, *INTERFACE_CRITERIA) if _has_interfaces(sort) else LINK_CRITERIA
    words = dict.fromkeys(one for one in names if one not in ("record", "desired"))
    help_text = f"As readiness names it: {_example(sort)}."
    return flag("--criterion", "criterion", help_text, Words(*words), required=True)


def _example(sort: Sort) -> str:
    return "qa" if _has_interfaces(sort) else "side_a"


def _has_interfaces(sort: Sort) -> bool:
    return sort.name == "device"


def add_waivers(group: click.Group, sort: Sort) -> None:
    """Add what waives criteria of things of *sort*, and demands them again, to their *group*."""
    for command in (_waiving(sort), _demanding(sort)):
        group.add_command(command)


def _waiving(sort: Sort) -> click.Command:
    """The command that waives a criterion."""
    fields = [_criterion(sort), _REASON, _UNTIL, *([_INTERFACE] if _has_interfaces(sort) else [])]
    return _asking(
        "waive",
        sort,
        fields,
        path=("waivers",),
        help_text=f"Let a criterion of a {sort.name} be unmet until an instant, for a reason.",
        more="By an org_admin. Readiness shows it as waived, with who said so.",
        examples=(
            (
                f"{sort.name} waive {sort.example} --criterion {_example(sort)} --until +30d"
                ' --reason "standby, carries no traffic"'
            ),
        ),
    )


def _demanding(sort: Sort) -> click.Command:
    """The command that ends a waiver."""
    fields = [_criterion(sort), *([_INTERFACE] if _has_interfaces(sort) else [])]
    return _asking(
        "demand",
        sort,
        fields,
        path=("waivers", "end"),
        help_text=f"Demand a criterion of a {sort.name} again that was waived.",
        more="By an org_admin.",
        examples=(f"{sort.name} demand {sort.example} --criterion {_example(sort)}",),
    )


def _asking(
    name: str,
    sort: Sort,
    fields: list[Any],
    *,
    path: tuple[str, ...],
    help_text: str,
    more: str,
    examples: tuple[str, ...],
) -> click.Command:
    def run(form: str | None, idempotency_key: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.provisioning_tables import waivers_table

        thing = named_by(sort, values)
        body = body_of(fields, values)
        at = desk(click.get_current_context())
        done = call(
            at.gateway,
            "POST",
            at.path(sort.path, thing, *path),
            body=body,
            headers=idempotency(idempotency_key),
        ).body
        emit(
            done,
            form=form,
            human=lambda asset, now: waivers_table(asset, now, interface=body.get("interface")),
        )

    return click.Command(
        name,
        params=[*naming_options(sort), *options(fields), IDEMPOTENCY, *json_options()],
        callback=run,
        help=described(help_text, more=more, examples=examples),
    )
