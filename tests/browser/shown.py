"""The table of all pages that people see. A page that is new is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page. ``{names}`` in its path are those of :class:`tests.browser.site.Site`; ``says`` is
    part of its first heading, with scripts or without. ``brief`` ones are looked at in two windows,
    which have each width and each scheme once; those that people live in, in all four."""

    name: str
    path: str
    says: str = ""
    brief: bool = True
    who: str | None = "org_admin"
    status: int = 200


ADMINISTERED: Final = (
    "members",
    "contributors",
    "keys",
    "connectors",
    "rules",
    "entry-points",
    "routes",
    "status-pages",
    "services",
    "devices",
    "links",
    "locations",
)
"""Sorts of records, as they stand in addresses; the first of each goes by that name too."""

PAGES: Final = (
    Shown(name="sign-in", path="/sign-in", who=None, says="Sign in", brief=False),
    Shown(name="sign-in-link", path="/sign-in/link?token={link}", who=None),
    Shown(
        name="sign-in-no-link",
        path="/sign-in/link?token=none",
        who=None,
        status=404,
        says="This link is not good",
    ),
    Shown(name="now", path="/", says="open incident", brief=False),
    Shown(name="tickets", path="/tickets", says="Tickets", brief=False),
    Shown(name="tickets-none", path="/tickets?q=nothing-of-the-kind", says="Tickets"),
    Shown(name="tickets-wrong", path="/tickets?type=both", status=400, says="Tickets"),
    Shown(name="incident", path="/tickets/{incident}", says="Packet loss", brief=False),
    Shown(name="incident-closed", path="/tickets/{closed}"),
    Shown(name="incident-viewed", path="/tickets/{incident}", who="viewer", says="Packet loss"),
    Shown(name="maintenance", path="/tickets/{maintenance}"),
    Shown(name="new-incident", path="/new/incident", says="New incident", brief=False),
    Shown(name="new-maintenance", path="/new/maintenance", says="New maintenance"),
    Shown(name="calendar", path="/maintenance", says="Maintenance", brief=False),
    Shown(name="calendar-week", path="/maintenance?view=week", says="Maintenance"),
    Shown(name="calendar-agenda", path="/maintenance?view=agenda", says="Maintenance"),
    Shown(name="planner", path="/maintenance/plan", says="Find a free window"),
    Shown(name="network", path="/network", says="Network"),
    Shown(name="network-none", path="/network?q=nothing-of-the-kind", says="Network"),
    Shown(name="network-part", path="/network?contributor=northlight&metro=ams", says="Network"),
    Shown(name="network-device", path="/network/devices/{device}"),
    Shown(name="network-device-drain", path="/network/devices/{device}/drain"),
    Shown(name="network-link", path="/network/links/{line}"),
    Shown(name="network-link-waive", path="/network/links/{line}/waive", says="Waive a criterion"),
    Shown(
        name="network-link-demand",
        path="/network/links/{line}/demand?criterion=side_a",
        says="Demand “Side A”",
    ),
    Shown(name="measures", path="/measures", says="Measures"),
    Shown(name="administration", path="/admin", says="Administration"),
    *(
        Shown(name=f"{sort}{name}", path=f"/admin/{sort}{leaf}")
        for sort in ADMINISTERED
        for name, leaf in (
            ("", ""),
            ("-new", "/new"),
            ("-one", f"/{{{sort}}}"),
            ("-one-change", f"/{{{sort}}}/change"),
        )
    ),
    *(
        Shown(
            name=f"devices-interface-{verb}",
            path=f"/admin/devices/{{devices}}/interfaces/{verb}?interface={{interface}}",
        )
        for verb in ("new", "change", "want", "remove")
    ),
    Shown(name="subscriptions", path="/admin/subscriptions", says="Subscriptions"),
    Shown(name="inbox", path="/admin/inbox", says="Inbox"),
    Shown(name="inbox-one", path="/admin/inbox/{heard}"),
    Shown(name="deliveries", path="/admin/deliveries", says="Deliveries"),
    Shown(name="policy", path="/admin/policy", says="Policy"),
    Shown(name="policy-change", path="/admin/policy/change", says="Change the policy"),
    Shown(name="missing", path="/none", status=404, says="There is no such page"),
    Shown(name="status", path="/status/{page}", who=None, brief=False),
    Shown(name="status-history", path="/status/{page}/history", who=None, says="History"),
    Shown(name="status-notice", path="/status/{page}/incidents/{notice}", who=None),
    Shown(name="status-subscribe", path="/status/{page}/subscribe", who=None, says="Subscribe"),
    Shown(
        name="status-subscribe-end",
        path="/status/{page}/subscribe/end",
        who=None,
        status=404,
        says="This link is not good",
    ),
    Shown(
        name="status-missing",
        path="/status/{page}/none",
        who=None,
        status=404,
        says="There is no such page",
    ),
    Shown(
        name="status-nowhere",
        path="/status/none-of-ours",
        who=None,
        status=404,
        says="There is no status page here",
    ),
)

NOT_SHOWN: Final = frozenset(
    {
        # What scripts are given while one types.
        "/suggest",
        # Nobody has subscribed in the example network: a webhook of theirs would have to answer.
        "/admin/subscriptions/{}",
    }
)
"""Pages of the dashboard that are not in the table."""
