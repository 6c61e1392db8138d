"""Which events the log shows to whom (Domain: roles)."""

from __future__ import annotations

from tocsin.core.evidence import Access
from tocsin.core.facts import Event, stream_sort
from tocsin.core.permissions import may_read
from tocsin.core.words import Role


def may_see(access: Access, event: Event) -> bool:
    """Whether the log shows *event* to *access* (Domain: roles).

    A member bound to a contributor may see keys of its own contributor only, and an event does not
    say whose it is; so the log shows keys to the unbound, and to an org_admin. Views are shown to
    who saved them, and to an org_admin: most are nobody else's business.
    """
    sort = stream_sort(event.stream)
    if not may_read(access, sort):
        return False
    if sort == "view":
        return event.actor.id == access.member_id or access.role is Role.ORG_ADMIN
    return sort != "key" or access.contributor_id is None or access.role is Role.ORG_ADMIN
