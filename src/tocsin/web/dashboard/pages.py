"""The dashboard's pages as HTML: complete without a script, nothing inline, nothing from
elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.core.words import Severity, Status, TicketType
from tocsin.handler.admission import Admission
from tocsin.web.dashboard import addresses, words
from tocsin.web.dashboard.glance import Glance
from tocsin.web.dashboard.listing import Listing
from tocsin.web.status import prose
from tocsin.web.status import words as instants
from tocsin.web.status.pages import Addresses

CONTENT_TYPE: Final = "text/html; charset=utf-8"
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who a page is for, and what its forms carry."""

    org: str
    org_code: str
    member: str
    role: str
    contributor: str | None
    form_token: str


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
    )


def sign_in_page(*, next_path: str, wrong: str | None, notice: str | None) -> str:
    """The form that takes a key. *wrong* is what was the matter with the last one, *notice* why
    one has to sign in, or that one is signed out."""
    return _rendered("sign_in.html", reader=None, next_path=next_path, wrong=wrong, notice=notice)


def glance_page(found: Glance, reader: Reader) -> str:
    """The first page."""
    return _rendered("glance.html", reader=reader, glance=found, now=found.at)


def tickets_page(found: Listing, reader: Reader) -> str:
    """The list of tickets."""
    return _rendered("tickets.html", reader=reader, listing=found, now=found.at)


def trouble_page(title: str, detail: str, *, again: str) -> str:
    """What stands where a page cannot be shown: what is the matter, and where to go on."""
    return _rendered("trouble.html", reader=None, title=title, detail=detail, again=again)


def _rendered(template: str, **values: object) -> str:
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
