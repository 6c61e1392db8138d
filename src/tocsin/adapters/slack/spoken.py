"""What people type, read: a slash command's text or a mention becomes an intention.

Any text has an intention, and none raises: what is not understood is :class:`Unclear`, with a
sentence that says what to type. Case, blanks, smart quotes and the punctuation around a word do not
matter. Whether a ticket is there, and whether the speaker may, is for others to find out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from tocsin.adapters.slack.durations import later_end
from tocsin.adapters.slack.entities import (
    address_in,
    cut,
    plain,
    user_in,
    without_mention,
)
from tocsin.adapters.slack.intentions import (
    Acknowledge,
    Close,
    Comment,
    Create,
    Extend,
    Help,
    Intention,
    Link,
    ListTickets,
    Measure,
    Move,
    Myself,
    Named,
    Nobody,
    Publish,
    Rca,
    SetAssignee,
    SetSeverity,
    SlackUser,
    Unclear,
    Update,
    Use,
)
from tocsin.adapters.slack.tokens import (
    AROUND,
    first_of,
    harmless,
    ref_of,
    tokens_of,
    unquoted,
    with_ref,
    words_in,
)
from tocsin.adapters.slack.vocabulary import (
    COMMENTS_AFTER,
    HELP,
    INCIDENT_VERBS,
    MAINTENANCE_VERBS,
    STATUS_WORDS,
    TOCSIN_VERBS,
    Verb,
    in_conversation,
)
from tocsin.core.ticket_reading import TEXT, TITLE
from tocsin.core.words import Status, TicketType, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What free text says of a new ticket: ``title`` at most 200 characters, ``description`` at
    most 10,000; ``shortened`` when something had to be left out of the latter."""

    title: str
    description: str
    shortened: bool = False


def report_of(text: str, *, names: Mapping[str, str] | None = None) -> Report | None:
    """The title and description of free *text*: its first line, and all of it.

    None where it has no words at all. ``names`` are the names of users who are mentioned.
    """
    said = unquoted(plain(text, names=names or {}).strip())
    if not said:
        return None
    title = cut(said.partition("\n")[0].strip(), TITLE)
    return Report(title=title, description=cut(said, TEXT), shortened=len(said) > TEXT)


def slash(command: str, text: str) -> Intention:
    """What ``command text`` asks for; *command* is ``/incident``, ``/maintenance``, ``/tocsin``,
    or a plain ``/create``, ``/update``, ``/close``. A workspace may have put a prefix before it."""
    for name in (
        command.strip(" /").lower(),
        *re.split(r"[-_]", command.strip(" /").lower())[::-1],
    ):
        match name:
            case "incident":
                return _told(text, kind=TicketType.INCIDENT, verbs=INCIDENT_VERBS, name=name)
            case "maintenance":
                return _told(text, kind=TicketType.MAINTENANCE, verbs=MAINTENANCE_VERBS, name=name)
            case "create" | "update" | "close":
                return _done(
                    Verb(name), text, kind=TicketType.INCIDENT, name="incident", given=None
                )
            case "tocsin":
                return _about_tocsin(text)
            case _:
                continue
    return Unclear(
        sentence=f"`{harmless(command)}` is no command of mine. {HELP[None]}",
        meant=("/tocsin help",),
    )


def mention(text: str, *, bot_user_id: str, kind: TicketType = TicketType.INCIDENT) -> Intention:
    """What a mention in the thread or channel of a ticket of that *kind* asks for.

    What begins with no command is a comment. A status word alone (``monitoring``) is a move, in
    the midst of a sentence it is not.
    """
    said = without_mention(text, bot_user_id)
    verbs = in_conversation(
        INCIDENT_VERBS if kind is TicketType.INCIDENT else MAINTENANCE_VERBS,
    )
    tokens = tokens_of(said)
    if not tokens:
        return Help(text=HELP[kind])
    if tokens[0].word in ("incident", "maintenance") and tokens[1:] and tokens[1].word in verbs:
        said = said[tokens[0].end :]
        tokens = tokens_of(said)
    first = tokens[0].word
    second = tokens[1].word if len(tokens) > 1 else ""
    alone = len(tokens) == 1 or ref_of(tokens[1].text) is not None
    if first in verbs and (first, second) not in COMMENTS_AFTER:
        return _told(said, kind=kind, verbs=verbs, name=kind.value)
    if alone and (first in STATUS_WORDS or _is_severity(first)):
        return _told(said, kind=kind, verbs=verbs, name=kind.value)
    if ref_of(tokens[0].text) is not None and second in verbs:
        return _told(said, kind=kind, verbs=verbs, name=kind.value)
    if len(tokens) == 1 and get_close_matches(first, verbs, n=1, cutoff=0.75):
        return _unknown(first, verbs, name=kind.value)
    return Comment(text=plain(said).strip())


# -- commands -------------------------------------------------------------------------------------


