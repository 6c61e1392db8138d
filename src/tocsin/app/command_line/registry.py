"""The sorts of record as rows: devices, links, locations, services, contributors, members, keys,
routes, entry points.

Fields are those of the contract (API: shapes worth fixing; Domain: words).
"""

from __future__ import annotations

from typing import Any

import click

from tocsin.app.command_line.delivery import trying_out
from tocsin.app.command_line.fields import ROLE, Contact, Pair, SecretFile, Words, flag
from tocsin.app.command_line.link_code import link_code
from tocsin.app.command_line.provisioning import accepting, add_life, interfaces_of
from tocsin.app.command_line.records import Sort, group
from tocsin.app.command_line.sign_in_link import sign_in_link
from tocsin.app.command_line.waiving import add_waivers

_CODE = flag("--code", "code", "Lower case, a-z 0-9 : _ -", required=True)
_NAME = flag("--name", "name", "For people.", required=True)
_CONTRIBUTOR = flag("--contributor", "contributor", "A contributor's code.")
_OWNER = flag("--contributor", "contributor", "Whose it is, by code (default: the key's).")
_PUBKEY = flag("--pubkey", "pubkey", "base58 of 32 bytes.", required=True)

_DEVICE = (
    flag("--device-type", "device_type", "hybrid, transit or edge.",
         Words("hybrid", "transit", "edge")),
    flag("--location", "location", "Where it stands, by code of a location."),
    flag("--exchange", "exchange", "The metro it belongs to, by code."),
    flag("--public-ip", "public_ip", "Its public address."),
    flag("--dz-prefix", "dz_prefixes", "A network of /29 or shorter. Repeatable.", many=True),
    flag("--max-users", "max_users", "How many users it takes; 0 until it is activated.",
         click.IntRange(min=0)),
    flag("--metrics-publisher", "metrics_publisher", "Who publishes its metrics: a pubkey."),
    flag("--mgmt-vrf", "mgmt_vrf", "The VRF of its management."),
)  # fmt: skip
_DESIRED = flag(
    "--desired-status",
    "desired_status",
    "activated, soft_drained, hard_drained or deleted.",
    Words("activated", "soft_drained", "hard_drained", "deleted"),
)
_LIFE = ("status", "health", "desired_status")

_DEVICES = Sort(
    name="device",
    path="devices",
    about="Network devices, each with a pubkey and a code.",
    naming=("pubkey", "code"),
    creation=(_CODE, _OWNER, _PUBKEY, *_DEVICE, _DESIRED),
    change=(*_DEVICE, _DESIRED),
    nullable=(
        "device_type",
        "exchange",
        "location",
        "max_users",
        "metrics_publisher",
        "mgmt_vrf",
        "public_ip",
    ),
    columns=("code", "pubkey", "contributor", "device_type", "location", *_LIFE),
    example="ams-1",
    create_example="--code ams-1 --contributor alpha --pubkey 8ZQ…",
    update_example="--location AMS3",
)
device = group(_DEVICES)
add_life(device, _DEVICES)
add_waivers(device, _DEVICES)
device.add_command(interfaces_of(_DEVICES))

_SIDE = Pair(left="device", right="interface", separator="/")
_LINK = (
    flag("--link-type", "link_type", "WAN or DZX.", Words("WAN", "DZX"), required=True),
    flag("--side-a", "side_a", "DEVICE/INTERFACE; its owner owns the link.", _SIDE,
         required=True, metavar="DEVICE/INTERFACE"),
    flag("--side-z", "side_z", "DEVICE/INTERFACE.", _SIDE,
         required=True, metavar="DEVICE/INTERFACE"),
    flag("--bandwidth", "bandwidth", "Bits a second.", click.IntRange(min=0)),
    flag("--mtu", "mtu", "Bytes.", click.IntRange(min=0)),
    flag("--delay", "delay", "Nanoseconds.", click.IntRange(min=0)),
    flag("--jitter", "jitter", "Nanoseconds.", click.IntRange(min=0)),
    flag("--delay-override", "delay_override", "Nanoseconds.", click.IntRange(min=0)),
)  # fmt: skip

_LINKS = Sort(
    name="link",
    path="links",
    about="Links between two devices, each with a pubkey and a code.",
    naming=("pubkey", "code"),
    creation=(_CODE, _OWNER, _PUBKEY, *_LINK, _DESIRED),
    change=(*_LINK, _DESIRED),
    nullable=("bandwidth", "delay", "delay_override", "jitter", "mtu"),
    columns=("code", "pubkey", "contributor", "link_type", "side_a", "side_z", *_LIFE),
    example="ams-1:fra-1",
    create_example="--code ams-1:fra-1 --contributor alpha --pubkey 5Tn… --link-type WAN "
    "--side-a ams-1/Ethernet1 --side-z fra-1/Ethernet1",
    update_example="--mtu 9000",
)
link = group(_LINKS)
add_life(link, _LINKS)
add_waivers(link, _LINKS)
link.add_command(accepting(_LINKS))

