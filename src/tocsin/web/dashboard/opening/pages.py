"""Pages and forms of opening: a new incident, a new maintenance, names while one types; and those
of saved views of the list."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tocsin.core.claims import CORRELATION_KEY
from tocsin.core.errors import Forbidden
from tocsin.core.policy_reading import DEFAULT_POLICY
from tocsin.core.records import Contributor, Member, Policy
from tocsin.core.rows import facets_matching
from tocsin.core.ticket import Ticket
from tocsin.core.words import Role, TicketType, severities_of
from tocsin.projections.tickets import TicketQuery, list_tickets
from tocsin.web.dashboard import addresses
from tocsin.web.dashboard.addresses import NEW_INCIDENT, NEW_MAINTENANCE
from tocsin.web.dashboard.forms import Choice
from tocsin.web.dashboard.opening.clashes import Clash, clashes_of
from tocsin.web.dashboard.opening.drafts import (
    CHECK,
    MEANINGS,
    NAMES,
    Draft,
    begun_as,
    begun_by,
    check_wish,
    incident_draft,
    incident_wish,
    maintenance_draft,
    maintenance_wish,
)
from tocsin.web.dashboard.opening.suggesting import (
    MOST_WITHOUT_A_SCRIPT,
    Suggestion,
    suggestions,
)
from tocsin.web.dashboard.rendering import page
from tocsin.web.dashboard.rows import Line, lines
from tocsin.web.dashboard.views import PAGES as VIEWS
from tocsin.web.dashboard.visits import (
    NOT_SENT,
    Fields,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Told,
    Visit,
)

SUGGEST: Final = "/suggest"
JSON: Final = "application/json"
OPEN_SHOWN: Final = 6
MOST_PEOPLE: Final = 500

_encode = msgspec.json.Encoder().encode


def suggest_page(visit: Visit) -> Page:
    """What begins with ``q``, of the sort ``what``: a list of ``{value, text, about}``."""
    found = suggestions(
        visit.turn,
        visit.admitted.org_id,
        visit.admitted.access,
        what=visit.one("what"),
        words=visit.one("q"),
    )
    told = [{"value": one.value, "text": one.text, "about": one.about} for one in found]
    return Page(body=_encode(told).decode(), content_type=JSON)


def incident_page(visit: Visit, filled: Filled) -> Page:
    """The form for an incident, with those that are open beside it."""
    _refuse_who_may_not_open(visit)
    draft = incident_draft(levels=_policy(visit).severity_levels, people=_people(visit))
    return page(
        visit,
        "opening/incident.html",
        filled=filled,
        begin=begun_by(visit.fields, draft),
        holder=_holder(visit, filled),
        known=_open_incidents(visit),
        **_choices(visit, draft),
    )


def maintenance_page(visit: Visit, filled: Filled) -> Page:
    """The form for a maintenance."""
    draft = _maintenance_draft(visit)
    begin = begun_by(visit.fields, draft)
    return _maintenance(visit, filled, draft=draft, begin=begin, clashes=None)


def checked_page(visit: Visit, told: Told) -> Page:
    """The form for a maintenance again, with what it would be in the way of: *told* is the ticket
    that it would become."""
    draft = _maintenance_draft(visit)
    return _maintenance(
        visit, NOT_SENT, draft=draft, begin=begun_as(told.body), clashes=clashes_of(told.body)
    )


def _maintenance_draft(visit: Visit) -> Draft:
    _refuse_who_may_not_open(visit)
    policy = _policy(visit)
    return maintenance_draft(
        levels=policy.severity_levels,
        people=_people(visit),
        forced=policy.forbid_overlap and visit.admitted.access.role is Role.ORG_ADMIN,
    )


def _maintenance(
    visit: Visit,
    filled: Filled,
    *,
    draft: Draft,
    begin: Fields,
    clashes: tuple[Clash, ...] | None,
) -> Page:
    return page(
        visit,
        "opening/maintenance.html",
        filled=filled,
        begin=begin,
        clashes=clashes,
        check=CHECK,
        **_choices(visit, draft),
    )


def _refuse_who_may_not_open(visit: Visit) -> None:
    role = visit.admitted.access.role
    if role < Role.MEMBER:
        raise Forbidden(
            f"opening a ticket needs the role {Role.MEMBER.value}; yours is {role.value}"
        )


def _choices(visit: Visit, draft: Draft) -> dict[str, Any]:
    """What both templates choose from."""
    return {
        "draft": draft,
        "meanings": MEANINGS,
        "levels": severities_of(_policy(visit).severity_levels),
        "offered": {
            spec.suggest: _offered(visit, spec.suggest)
            for spec in draft.every
            if spec.suggest is not None
        },
    }


def _offered(visit: Visit, what: str) -> tuple[Suggestion, ...]:
    """What a browser without our script offers while one types."""
    return suggestions(
        visit.turn,
        visit.admitted.org_id,
        visit.admitted.access,
        what=what,
        words="",
        most=MOST_WITHOUT_A_SCRIPT,
    )


def _policy(visit: Visit) -> Policy:
    head = visit.turn.head(visit.admitted.org_id, "policy:policy")
    state = None if head is None else head.state
    return state if isinstance(state, Policy) else DEFAULT_POLICY


def _people(visit: Visit) -> tuple[Choice, ...]:
    """Who may have a ticket: oneself first, then members and contributors by name."""
    turn, admitted = visit.turn, visit.admitted
    members = [
        head.state
        for head in turn.heads_of_sort(admitted.org_id, "member", limit=MOST_PEOPLE)
        if isinstance(head.state, Member)
        and head.state.removed_at is None
        and head.state.id != admitted.member.id
    ]
    contributors = [
        head.state
        for head in turn.heads_of_sort(admitted.org_id, "contributor", limit=MOST_PEOPLE)
        if isinstance(head.state, Contributor) and head.state.removed_at is None
    ]
    return (
        Choice(value=admitted.member.id, text=f"{admitted.member.name} (you)"),
        *(
            Choice(value=one.id, text=one.name)
            for one in sorted(members, key=lambda one: (one.service, one.name.lower(), one.id))
        ),
        *(
            Choice(value=one.code, text=f"{one.name} (contributor {one.code})")
            for one in sorted(contributors, key=lambda one: one.name.lower())
        ),
    )


def _holder(visit: Visit, filled: Filled) -> Line | None:
    """The incident that has the correlation key already, where that is why it was refused."""
    told = filled.told
    if told is None or told.body.get("code") != "conflict":
        return None
    key = filled.one("initial_correlation_key").strip()
    if not key:
        return None
    stream = visit.turn.claimed_by(visit.admitted.org_id, CORRELATION_KEY, key)
    head = None if stream is None else visit.turn.head(visit.admitted.org_id, stream)
    if head is None or not isinstance(head.state, Ticket):
        return None
    (found,) = lines(visit.turn, visit.admitted, [head.state])
    return found


def _open_incidents(visit: Visit) -> tuple[Line, ...]:
    """The newest that are open: one's own may be among them."""
    found = list_tickets(
        visit.turn,
        org_id=visit.admitted.org_id,
        query=TicketQuery(
            facets=facets_matching(types=[TicketType.INCIDENT], active=True), limit=OPEN_SHOWN
        ),
    )
    tickets = [head.state for head in found.heads if isinstance(head.state, Ticket)]
    return lines(visit.turn, visit.admitted, tickets)


def _opened(_sent: Sent, told: Told) -> str:
    return addresses.ticket(str(told.body["ref"]))


PAGES: tuple[PageAt | FormAt, ...] = (
    PageAt(path=SUGGEST, look=suggest_page),
    FormAt(path=NEW_INCIDENT, wish=incident_wish, show=incident_page, done=_opened, names=NAMES),
    FormAt(
        path=NEW_MAINTENANCE,
        wish=maintenance_wish,
        show=maintenance_page,
        done=_opened,
        names=NAMES,
    ),
    FormAt(
        path=CHECK,
        wish=check_wish,
        show=maintenance_page,
        done=_opened,
        reveal=checked_page,
        names=NAMES,
    ),
    *VIEWS,
)
