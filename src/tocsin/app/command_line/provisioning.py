"""What devices and links have besides the five commands of every record: drain, undrain, accept,
readiness, interfaces (Provisioning: link, device, interface)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    IDEMPOTENCY,
    Words,
    body_of,
    described,
    flag,
    idempotency,
    options,
    unset_option,
)
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.records import Sort, named_by, naming_options

_DRAINS: Final = {
    "soft": "soft_drained",
    "hard": "hard_drained",
    "soft_drained": "soft_drained",
    "hard_drained": "hard_drained",
}
_REASON = click.Option(["--reason"], metavar="TEXT", help="Why; it stays in the log.")


def add_life(group: click.Group, sort: Sort) -> None:
    """Add what changes and explains the life of things of *sort* to their *group*."""
    for command in (_drain(sort), _undrain(sort), _readiness(sort)):
        group.add_command(command)


def _post(sort: Sort, thing: str, verb: str, body: Any, key: str | None, form: str | None) -> None:
    from tocsin.app.command_line.client import call
    from tocsin.app.command_line.provisioning_tables import life_line

    at = desk(click.get_current_context())
    where = at.path(sort.path, thing, verb)
    done = call(at.gateway, "POST", where, body=body, headers=idempotency(key)).body
    emit(done, form=form, human=life_line)


def _drain(sort: Sort) -> click.Command:
    def run(
        to: str,
        reason: str | None,
        form: str | None,
        idempotency_key: str | None,
        **values: Any,
    ) -> None:
        thing = named_by(sort, values)
        body = {"to": _DRAINS[to]} | ({} if reason is None else {"reason": reason})
        _post(sort, thing, "drain", body, idempotency_key, form)

    return click.Command(
        "drain",
        params=[
            *naming_options(sort),
            click.Option(
                ["--to"],
                type=click.Choice(list(_DRAINS)),
                default="hard",
                show_default=True,
                metavar="soft|hard",
                help="soft: no new traffic; hard: none at all.",
            ),
            _REASON,
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=run,
        help=described(
            f"Want a {sort.name} drained. Its status follows within moments, whatever its health.",
            examples=(f'{sort.name} drain {sort.example} --to soft --reason "optic swap"',),
        ),
    )


def _undrain(sort: Sort) -> click.Command:
    def run(
        reason: str | None, form: str | None, idempotency_key: str | None, **values: Any
    ) -> None:
        thing = named_by(sort, values)
        body = {} if reason is None else {"reason": reason}
        _post(sort, thing, "undrain", body, idempotency_key, form)

    return click.Command(
        "undrain",
        params=[*naming_options(sort), _REASON, IDEMPOTENCY, *json_options()],
        callback=run,
        help=described(
            f"Want a {sort.name} in service.",
            more="It is activated once it is healthy and no ticket is in the way: see readiness.",
            examples=(f"{sort.name} undrain {sort.example}",),
        ),
    )


def accepting(sort: Sort) -> click.Command:
    """The command of a link's Z side."""

    def run(form: str | None, idempotency_key: str | None, **values: Any) -> None:
        _post(sort, named_by(sort, values), "accept", None, idempotency_key, form)

    return click.Command(
        "accept",
        params=[*naming_options(sort), IDEMPOTENCY, *json_options()],
        callback=run,
        help=described(
            f"Agree to a {sort.name}, as its Z side.",
            examples=(f"{sort.name} accept {sort.example}",),
        ),
    )