_PLACE = (
    flag("--kind", "kind", "location, or exchange: a metro.", Words("location", "exchange")),
    flag("--country", "country", "Two letters: NL."),
    flag("--lat", "lat", "Degrees north.", click.FloatRange(-90, 90)),
    flag("--lng", "lng", "Degrees east.", click.FloatRange(-180, 180)),
)

location = group(
    Sort(
        name="location",
        path="locations",
        about="The places that devices stand in, and the metros that they belong to.",
        naming=("code",),
        creation=(_CODE, _NAME, *_PLACE),
        change=(_NAME, *_PLACE),
        nullable=("country", "lat", "lng"),
        columns=("code", "name", "kind", "country", "lat", "lng"),
        example="ams",
        create_example="--code ams --name Amsterdam --kind exchange --country NL --lat 52.37 "
        "--lng 4.9",
        update_example='--name "Amsterdam Zuidoost"',
    )
)

_DESCRIPTION = flag("--description", "description", "What it is.")

service = group(
    Sort(
        name="service",
        path="services",
        about="Named things users depend on.",
        naming=("code",),
        creation=(_CODE, _NAME, _DESCRIPTION),
        change=(_NAME, _DESCRIPTION),
        nullable=("description",),
        columns=("code", "name", "discovered"),
        example="api",
        create_example='--code api --name "Public API"',
        update_example='--name "API"',
    )
)

_CONTRIBUTOR_FIELDS = (
    flag("--slack-handle", "slack_handle", "Whom to mention in Slack."),
    flag("--slack-user-group", "slack_user_group", "Or which user group."),
    flag("--contact", "contacts", "NAME;METHOD;ADDRESS[;HOURS], first to last. Repeatable. "
         "Methods: phone, email, slack, other.",
         Contact(), many=True, metavar="NAME;METHOD;ADDRESS[;HOURS]"),
)  # fmt: skip


def _in_order(body: dict[str, Any]) -> dict[str, Any]:
    if "contacts" not in body:
        return body
    contacts = [{**contact, "order": n} for n, contact in enumerate(body["contacts"])]
    return {**body, "contacts": contacts}


contributor = group(
    Sort(
        name="contributor",
        path="contributors",
        about="Organisations inside the org that run part of it.",
        naming=("pubkey", "code"),
        creation=(_CODE, _NAME, _PUBKEY, *_CONTRIBUTOR_FIELDS),
        change=(
            _NAME,
            flag("--new-pubkey", "pubkey", "Another pubkey from now on."),
            *_CONTRIBUTOR_FIELDS,
        ),
        nullable=("slack_handle", "slack_user_group"),
        finish=_in_order,
        columns=("code", "name", "pubkey", "slack_handle", "contacts"),
        example="alpha",
        create_example='--code alpha --name Alpha --pubkey 7Ab… --contact "NOC;phone;+31 20 …"',
        update_example='--contact "NOC;phone;+31 20 …;24x7" --contact "Anna;email;anna@a.example"',
    )
)

_EMAIL = flag("--email", "email", "An address.")
_SLACK_USER = flag("--slack-user-id", "slack_user_id", "Their id in Slack.")
_SLACK_TEAM = flag("--slack-team-id", "slack_team_id", "The id of their workspace in Slack.")
_ROLE = flag("--role", "role", "viewer, member, oncall_engineer, sre_lead or org_admin.", ROLE,
             required=True)  # fmt: skip

member = group(
    Sort(
        name="member",
        path="members",
        about="People and services in the org, each with a role.",
        naming=(),
        creation=(_NAME, _ROLE, _EMAIL, _CONTRIBUTOR, _SLACK_USER, _SLACK_TEAM),
        change=(_NAME, _ROLE, _EMAIL, _CONTRIBUTOR, _SLACK_USER, _SLACK_TEAM),
        nullable=("email", "contributor", "slack_user_id", "slack_team_id"),
        columns=("id", "name", "email", "role", "contributor"),
        example="0197a3c2-…",
        create_example="--name Anna --email anna@a.example --role sre_lead --contributor alpha",
        update_example="--role oncall_engineer",
    )
)

member.add_command(link_code)
member.add_command(sign_in_link)

_CIDR = flag("--allow-cidr", "allow_cidr", "Only from there. Repeatable.", many=True)
_RATE = flag("--rate-per-second", "rate_per_second", "Requests.", click.IntRange(min=1))

