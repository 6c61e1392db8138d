"""The pages and forms that every :class:`~.sheets.Sheet` has: its list, one of them, making,
changing and removing one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from tocsin.core.errors import Forbidden
from tocsin.core.facts import stream_name
from tocsin.projections.shapes.record_names import ReadNames
from tocsin.web.dashboard.administration import finding, interfaces
from tocsin.web.dashboard.administration.filling import (
    body_of,
    dressed,
    moved_up,
    placed,
    shown_rows,
    typed_rows,
)
from tocsin.web.dashboard.administration.frames import room_page
from tocsin.web.dashboard.administration.histories import history
from tocsin.web.dashboard.administration.sheets import Act, Sheet
from tocsin.web.dashboard.forms import Field, typed_of
from tocsin.web.dashboard.visits import (
    Fields,
    Filled,
    FormAt,
    Page,
    PageAt,
    Sent,
    Visit,
    Wish,
)

LONGEST_WORDS: Final = 200
_DONE: Final = {
    "made": "It is made.",
    "changed": "It is changed.",
    "done": "It is done.",
    **interfaces.DONE,
}


# -- reading --------------------------------------------------------------------------------------


def list_page(sheet: Sheet) -> Callable[[Visit], Page]:
    """What shows all of them."""

    def look(visit: Visit) -> Page:
        finding.require_reader(visit, sheet.sort)
        words = visit.one("q").strip()[:LONGEST_WORDS]
        found = finding.listed(visit, sheet, words=words, after=visit.one("after"))
        following = None
        if found.following is not None:
            asked = {"q": words, "after": found.following}
            following = f"{sheet.home}?{urlencode({k: v for k, v in asked.items() if v})}"
        return room_page(
            visit,
            "list.html",
            sheet=sheet,
            here=sheet.path,
            records=found.records,
            names=ReadNames(visit.turn, org_id=visit.admitted.org_id, records=found.records),
            words_sought=words,
            following=following,
            first=sheet.home if visit.one("after") else None,
            makes=_makes(visit, sheet),
            removed=visit.one("done") == "removed",
            beside={} if sheet.in_list is None else sheet.in_list(visit, found.records),
        )

    return look


def one_page(sheet: Sheet) -> Callable[[Visit], Page]:
    """What shows one of them: what it is, what can be done with it, and who changed what."""

    def look(visit: Visit) -> Page:
        head, record = finding.existing(visit, sheet)
        return room_page(
            visit,
            sheet.template,
            sheet=sheet,
            here=sheet.path,
            record=record,
            names=ReadNames(visit.turn, org_id=visit.admitted.org_id, records=[record]),
            rights=finding.rights(visit, sheet, record),
            acts=[one for one in sheet.acts if _lets(visit, one, record)],
            history=history(visit.turn, visit.admitted.org_id, head.stream),
            version=head.version,
            done=_DONE.get(visit.one("done")),
            **sheet.beside(visit, record),
        )

    return look


def _makes(visit: Visit, sheet: Sheet) -> bool:
    return sheet.making is not None and finding.may(visit, sheet.making(visit), None)


def _lets(visit: Visit, act: Act, record: Any) -> bool:
    return record.removed_at is None and act.may(visit, record)


# -- forms ----------------------------------------------------------------------------------------


def new_form(sheet: Sheet) -> FormAt:
    """The form that makes one."""

    def wish(sent: Sent) -> Wish:
        return Wish(
            method="POST",
            path=f"/{sheet.path}",
            body=body_of(sheet, sheet.new, sent, change=False),
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        finding.require_reader(visit, sheet.sort)
        assert sheet.making is not None
        finding.require(visit, sheet.making(visit), None)
        asked = {one.name: visit.fields[one.name] for one in sheet.new if one.name in visit.fields}
        begin = {**sheet.begin, **asked}
        return _form_page(visit, filled, sheet, sheet.new, record=None, version=None, begin=begin)

    return FormAt(
        path=f"{sheet.home}/new",
        wish=wish,
        show=show,
        done=lambda sent, told: f"{sheet.home}/{_quoted(told.body['id'])}?done=made",
        reveal=sheet.reveal,
        names=sheet.names,
    )


def change_form(sheet: Sheet) -> FormAt:
    """The form that changes one."""

    def wish(sent: Sent) -> Wish:
        return Wish(
            method="PATCH",
            path=f"/{sheet.path}/{_quoted(sent.path['name'])}",
            body=body_of(sheet, sheet.change, sent, change=True),
            version=sent.version,
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        head, record = finding.existing(visit, sheet)
        assert sheet.changing is not None
        finding.require(visit, sheet.changing, record)
        names = ReadNames(visit.turn, org_id=visit.admitted.org_id, records=[record])
        said = sheet.said(record, names)
        begin = {**typed_of(sheet.change, said), **typed_rows(sheet.rows, said)}
        return _form_page(
            visit, filled, sheet, sheet.change, record=record, version=head.version, begin=begin
        )

    return FormAt(
        path=f"{sheet.home}/{{name}}/change",
        wish=wish,
        show=show,
        done=lambda sent, told: f"{sheet.home}/{_quoted(sent.path['name'])}?done=changed",
        reveal=sheet.reveal_change,
        names=sheet.names,
    )


def _form_page(
    visit: Visit,
    filled: Filled,
    sheet: Sheet,
    specs: Sequence[Field],
    *,
    record: Any,
    version: int | None,
    begin: Fields,
) -> Page:
    filled = replace(placed(sheet, specs, filled), typed=moved_up(sheet.rows, filled.typed))
    shown = tuple(dressed(visit, spec, sheet, filled, begin) for spec in specs)
    rows = [
        (rows, shown_rows(rows, filled, begin))
        for rows in sheet.rows
        if record is None or rows.changing is None or finding.may(visit, rows.changing, record)
    ]
    meanwhile: Sequence[object] = ()
    if record is not None:
        meanwhile = _meanwhile(visit, filled, stream_name(sheet.sort, record.id))
    return room_page(
        visit,
        "form.html",
        filled=filled,
        sheet=sheet,
        here=sheet.path,
        record=record,
        version=version,
        begin=begin,
        often=[spec for spec in shown if spec.name not in sheet.seldom],
        seldom=[spec for spec in shown if spec.name in sheet.seldom],
        unfolded=any(_speaks(sheet, spec, filled, begin) for spec in shown),
        every_spec=(*shown, *(spec for _, each in rows for row in each for spec in row)),
        rows=rows,
        meanwhile=meanwhile,
        action=sheet.home + ("/new" if record is None else f"/{_quoted(record.id)}/change"),
    )


def _speaks(sheet: Sheet, spec: Field, filled: Filled, begin: Fields) -> bool:
    """Whether a field that is folded away has something to say."""
    if spec.name not in sheet.seldom:
        return False
    usual = sheet.begin.get(spec.name, ())
    return spec.name in filled.errors or filled.all(spec.name, begin.get(spec.name, ())) != usual


def remove_form(sheet: Sheet) -> FormAt:
    """The page that asks before it removes one."""

    def wish(sent: Sent) -> Wish:
        return Wish(
            method="DELETE",
            path=f"/{sheet.path}/{_quoted(sent.path['name'])}",
            version=sent.version,
            once=sent.once,
        )

    def show(visit: Visit, filled: Filled) -> Page:
        head, record = finding.existing(visit, sheet)
        assert sheet.removing is not None
        finding.require(visit, sheet.removing, record)
        return room_page(
            visit,
            "ask.html",
            filled=filled,
            sheet=sheet,
            here=sheet.path,
            record=record,
            version=head.version,
            carries={},
            question=f"{sheet.remove} {sheet.title(record)}?",
            explained=sheet.removal,
            button=f"{sheet.remove} {sheet.one}",
            bad=True,
            meanwhile=_meanwhile(visit, filled, head.stream),
            action=f"{sheet.address(record)}/remove",
        )

    return FormAt(
        path=f"{sheet.home}/{{name}}/remove",
        wish=wish,
        show=show,
        done=lambda sent, told: f"{sheet.home}?done=removed",
    )


def act_form(sheet: Sheet, act: Act) -> FormAt:
    """The page that asks before it does something, or says what was wrong with having done it."""

    def show(visit: Visit, filled: Filled) -> Page:
        head, record = finding.existing(visit, sheet)
        if not _lets(visit, act, record):
            raise Forbidden(f"this is not yours to do with this {sheet.one}")
        return room_page(
            visit,
            "ask.html",
            filled=filled,
            sheet=sheet,
            here=sheet.path,
            record=record,
            version=head.version if act.versioned else None,
            carries=act.carries(record),
            question=f"{act.button(record)}: {sheet.title(record)}",
            explained=act.asks,
            button=act.button(record),
            bad=False,
            meanwhile=_meanwhile(visit, filled, head.stream),
            action=f"{sheet.address(record)}/{act.path}",
        )

    return FormAt(
        path=f"{sheet.home}/{{name}}/{act.path}",
        wish=act.wish,
        show=show,
        done=lambda sent, told: f"{sheet.home}/{_quoted(sent.path['name'])}?done=done",
        reveal=act.reveal,
    )


def _meanwhile(visit: Visit, filled: Filled, stream: str) -> Sequence[object]:
    if not filled.stale:
        return ()
    return history(visit.turn, visit.admitted.org_id, stream, after=filled.version or 0)


def pages_of(sheet: Sheet) -> tuple[PageAt | FormAt, ...]:
    """Everything that a sheet has."""
    found: list[PageAt | FormAt] = [
        PageAt(path=sheet.home, look=list_page(sheet)),
        PageAt(path=f"{sheet.home}/{{name}}", look=one_page(sheet)),
    ]
    if sheet.making is not None:
        found.append(new_form(sheet))
    if sheet.changing is not None:
        found.append(change_form(sheet))
    if sheet.removing is not None:
        found.append(remove_form(sheet))
    found.extend(act_form(sheet, act) for act in sheet.acts)
    return tuple(found)


def _quoted(name: object) -> str:
    return quote(str(name), safe="")
