"""``tocsin doctor``: is the gateway there, is the key good, do the clocks agree, what to do."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import click

from tocsin.app.command_line.connection import (
    Target,
    checked_url,
    key_from,
    org_codes,
    target_of,
)
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, json_options
from tocsin.app.command_line.problems import GatewayError, Refused, Unreachable, told

if TYPE_CHECKING:
    from tocsin.app.command_line.client import Gateway

MOST_SKEW_SECONDS = 30.0
_NOT_READY = "is its database up, and its disk not full? the server's log has the reason"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and what to do where it is not."""

    check: str
    well: bool
    seen: str
    advice: str = ""


def findings(target: Target, gateway: Gateway) -> Iterator[Finding]:
    """Everything there is to look at, in the order in which one failure explains the next."""
    from tocsin.app.command_line.client import call

    yield _transport(gateway)
    try:
        alive = call(gateway, "GET", "/healthz")
    except Unreachable as error:
        yield _failed("reachable", error)
        return
    except GatewayError as error:
        yield _failed("alive", error)
        return
    yield Finding("reachable", True, gateway.url)
    yield Finding("alive", True, "/healthz")
    yield _clock(alive.date)
    try:
        call(gateway, "GET", "/readyz")
        yield Finding("ready", True, "/readyz: store reachable, migrations current")
    except GatewayError as error:
        yield _failed("ready", error, advice=_NOT_READY)
    if gateway.key is None:
        yield Finding(
            "key", False, "TOCSIN_API_KEY is not set",
            "set it (or TOCSIN_API_KEY_FILE); `tocsin admin key create` makes one",
        )  # fmt: skip
        return
    try:
        me = call(gateway, "GET", "/v1/me").body
    except GatewayError as error:
        yield _failed("key", error)
        return
    yield Finding("key", True, "accepted")
    role = me.get("role") if isinstance(me, dict) else None
    yield Finding("role", role is not None, str(role or "none"), "" if role else "ask an org_admin")
    codes = org_codes(me)
    yield _org(target.org, codes)
    org = target.org if target.org in codes else codes[0] if len(codes) == 1 else None
    if org is not None:
        for check, look in (("connectors", _connectors), ("routes", _routes)):
            try:
                yield from look(_records(gateway, org, check))
            except GatewayError as error:
                yield _failed(check, error)


def _records(gateway: Gateway, org: str, sort: str) -> list[dict[str, Any]]:
    """The org's records of that sort; none where the key may not see them, and that is well."""
    from tocsin.app.command_line.client import call

    try:
        page = call(gateway, "GET", f"/v1/orgs/{quote(org, safe='')}/{sort}?limit=200").body
    except Refused:
        return []
    return list(page.get("items", ())) if isinstance(page, dict) else []


def _routes(routes: list[dict[str, Any]]) -> Iterator[Finding]:
    """Which routes do not get through, or have deliveries that wait for a person."""
    told_of = [one for one in routes if one.get("enabled") and one.get("delivery")]
    well = True
    for one in told_of:
        name, delivery = one["name"], one["delivery"]
        if delivery["state"] == "down":
            well = False
            seen = f"{name} is down since {delivery['down_since']}: {delivery['down_reason']}"
            advice = f"remove the reason, then: tocsin route test {one['id']}"
            yield Finding("routes", False, seen, advice)
        if delivery["parked"]:
            well = False
            seen = f"{name} has {delivery['parked']:,} parked"
            again = f"tocsin delivery redrive --route {shlex.quote(name)}"
            advice = f"`tocsin delivery list` says why; remove the reason, then: {again}"
            yield Finding("routes", False, seen, advice)
    if told_of and well:
        yield Finding("routes", True, f"{len(told_of)}, none down, nothing parked")


def _connectors(connectors: list[dict[str, Any]]) -> Iterator[Finding]:
    """Which connectors are silent or failing."""
    # A gateway of an older release says nothing of their health.
    told_of = [one for one in connectors if one.get("health")]
    ill = [one for one in told_of if one["health"]["state"] in ("silent", "failing")]
    for one in ill:
        health = one["health"]
        if health["state"] == "silent":
            seen = f"{one['code']} is silent since {health['silent_since']}"
            advice = "see whether what it watches is up, and whether it still sends here"
        else:
            seen = f"{one['code']} fails: {health['failures_24h']:,} payloads in 24 hours"
            advice = "the inbox says why of each payload"
        yield Finding("connectors", False, seen, advice)
    if told_of and not ill:
        yield Finding("connectors", True, f"{len(told_of)}, none silent or failing")


def _transport(gateway: Gateway) -> Finding:
    parts = urlsplit(gateway.url)
    if parts.scheme == "https" or parts.hostname in _LOOPBACK:
        return Finding("transport", True, parts.scheme)
    return Finding("transport", False, "the key travels unencrypted", "use an https:// address")


def _clock(server: datetime | None) -> Finding:
    if server is None:
        return Finding("clock", True, "the server does not say the time")
    skew = (datetime.now(UTC) - server).total_seconds()
    if abs(skew) <= MOST_SKEW_SECONDS:
        return Finding("clock", True, f"within {MOST_SKEW_SECONDS:.0f} s of the server's")
    way = "ahead of" if skew > 0 else "behind"
    return Finding(
        "clock",
        False,
        f"{abs(skew):.0f} s {way} the server's",
        "set both by NTP; times are refused",
    )


def _org(wanted: str | None, codes: tuple[str, ...]) -> Finding:
    listed = ", ".join(codes) or "none"
    if wanted is not None:
        well = wanted in codes
        return Finding("org", well, wanted, "" if well else f"the key belongs to: {listed}")
    well = len(codes) == 1
    return Finding("org", well, listed, "" if well else "set TOCSIN_ORG (or --org) to one of them")


def _failed(check: str, error: GatewayError, *, advice: str = "") -> Finding:
    first, *more = told(error)
    if advice and not (isinstance(error, Refused) and error.errors):
        more = [advice]
    return Finding(check, False, first, " ".join(line.strip() for line in more))


def _doctor(form: str | None) -> None:
    from tocsin.app.command_line.client import Gateway
    from tocsin.app.command_line.tables import checks

    context = click.get_current_context()
    target = target_of(context)
    gateway = Gateway(url=checked_url(target.url), key=key_from(os.environ), attempts=1)
    found = [asdict(finding) for finding in findings(target, gateway)]
    emit(found, form=form, human=checks)
    if not all(finding["well"] for finding in found):
        context.exit(1)


doctor = click.Command(
    "doctor",
    params=json_options(),
    callback=_doctor,
    help=described(
        "Check that the gateway can be reached and is ready, that the key, role and org are good, "
        "that the clocks agree, that no connector is silent or failing, and that no route is down "
        "or has parked deliveries. Exit code 1 when something is not well.",
        examples=("doctor", "doctor --json"),
    ),
)