key = group(
    Sort(
        name="key",
        path="keys",
        about="API keys: secrets that speak for a member.",
        naming=(),
        creation=(
            _NAME,
            _ROLE,
            flag(
                "--member", "member", "Whom it speaks for, by id (default: a new service member)."
            ),
            _CONTRIBUTOR,
            flag("--expires-in-days", "expires_in_days", "Days.", click.IntRange(min=1)),
            _CIDR,
            _RATE,
        ),
        change=(_NAME, _CIDR, _RATE),
        columns=("id", "name", "role", "member", "contributor", "expires_at", "revoked_at"),
        example="9f3k…",
        create_example="--name ci --role member --contributor alpha --expires-in-days 90 > key.txt",
        update_example="--allow-cidr 192.0.2.0/24",
        secret="secret",  # noqa: S106 — the name of a field, not a secret
        ending="revoke",
        ending_summary="Revoke it: the very next request with it is refused.",
    )
)

_DESTINATIONS = Words("webhook", "email", "slack", "airtable")
_DESTINATION_FIELDS = ("url", "address", "channel", "table_base", "secret")
_ROUTE = (
    flag("--event-kind", "kinds", "Which events, such as incident.*. Repeatable.", many=True),
    flag("--matcher", "matchers", "Such as severity=~\"sev[12]\". Repeatable (and).", many=True),
    flag("--destination", "destination", "webhook, email, slack or airtable.", _DESTINATIONS,
         required=True),
    flag("--destination-url", "url", "Of a webhook: https://…"),
    flag("--destination-address", "address", "Of e-mail."),
    flag("--destination-channel", "channel", "Of Slack."),
    flag("--destination-table", "table_base", "Of Airtable."),
    flag("--secret-file", "secret", "A file with the secret (-: standard input).", SecretFile()),
)  # fmt: skip
_ENABLED = flag("--enabled/--disabled", "enabled", "Whether it carries anything.", switch=True)


def _routed(body: dict[str, Any]) -> dict[str, Any]:
    match = {name: body.pop(name) for name in ("kinds", "matchers") if name in body}
    destination = {name: body.pop(name) for name in _DESTINATION_FIELDS if name in body}
    kind = body.pop("destination", None)
    if kind is None and destination:
        raise click.UsageError("a destination is replaced whole; name its --destination too")
    if match:
        body["match"] = match
    if kind is not None:
        body["destination"] = {"kind": kind, **destination}
    return body


route = group(
    Sort(
        name="route",
        path="routes",
        about="Routes: which events go to which destination.",
        naming=(),
        creation=(
            _NAME,
            *_ROUTE,
            _ENABLED,
            flag("--backfill", "backfill", "Open lanes for tickets active now.", switch=True),
        ),
        change=(_NAME, *_ROUTE, _ENABLED),
        finish=_routed,
        columns=("id", "name", "enabled", "match", "destination", "delivery.state", "contributor"),
        example="0197a3c2-…",
        create_example="--name noc --event-kind 'incident.*' --matcher 'severity=~\"sev[12]\"' "
        "--destination webhook --destination-url https://noc.example --secret-file secret.txt",
        update_example="--disabled",
    )
)
route.add_command(trying_out)

_ENTRY_POINT = (
    flag("--word", "words", "A word or phrase to look for, in any case ('': none). Repeatable.",
         many=True),
    flag("--prompt", "prompt", "What it is for, as a language model is told ('': nothing)."),
    flag("--assignee", "assignee", "Whose reports are: a member's id or contributor's code."),
    flag("--severity", "severity", "How severe they are (sev3 where none is said)."),
    flag("--service", "service", "What they are about, by code."),
    flag("--fallback/--no-fallback", "is_fallback", "Whether it takes what fits nowhere else.",
         switch=True),
    flag("--order", "order", "The lowest is asked first.", click.IntRange(min=0, max=10_000)),
)  # fmt: skip


def _matched(body: dict[str, Any]) -> dict[str, Any]:
    match: dict[str, Any] = {}
    if "words" in body:
        # An empty word among them is how one says that there are none.
        match["words"] = [word for word in body.pop("words") if word]
    if "prompt" in body:
        match["prompt"] = body.pop("prompt") or None
    return {**body, "match": match} if match else body


entry_point = group(
    Sort(
        name="entry-point",
        path="entry-points",
        about="Entry points: what becomes of reports in free text.",
        naming=(),
        creation=(_NAME, *_ENTRY_POINT),
        change=(_NAME, *_ENTRY_POINT),
        nullable=("assignee", "severity", "service"),
        finish=_matched,
        columns=(
            "id",
            "name",
            "order",
            "match.words",
            "assignee",
            "severity",
            "service",
            "is_fallback",
        ),
        example="0197a3c2-…",
        create_example='--name Payments --word checkout --word "credit card" --severity sev2 '
        "--service api",
        update_example='--word checkout --word "card payment"',
    )
)