def _told(text: str, *, kind: TicketType, verbs: Mapping[str, Verb], name: str) -> Intention:
    """``verb [ref] …``, or ``ref verb …``; nothing at all opens the form."""
    token, rest = first_of(text)
    if token is None:
        return Create(kind=kind)
    ref = ref_of(token.text)
    if ref is not None:
        token, rest = first_of(rest)
        if token is None:
            return Unclear(
                sentence=f"What about {ref}? Say for example `/{name} update {ref} …`.",
                meant=("update", "close", "status"),
            )
    verb = verbs.get(token.word)
    if verb is not None:
        return _done(verb, rest, kind=kind, name=name, given=ref)
    if _status_of(token.word, kind) is not None:
        return _done(Verb.STATUS, f"{token.word} {rest}", kind=kind, name=name, given=ref)
    if _is_severity(token.word):
        return _done(Verb.SEVERITY, f"{token.word} {rest}", kind=kind, name=name, given=ref)
    return _unknown(token.word, verbs, name=name)


def _unknown(word: str, verbs: Mapping[str, Verb], *, name: str) -> Unclear:
    near = get_close_matches(word, verbs, n=3, cutoff=0.6)
    meant = tuple(dict.fromkeys(verbs[one].value for one in near))
    if meant:
        advice = "Did you mean " + " or ".join(f"`/{name} {one}`" for one in meant) + "?"
    elif name == "maintenance":
        advice = "`/maintenance create` opens the form for planned work."
    else:
        advice = "`/incident create …` opens an incident with the words that follow."
    return Unclear(
        sentence=f"I do not know `{harmless(word)}`. {advice} `/{name} help` lists everything.",
        meant=meant,
    )


def _done(verb: Verb, text: str, *, kind: TicketType, name: str, given: str | None) -> Intention:
    """What *verb* asks for with the *text* behind it; ``given`` is a ref that stood before it."""
    if verb is Verb.CREATE:
        return Create(kind=kind, text=text.strip() if words_in(text) else "")
    if verb is Verb.HELP:
        return Help(text=HELP[kind])
    if verb is Verb.LIST:
        return ListTickets(kind=kind, words=_filters(text))
    if verb is Verb.MEASURES:
        return _measures(text)
    ref, rest, bad = (given, text, None) if given is not None else with_ref(text)
    if bad is not None:
        return Unclear(
            sentence=f"`{harmless(bad)}` is no ref: one looks like `I20261120-af36`"
            f" (`/{name} list` shows those that are open)."
        )
    return _PARTS[verb](_Said(ref=ref, rest=rest, kind=kind, name=name))