def _readiness(sort: Sort) -> click.Command:
    has_interfaces = sort.name == "device"

    def run(form: str | None, interface: str | None = None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.provisioning_tables import readiness_table

        thing = named_by(sort, values)
        at = desk(click.get_current_context())
        found = call(
            at.gateway,
            "GET",
            at.path(sort.path, thing, "readiness"),
            query=() if interface is None else (("interface", interface),),
        ).body
        emit(found, form=form, human=readiness_table)

    own = [click.Option(["--interface"], metavar="NAME", help="Of this interface of it.")]
    return click.Command(
        "readiness",
        params=[*naming_options(sort), *(own if has_interfaces else ()), *json_options()],
        callback=run,
        help=described(
            f"Say why a {sort.name} is not in service: every criterion, and what happens next.",
            examples=(
                f"{sort.name} readiness --code {sort.example}",
                f"{sort.name} readiness {sort.example} --json",
            ),
        ),
    )


# -- interfaces ----------------------------------------------------------------------------------

_NAME = flag("--name", "name", "As the device writes it.", required=True)
_KIND = flag("--kind", "kind", "physical or loopback.", Words("physical", "loopback"))
_FIELDS = (
    _KIND,
    flag("--loopback-type", "loopback_type", "none, vpnv4 or ipv4.",
         Words("none", "vpnv4", "ipv4")),
    flag("--role", "role", "dia (to the internet), cyoa (to users) or none.",
         Words("none", "dia", "cyoa")),
    flag("--bandwidth", "bandwidth", "Bits a second.", click.IntRange(min=1)),
    flag("--mtu", "mtu", "Bytes.", click.IntRange(min=64)),
    flag("--ip-net", "ip_net", "As 10.0.0.1/31."),
    flag("--vlan-id", "vlan_id", "The VLAN.", click.IntRange(min=0)),
)  # fmt: skip
_WISH = flag(
    "--desired-status",
    "desired_status",
    "Of one to users: activated, soft_drained, hard_drained or deleted. Asked alone.",
    Words("activated", "soft_drained", "hard_drained", "deleted"),
)
_NULLABLE = ("bandwidth", "ip_net", "loopback_type", "mtu", "role", "vlan_id")


def interfaces_of(sort: Sort) -> click.Group:
    """``tocsin device interface``: the interfaces of one device, which is named like a device."""
    group = click.Group("interface", help=f"The interfaces of a {sort.name}.")
    for command in (_listing(sort), _adding(sort), _updating(sort), _deleting(sort)):
        group.add_command(command)
    return group


def _shown(found: Any, form: str | None) -> None:
    """The device as it is answered; for people, its interfaces."""
    from tocsin.app.command_line.provisioning_tables import interface_table
    from tocsin.app.command_line.tables import text

    def human(device: dict[str, Any], now: datetime) -> Any:
        if not device["interfaces"]:
            return text(f"{device['code']} has no interfaces")
        return interface_table({"items": device["interfaces"]}, now)

    emit(found, form=form, human=human)


def _listing(sort: Sort) -> click.Command:
    def run(form: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.provisioning_tables import interface_table

        thing = named_by(sort, values)
        at = desk(click.get_current_context())
        page = call(at.gateway, "GET", at.path(sort.path, thing, "interfaces")).body
        emit(page, form=form, human=interface_table)

    return click.Command(
        "list",
        params=[*naming_options(sort), *json_options()],
        callback=run,
        help=described(
            f"List the interfaces of a {sort.name}.",
            examples=(f"{sort.name} interface list {sort.example}",),
        ),
    )


def _adding(sort: Sort) -> click.Command:
    def run(form: str | None, idempotency_key: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call

        thing = named_by(sort, values)
        at = desk(click.get_current_context())
        body = body_of((_NAME, *_FIELDS), values)
        where = at.path(sort.path, thing, "interfaces")
        headers = idempotency(idempotency_key)
        _shown(call(at.gateway, "POST", where, body=body, headers=headers).body, form)

    return click.Command(
        "add",
        params=[
            *naming_options(sort),
            *options((_NAME, *_FIELDS)),
            IDEMPOTENCY,
            *json_options(),
        ],
        callback=run,
        help=described(
            f"Define an interface of a {sort.name}.",
            examples=(f"{sort.name} interface add {sort.example} --name Ethernet1/2 --role dia",),
        ),
    )


def _updating(sort: Sort) -> click.Command:
    def run(form: str | None, name: str, unset: tuple[str, ...], **values: Any) -> None:
        from tocsin.app.command_line.client import call

        thing = named_by(sort, values)
        body = body_of((*_FIELDS, _WISH), values) | dict.fromkeys(unset)
        if not body:
            raise click.UsageError("nothing to change; name at least one field")
        at = desk(click.get_current_context())
        where = at.path(sort.path, thing, "interfaces", name)
        _shown(call(at.gateway, "PATCH", where, body=body).body, form)

    return click.Command(
        "update",
        params=[
            *naming_options(sort),
            *options((_NAME,)),
            *options((*_FIELDS, _WISH), required=False),
            unset_option(_NULLABLE),
            *json_options(),
        ],
        callback=run,
        help=described(
            f"Change an interface of a {sort.name}, or want another status of one to users.",
            examples=(
                f"{sort.name} interface update {sort.example} --name Ethernet1/2 --mtu 9000",
                f"{sort.name} interface update {sort.example} --name E3 --desired-status deleted",
            ),
        ),
    )


def _deleting(sort: Sort) -> click.Command:
    def run(form: str | None, name: str, **values: Any) -> None:
        from tocsin.app.command_line.client import call

        thing = named_by(sort, values)
        at = desk(click.get_current_context())
        where = at.path(sort.path, thing, "interfaces", name)
        _shown(call(at.gateway, "DELETE", where).body, form)

    return click.Command(
        "delete",
        params=[*naming_options(sort), *options((_NAME,)), *json_options()],
        callback=run,
        help=described(
            f"Take an interface of a {sort.name} away that no link uses.",
            examples=(f"{sort.name} interface delete {sort.example} --name Ethernet1/2",),
        ),
    )
