"""Templates as pages: escaped, complete without a script, nothing inline or from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tocsin.core.words import Role, Severity, Status, TicketType
from tocsin.handler.admission import Admission
from tocsin.web.dashboard import addresses, words
from tocsin.web.dashboard.visits import NOT_SENT, Filled, Page, Visit
from tocsin.web.status import words as instants
from tocsin.web.status.pages import Addresses
from tocsin.web.templating import pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who a page is for, and what its forms carry. ``opens`` is whether they may open tickets,
    ``administers`` whether any administration is theirs to see."""

    org: str
    org_code: str
    member: str
    role: str
    contributor: str | None
    form_token: str
    opens: bool
    administers: bool


def reader_of(admitted: Admission, *, form_token: str) -> Reader:
    """Who *admitted* is, in words."""
    bound_to = admitted.contributor
    return Reader(
        org=admitted.org.name,
        org_code=admitted.org.code,
        member=admitted.member.name,
        role=words.role_words(admitted.access.role),
        contributor=None if bound_to is None else bound_to.name,
        form_token=form_token,
        opens=admitted.access.role >= Role.MEMBER,
        administers=admitted.access.role >= Role.ONCALL_ENGINEER,
    )


def page(
    visit: Visit,
    template: str,
    *,
    filled: Filled = NOT_SENT,
    status: int = 200,
    **values: object,
) -> Page:
    """*template* (below ``templates/dashboard``) for the reader of *visit*.

    Every template has ``reader``, ``visit``, ``now``, ``filled`` and ``position``, how far the log
    reached, beside its *values*.
    """
    return Page(
        body=rendered(
            template,
            reader=reader_of(visit.admitted, form_token=visit.form_token),
            visit=visit,
            now=visit.at,
            filled=filled,
            position=visit.turn.last_position(),
            **values,
        ),
        status=status,
    )


def rendered(template: str, **values: object) -> str:
    """*template* with exactly these values."""
    return _PAGES.get_template(f"dashboard/{template}").render(values)


_PAGES: Final = pages(
    Severity=Severity,
    Status=Status,
    TicketType=TicketType,
    addresses=addresses,
    instants=instants,
    to=Addresses(root="", leaf="", assets="/assets"),
    words=words,
)