def _measures(text: str) -> Intention:
    if not words_in(text):
        return Measure()
    found = later_end(plain(text))
    if found is None or found.by is None or found.rest:
        return Unclear(
            sentence="Of what time? Say for example `/incident measures 7d`; without a time it is"
            " the last 30 days."
        )
    return Measure(span=found.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What stands behind a verb: the ref if there was one, and the rest as it came."""

    ref: str | None
    rest: str
    kind: TicketType
    name: str


def _severity(said: _Said) -> Intention:
    token, rest = first_of(said.rest)
    if token is None:
        return Unclear(sentence=f"Which severity? Say for example `/{said.name} severity sev2`.")
    ref, rest = _late_ref(said.ref, rest)
    return SetSeverity(word=cut(token.word, 64), ref=ref, reason=words_in(rest))


def _late_ref(ref: str | None, rest: str) -> tuple[str | None, str]:
    """A ref that follows the word instead of standing before it."""
    if ref is not None:
        return ref, rest
    late, behind, _ = with_ref(rest)
    return (None, rest) if late is None else (late, behind)


def _assignee(said: _Said) -> Intention:
    token, rest = first_of(said.rest)
    if token is not None and token.word == "to":
        token, rest = first_of(rest)
    if token is None:
        return Unclear(
            sentence=f"To whom? Say for example `/{said.name} assign @somebody`,"
            f" `/{said.name} assign me`, or a contributor's code."
        )
    user_id = user_in(token.text.strip(".,:;!?"))
    ref, rest = _late_ref(said.ref, rest)
    if user_id is not None:
        return SetAssignee(whom=SlackUser(user_id=user_id), ref=ref)
    if token.word in ("me", "myself"):
        return SetAssignee(whom=Myself(), ref=ref)
    if token.word in ("nobody", "none", "-", "noone"):
        return SetAssignee(whom=Nobody(), ref=ref)
    name = f"{plain(token.text)} {words_in(rest)}".strip(AROUND.replace("_", "") + "@ ")
    if not name:
        return Unclear(sentence="To whom? I can read a mention, `me`, `nobody`, a name or a code.")
    return SetAssignee(whom=Named(name=cut(name, 200)), ref=ref)


def _status(said: _Said) -> Intention:
    tokens = tokens_of(said.rest, 2)
    if not tokens:
        return Move(status=None, ref=said.ref)
    joined = " ".join(token.word for token in tokens)
    for word, end in ((joined, tokens[-1].end), (tokens[0].word, tokens[0].end)):
        status = _status_of(word, said.kind)
        if status is not None:
            ref, rest = _late_ref(said.ref, said.rest[end:])
            text = words_in(rest.lstrip(" \t:,"))
            if status is Status.CLOSED:
                return Close(ref=ref, text=text)
            return Move(status=status, ref=ref, text=text, word=folded(word))
    near = get_close_matches(tokens[0].word, STATUS_WORDS, n=2, cutoff=0.6)
    return Unclear(
        sentence=f"`{harmless(tokens[0].word)}` is no status. Known are "
        + ", ".join(f"`{word}`" for word in _statuses_shown(said.kind))
        + ".",
        meant=tuple(near),
    )


def _statuses_shown(kind: TicketType) -> list[str]:
    if kind is TicketType.MAINTENANCE:
        return ["planned", "in_progress", "completed", "closed", "cancelled"]
    return [
        "acknowledged",
        "investigating",
        "mitigating",
        "monitoring",
        "resolved",
        "closed",
        "cancelled",
    ]


def _status_of(word: str, kind: TicketType) -> Status | None:
    """The status that *word* names, whatever type of ticket has it: a ref may be of either."""
    key = folded(word)
    if key == "open" and kind is TicketType.MAINTENANCE:
        return Status.PLANNED
    return STATUS_WORDS.get(key)


def _is_severity(word: str) -> bool:
    return re.fullmatch(r"(?:sev|p)-?[1-5]", word) is not None


def _cancel(said: _Said) -> Intention:
    token, rest = first_of(said.rest)
    if token is not None and token.word in ("declined", "invalid"):
        word, text = token.word, words_in(rest)
    else:
        word, text = Status.CANCELLED.value, words_in(said.rest)
    return Move(status=Status.CANCELLED, ref=said.ref, text=text, word=word)


def _rca(said: _Said) -> Intention:
    if not words_in(said.rest):
        return Rca(ref=said.ref)
    ref, rest = said.ref, said.rest
    address = address_in(rest)
    if address is None:
        token, behind = first_of(rest)
        address = "" if token is None else plain(token.text).strip("\"'`“”‘’,;")
        ref, _ = _late_ref(ref, behind)
    return Rca(ref=ref, url=cut(address, 2_001))


def _extend(said: _Said) -> Intention:
    found = later_end(plain(said.rest))
    if found is None:
        return Unclear(
            sentence=f"Until when? Say for example `/{said.name} extend {said.ref or 'M…'} 2h`,"
            f" or `/{said.name} extend {said.ref or 'M…'} until 2026-11-20 14:05` (UTC)."
        )
    return Extend(ref=said.ref, until=found.until, by=found.by, text=unquoted(found.rest))


def _moving(status: Status, *, reopens: bool = False) -> Callable[[_Said], Intention]:
    return lambda said: Move(
        status=status, ref=said.ref, text=words_in(said.rest), word=status.value, reopens=reopens
    )


_PARTS: Final[Mapping[Verb, Callable[[_Said], Intention]]] = MappingProxyType(
    {
        Verb.ACK: lambda said: Acknowledge(ref=said.ref),
        Verb.UPDATE: lambda said: Update(ref=said.ref, text=words_in(said.rest)),
        Verb.CLOSE: lambda said: Close(ref=said.ref, text=words_in(said.rest)),
        Verb.RCA: _rca,
        Verb.PUBLISH: lambda said: Publish(ref=said.ref, text=words_in(said.rest)),
        Verb.SEVERITY: _severity,
        Verb.ASSIGN: _assignee,
        Verb.UNASSIGN: lambda said: SetAssignee(whom=Nobody(), ref=said.ref),
        Verb.STATUS: _status,
        Verb.RESOLVE: _moving(Status.RESOLVED),
        Verb.REOPEN: _moving(Status.INVESTIGATING, reopens=True),
        Verb.CANCEL: _cancel,
        Verb.START: _moving(Status.IN_PROGRESS),
        Verb.COMPLETE: _moving(Status.COMPLETED),
        Verb.EXTEND: _extend,
    }
)


def _filters(text: str) -> tuple[str, ...]:
    said = (plain(token.text).strip(AROUND.replace("_", "")) for token in tokens_of(text, 16))
    return tuple(cut(word, 64) for word in said if word)


def _about_tocsin(text: str) -> Intention:
    token, rest = first_of(text)
    if token is None or token.word == "help":
        return Help(text=HELP[None])
    code, _ = first_of(rest)
    match token.word:
        case "link" if code is not None:
            return Link(code=cut(plain(code.text).strip(AROUND.replace("_", "")), 200))
        case "link":
            return Unclear(
                sentence="Which code? An org_admin makes one for you; then say `/tocsin link CODE`."
            )
        case "use" if code is not None:
            return Use(code=cut(code.text.strip(AROUND.replace("_", "")).lower(), 64))
        case "use":
            return Unclear(sentence="Which org? Say `/tocsin use CODE` with the org's code.")
        case _:
            return _unknown(token.word, TOCSIN_VERBS, name="tocsin")
