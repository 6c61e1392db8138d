"""The public page as the crash bot lists it for status pages (Integrations: Crashbot's list).

Incidents only. A row's ``description`` is the newest public update; ``point``, ``contact`` and
``modified_by`` were people's names there and are always empty here, as no public update names who
wrote it. A cancelled incident is what the crash bot calls invalid, and left out.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tocsin.web.status.document import Document, changed_at, milliseconds, milliseconds_if, plain
from tocsin.web.status.view import Kind, NoticeView, PageView

CONTENT_TYPE: Final = "application/json; charset=utf-8"

_SEVERITY: Final = re.compile(r"sev([1-5])")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An incident; instants as JavaScript writes them, ``severity`` is ``sev-1``…``sev-5``."""

    id: str
    update_number: int
    modified_at: str
    reported_at: str
    closed_at: str | None
    status: str
    severity: str
    title: str
    description: str
    point: str
    contact: str
    rca_link: str | None
    modified_by: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """``open`` by severity, then oldest first; ``closed`` newest first."""

    open: tuple[Row, ...]
    closed: tuple[Row, ...]


def crash_list(page: PageView) -> Document:
    """The list of the incidents of *page*."""
    open_ = sorted(page.open, key=lambda one: (one.severity, one.started_at, one.id))
    closed = sorted(
        (one for one in page.past if one.kind is Kind.INCIDENT and one.status != "cancelled"),
        key=lambda one: (one.started_at, one.id),
        reverse=True,
    )
    rows = Rows(open=tuple(map(_row, open_)), closed=tuple(map(_row, closed)))
    return Document(
        body=msgspec.json.encode(rows), content_type=CONTENT_TYPE, changed_at=changed_at(page)
    )


def _row(notice: NoticeView) -> Row:
    severity = _SEVERITY.fullmatch(notice.severity)
    return Row(
        id=plain(notice.ref),
        update_number=len(notice.updates),
        modified_at=milliseconds(notice.updated_at),
        reported_at=milliseconds(notice.started_at),
        closed_at=milliseconds_if(notice.resolved_at),
        status="closed" if notice.is_over else "open",
        severity=f"sev-{severity[1]}" if severity else plain(notice.severity),
        title=plain(notice.title),
        description=plain(notice.updates[0].body),
        point="",
        contact="",
        rca_link=None if notice.rca_url is None else plain(notice.rca_url),
        modified_by="",
    )
