"""Endpoints of the life of devices and links: wishes, acceptance, waivers (Provisioning: link,
device)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tocsin.adapters.rest.calls import AnyCall, Call
from tocsin.adapters.rest.endpoints import Asked, Endpoint
from tocsin.adapters.rest.provisioning.bodies import (
    DrainBody,
    EndedWaiverBody,
    UndrainBody,
    WaiverBody,
)
from tocsin.adapters.rest.provisioning.registry import DEVICES, LINKS
from tocsin.adapters.rest.records import Sort
from tocsin.adapters.rest.ticket_commands import in_utc
from tocsin.core.commands import Command
from tocsin.core.errors import invalid
from tocsin.core.provisioning.commands import AcceptLink, Demand, Waive, Wish
from tocsin.core.provisioning.words import DesiredStatus
from tocsin.core.words import UnknownWord, parse_word


def _drain(call: Call[None, DrainBody]) -> Command:
    try:
        wanted = parse_word(DesiredStatus, call.body.to, field="to")
    except UnknownWord:
        wanted = DesiredStatus.ACTIVATED
    if wanted not in (DesiredStatus.SOFT_DRAINED, DesiredStatus.HARD_DRAINED):
        raise invalid("to", "unknown_word", "soft_drained or hard_drained is expected")
    return Wish(desired=wanted.value, reason=call.body.reason)


def _undrain(call: Call[None, UndrainBody]) -> Command:
    return Wish(desired=DesiredStatus.ACTIVATED.value, reason=call.body.reason)


def _accept(call: AnyCall) -> Command:
    return AcceptLink()


def _waive(call: Call[None, WaiverBody]) -> Command:
    body = call.body
    return Waive(
        criterion=body.criterion,
        reason=body.reason,
        until=in_utc(body.until, field="until"),
        interface=body.interface,
    )


def _demand(call: Call[None, EndedWaiverBody]) -> Command:
    return Demand(criterion=call.body.criterion, interface=call.body.interface)


def _asking(sort: Sort[Any], command: Callable[[AnyCall], Command]) -> Callable[[AnyCall], Asked]:
    def ask(call: AnyCall) -> Asked:
        return Asked(sort=sort.sort, subject=call.path["name"], command=command(call))

    return ask


def _of(sort: Sort[Any]) -> Iterator[Endpoint]:
    for verb, body, command, summary, description, example in (
        (
            "drain",
            DrainBody,
            _drain,
            f"Want a {sort.words} drained.",
            (
                "By its owner; a link by either side. This sets the wish; the status follows within"
                " moments, whatever the health, as soon as an activator runs."
            ),
            {"to": "soft_drained", "reason": "optic swap"},
        ),
        (
            "undrain",
            UndrainBody,
            _undrain,
            f"Want a {sort.words} in service.",
            "It is activated once it is healthy and no ticket is in the way; readiness says when.",
            {},
        ),
        (
            "waivers",
            WaiverBody,
            _waive,
            f"Waive a criterion of a {sort.words}.",
            "By an org_admin, with a reason and an end; readiness shows it as waived.",
            {
                "criterion": "side_a" if sort is LINKS else "qa",
                "reason": "standby, carries no traffic",
                "until": "2026-12-31T00:00:00Z",
            },
        ),
        (
            "waivers/end",
            EndedWaiverBody,
            _demand,
            f"End a waiver of a {sort.words} before its time.",
            "By an org_admin. The criterion has to be met again.",
            {"criterion": "side_a" if sort is LINKS else "qa"},
        ),
    ):
        yield Endpoint(
            method="POST",
            path=f"{sort.one}/{verb}",
            tag=sort.path,
            summary=summary,
            description=description,
            body=body,
            body_optional=verb in ("drain", "undrain"),
            answer=sort.shape,
            ask=_asking(sort, command),
            show=sort.shown,
            others={412: "If-Match is stale."},
            example=example,
        )


ENDPOINTS: tuple[Endpoint, ...] = (
    *_of(DEVICES),
    Endpoint(
        method="POST",
        path=f"{LINKS.one}/accept",
        tag=LINKS.path,
        summary="Agree to a link, as its Z side.",
        description="By a member of the Z side's contributor, or an org_admin.",
        answer=LINKS.shape,
        ask=_asking(LINKS, _accept),
        show=LINKS.shown,
        others={412: "If-Match is stale."},
    ),
    *_of(LINKS),
)
