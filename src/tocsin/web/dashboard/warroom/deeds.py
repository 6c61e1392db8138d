"""The forms that one person is offered for one ticket, filled in with what it holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.core.records import Contributor, Member, Policy, StatusPage
from tocsin.core.ticket import Ticket
from tocsin.web.dashboard.changes import Change, changes_since
from tocsin.web.dashboard.forms import Choice, Field, typed_of
from tocsin.web.dashboard.visits import NOT_SENT, Fields, Filled, Visit
from tocsin.web.dashboard.warroom.choices import Choices, Verb
from tocsin.web.dashboard.warroom.fields import FIELDS, IMPACT, VERSIONED
from tocsin.web.dashboard.warroom.options import dressed
from tocsin.web.dashboard.warroom.phrases import phrases_of, public_word
from tocsin.web.dashboard.warroom.wishes import began

MOST_ASSIGNEES: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A form that is offered. ``begin`` is what an untouched one holds, ``was`` its hidden fields
    that say so, ``filled`` what was typed where it was refused, ``changes`` what others did
    meanwhile."""

    verb: Verb
    action: str
    fields: tuple[Field, ...]
    begin: Fields
    was: Mapping[str, str]
    version: int | None
    filled: Filled
    open: bool
    changes: tuple[Change, ...]

    @property
    def refused(self) -> bool:
        """Whether it was sent, and came back."""
        return bool(self.filled.form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """Makes the forms that are offered, one of which may have been sent and refused."""

    visit: Visit
    ticket: Ticket
    record: Mapping[str, Any]
    opened: Verb | None
    filled: Filled

    def offered(
        self, chosen: Choices, policy: Policy, pages: Iterable[StatusPage]
    ) -> dict[Verb, Deed]:
        shown = tuple(Choice(value=one.code, text=one.name) for one in pages)
        assignees = self._assignees() if Verb.ASSIGN in chosen else ()
        found: dict[Verb, Deed] = {}
        for verb in Verb:
            if verb not in chosen or verb is Verb.CORRECT:
                continue
            fields = dressed(
                verb,
                self.ticket,
                chosen,
                assignees=assignees,
                pages=shown,
                cause_required=policy.require_root_cause and self.ticket.root_cause is None,
            )
            found[verb] = self._deed(
                verb,
                fields,
                begin=self._begin(verb, fields),
                action=f"/tickets/{self.ticket.ref}/{verb.value}",
                sent=self.opened is verb,
            )
        return found

    def corrections(self, chosen: Choices) -> dict[str, Deed]:
        """The forms that correct public updates, by the id of the update."""
        if Verb.CORRECT not in chosen:
            return {}
        verb, wanted = Verb.CORRECT, self.visit.path.get("update")
        return {
            one.id: self._deed(
                verb,
                FIELDS[verb],
                begin={f"{verb.value}.title": (one.title,), f"{verb.value}.body": (one.body,)},
                action=f"/tickets/{self.ticket.ref}/public-updates/{one.id}",
                sent=self.opened is verb and one.id == wanted,
            )
            for one in self.ticket.public_updates
        }

    def _deed(
        self, verb: Verb, fields: tuple[Field, ...], *, begin: Fields, action: str, sent: bool
    ) -> Deed:
        filled = self.filled if sent else NOT_SENT
        was = began(fields, begin) if verb in (Verb.EDIT, Verb.WINDOW) else {}
        if filled.form:
            # What was not touched is told from what was by what it held at first, not by now.
            was = {name: filled.one(name, text) for name, text in was.items()}
        changes: tuple[Change, ...] = ()
        if filled.stale:
            changes = changes_since(
                self.visit.turn, self.visit.admitted.org_id, self.ticket.stream, filled.version
            )
        return Deed(
            verb=verb,
            action=action,
            fields=fields,
            begin=begin,
            was=was,
            version=self.ticket.version if verb in VERSIONED else None,
            filled=filled,
            open=sent,
            changes=changes,
        )

    def _begin(self, verb: Verb, fields: tuple[Field, ...]) -> Fields:
        match verb:
            case Verb.EDIT | Verb.WINDOW:
                return {
                    name: values
                    for name, values in typed_of(fields, {verb.value: self.record}).items()
                    if not name.endswith(".reason")
                }
            case Verb.PUBLISH:
                return self._public_begin()
            case Verb.EXTEND:
                return typed_of(fields, {verb.value: {"end_at": self.record["end_at"]}})
            case Verb.RESOLVE | Verb.CLOSE | Verb.COMPLETE:
                kept = ("resolution", "root_cause")
                held = {name: self.record[name] for name in kept}
                return typed_of(fields, {verb.value: held})
            case Verb.ASSIGN:
                assignee = self.ticket.assignee
                return {} if assignee is None else {"assign.assignee": (self._assignee(),)}
            case _:
                return {}

    def _public_begin(self) -> Fields:
        """A public update to begin with: the words of a template where one was chosen."""
        ticket, wanted = self.ticket, self.visit.one("template")
        phrase = next((one for one in phrases_of(ticket.type) if one.status == wanted), None)
        status = public_word(ticket.type, ticket.status) if phrase is None else phrase.status
        begin: dict[str, tuple[str, ...]] = {"publish.status": (status,)}
        if ticket.public_title is not None:
            begin["publish.title"] = (ticket.public_title,)
        if phrase is not None:
            begin["publish.body"] = (phrase.body,)
        begin |= {
            f"{IMPACT}{one.code}": (one.impact,)
            for one in ticket.public_impacts
            if one.impact is not None
        }
        return begin

    def _assignee(self) -> str:
        assignee = self.record["assignee"]
        return str(assignee["id"] if assignee["kind"] == "member" else assignee["code"])

    def _assignees(self) -> tuple[Choice, ...]:
        turn, org_id = self.visit.turn, self.visit.admitted.org_id
        members = [
            head.state
            for head in turn.heads_of_sort(org_id, "member", limit=MOST_ASSIGNEES)
            if isinstance(head.state, Member) and head.state.removed_at is None
        ]
        contributors = [
            head.state
            for head in turn.heads_of_sort(org_id, "contributor", limit=MOST_ASSIGNEES)
            if isinstance(head.state, Contributor) and head.state.removed_at is None
        ]
        people = sorted(
            (one for one in members if not one.service), key=lambda one: one.name.casefold()
        )
        found = [
            Choice(value="", text="Nobody"),
            *(Choice(value=one.id, text=one.name) for one in people),
            *(
                Choice(value=one.code, text=f"{one.name} (contributor)")
                for one in sorted(contributors, key=lambda one: one.name.casefold())
            ),
        ]
        if self.ticket.assignee is not None:
            present = self._assignee()
            if all(one.value != present for one in found):
                name = self.record["assignee"]["name"] or "somebody who is gone"
                found.append(Choice(value=present, text=name))
        return tuple(found)
