"""What happened to a device or a link, in a sentence, and why (Provisioning: every change of health
or status is an event with its reasons)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tocsin.projections.changed_fields import changed_fields

Data = Mapping[str, Any]

SORTS: Final = ("device", "link")
"""The streams whose events are told here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What happened, and the reasons for it, a sentence each."""

    what: str
    why: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Both in one sentence."""
        return f"{self.what}: {'; '.join(self.why)}" if self.why else self.what


def told_of(kind: str, data: Data) -> Told | None:
    """What the event of that *kind* says; None for one that this code does not know."""
    tell = SENTENCES.get(kind.partition(".")[2])
    return None if tell is None else tell(data)


def _words(word: str) -> str:
    return word.replace("_", " ")


def _on(data: Data, text: str) -> str:
    """*text*, and the interface that it is about where it is about one."""
    interface = data.get("interface")
    return text if interface is None else f"interface {interface}: {text}"


def _given(reason: str | None) -> tuple[str, ...]:
    return (reason,) if reason else ()


def _wanted(data: Data) -> Told:
    before, after = _words(data["desired_from"]), _words(data["desired_to"])
    return Told(what=_on(data, f"wanted {before} → {after}"), why=_given(data.get("reason")))


def _judged(data: Data) -> Told:
    moved = f"health {_words(data['health_from'])} → {_words(data['health_to'])}"
    return Told(what=_on(data, moved), why=tuple(data.get("reasons", ())))


def _moved(data: Data) -> Told:
    moved = f"status {_words(data['status_from'])} → {_words(data['status_to'])}"
    return Told(what=_on(data, moved), why=tuple(data.get("reasons", ())))


def _defined(data: Data) -> Told:
    role = data.get("role", "none")
    shown = "" if role == "none" else f" ({role.upper()})"
    why = ("a link named it first",) if data.get("by_link") else ()
    return Told(what=f"interface {data['name']}{shown} defined", why=why)


def _interface_changed(data: Data) -> Told:
    return Told(what=f"interface {data['name']}: {changed_fields(data.get('changes', ()))}")


def _bound(data: Data) -> Told:
    link = data.get("link")
    use = "no link uses it any more" if link is None else f"a {link.upper()} link uses it"
    return Told(what=f"interface {data['name']}: {use}")


def _waived(data: Data) -> Told:
    criterion, until = _words(data["criterion"]), data["until"]
    what = f"criterion {criterion} waived until {until[:16].replace('T', ' ')} UTC"
    return Told(what=_on(data, what), why=_given(data["reason"]))


def _mirrored(data: Data) -> Told:
    status, health = _words(data["status"]), _words(data["health"])
    wanted = _words(data["desired_status"])
    return Told(what=f"the ledger says: status {status}, health {health}, wanted {wanted}")


SENTENCES: Final[Mapping[str, Callable[[Data], Told]]] = {
    "registered": lambda data: Told(what="registered"),
    "updated": lambda data: Told(what=changed_fields(data.get("changes", ())) or "updated"),
    "removed": lambda data: Told(what="removed"),
    "desired_status_changed": _wanted,
    "health_changed": _judged,
    "status_changed": _moved,
    "acceptance_requested": lambda data: Told(
        what="acceptance requested", why=("the contributor of its Z side has to agree to it",)
    ),
    "accepted": lambda data: Told(what="accepted by the contributor of its Z side"),
    "interface_defined": _defined,
    "interface_changed": _interface_changed,
    "interface_bound": _bound,
    "interface_removed": lambda data: Told(what=f"interface {data['name']} removed"),
    "mirrored": _mirrored,
    "released": lambda data: Told(what="no ledger keeps it any more"),
    "criterion_waived": _waived,
    "criterion_demanded": lambda data: Told(
        what=_on(data, f"criterion {_words(data['criterion'])} has to be met again")
    ),
}
"""By the name of what happened, whether to a device or to a link."""
