"""Templates as pages: escaped, complete without a script, nothing inline or from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.core.words import Role, Severity, Status, TicketType
from tocsin.handler.admission import Admission
from tocsin.web.dashboard import addresses, words
from tocsin.web.dashboard.visits import NOT_SENT, Filled, Page, Visit
from tocsin.web.status import prose
from tocsin.web.status import words as instants
from tocsin.web.status.pages import Addresses

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


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


def _shown(value: object) -> object:
    """What a template puts out: no text brings control or directional characters with it."""
    return (
        prose.cleaned(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )


def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("tocsin.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    pages.globals.update(
        {
            "Severity": Severity,
            "Status": Status,
            "TicketType": TicketType,
            "addresses": addresses,
            "instants": instants,
            "to": Addresses(root="", leaf="", assets="/assets"),
            "words": words,
        }
    )
    return pages


_PAGES: Final = _environment()
