"""Entry points: what becomes of a report in free text (Integrations: triage of a free-text report).

How a report finds its entry point is in :mod:`triage`.
"""

from __future__ import annotations

from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core import ticket_reading
from tocsin.core.claims import ENTRY_POINT_FALLBACK, ENTRY_POINT_NAME
from tocsin.core.errors import Conflict, FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateEntryPoint,
    RemoveEntryPoint,
    UpdateEntryPoint,
)
from tocsin.core.record_facts import EntryPointCreated, RecordRemoved, RecordUpdated
from tocsin.core.records import EntryPoint
from tocsin.core.words import Severity

MOST_WORDS: Final = 100
LONGEST_WORD: Final = 100
LONGEST_PROMPT: Final = 2_000
LAST: Final = 10_000
"""The highest order."""

FALLBACK: Final = "fallback"
"""What the one fallback of an org holds."""


def decide_entry_point(
    state: EntryPoint | None,
    command: CreateEntryPoint | UpdateEntryPoint | RemoveEntryPoint,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for an entry point; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, its name is taken, or the org has another fallback.
        Invalid: fields are wrong, or nothing could ever lead to it.
        NotFound: there is no such entry point.
    """
    match command:
        case CreateEntryPoint():
            read.absent(state, "entry point")
            errors: read.Errors = []
            made = EntryPointCreated(
                name=read.name(command.name, errors=errors),
                words=_words(command.words, errors=errors),
                prompt=_prompt(command.prompt, errors=errors),
                assignee=ticket_reading.assignee(command.assignee, given=given, errors=errors),
                severity=_severity(command.severity, given=given, errors=errors),
                service=_service(command.service, given=given, errors=errors),
                is_fallback=command.is_fallback,
                order=_order(command.order, errors=errors),
            )
            if not errors:
                _refuse_unreachable(made.words, made.prompt, made.is_fallback, errors=errors)
            read.refuse(errors)
            stream = stream_name("entry_point", command.entry_point_id)
            read.refuse_taken([("name", (ENTRY_POINT_NAME, made.name))], stream=stream, given=given)
            if made.is_fallback:
                _refuse_second_fallback(stream=stream, given=given)
            return (made,)
        case UpdateEntryPoint():
            return _changes(read.existing(state, "entry point"), command, given)
        case RemoveEntryPoint():
            read.existing(state, "entry point")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _changes(state: EntryPoint, command: UpdateEntryPoint, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    words, prompt, is_fallback = state.words, state.prompt, state.is_fallback
    if not isinstance(command.words, NotGiven):
        wanted["words"] = words = _words(command.words, errors=errors)
    if not isinstance(command.prompt, NotGiven):
        wanted["prompt"] = prompt = _prompt(command.prompt, errors=errors)
    if not isinstance(command.assignee, NotGiven):
        wanted["assignee"] = ticket_reading.assignee(command.assignee, given=given, errors=errors)
    if not isinstance(command.severity, NotGiven):
        wanted["severity"] = _severity(command.severity, given=given, errors=errors)
    if not isinstance(command.service, NotGiven):
        wanted["service"] = _service(command.service, given=given, errors=errors)
    if not isinstance(command.is_fallback, NotGiven):
        wanted["is_fallback"] = is_fallback = command.is_fallback
    if not isinstance(command.order, NotGiven):
        wanted["order"] = _order(command.order, errors=errors)
    if not errors:
        _refuse_unreachable(words, prompt, is_fallback, errors=errors)
    read.refuse(errors)
    stream = stream_name("entry_point", state.id)
    if not isinstance(command.name, NotGiven):
        read.refuse_taken([("name", (ENTRY_POINT_NAME, command.name))], stream=stream, given=given)
    if is_fallback:
        _refuse_second_fallback(stream=stream, given=given)
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _words(words: tuple[str, ...], *, errors: read.Errors) -> tuple[str, ...]:
    """The words without the blanks around them, as they were written."""
    if len(words) > MOST_WORDS:
        errors.append(FieldError("match.words", "too_many", f"more than {MOST_WORDS} words"))
        return ()
    found: list[str] = []
    seen: set[str] = set()
    for index, word in enumerate(words):
        field = f"match.words[{index}]"
        if "\n" in word or "\t" in word:
            errors.append(FieldError(field, "bad_character", "must be one line"))
        found.append(read.text(word.strip(), field=field, longest=LONGEST_WORD, errors=errors))
        if found[-1].casefold() in seen:
            errors.append(FieldError(field, "duplicate", f'"{found[-1]}" is named twice'))
        seen.add(found[-1].casefold())
    return tuple(found)


def _prompt(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="match.prompt", longest=LONGEST_PROMPT, errors=errors)


def _severity(value: str | None, *, given: Given, errors: read.Errors) -> Severity | None:
    if value is None:
        return None
    return ticket_reading.severity(value, given=given, errors=errors)[0]


def _service(value: str | None, *, given: Given, errors: read.Errors) -> str | None:
    """The code of a service that is known: a typing error would make one up at every report."""
    if value is None:
        return None
    found = given.directory.service(value)
    if found is None:
        detail = f'no service "{value[:64]}" is known'
        errors.append(FieldError("service", "unknown_service", detail))
        return None
    return found.code


def _order(value: int, *, errors: read.Errors) -> int:
    return read.number(value, field="order", least=0, most=LAST, errors=errors)


def _refuse_unreachable(
    words: tuple[str, ...], prompt: str | None, is_fallback: bool, *, errors: read.Errors
) -> None:
    if not words and prompt is None and not is_fallback:
        detail = "needs words or a prompt, unless it is the fallback; nothing would lead here"
        errors.append(FieldError("match", "required", detail))


def _refuse_second_fallback(*, stream: str, given: Given) -> None:
    """One takes the place of another only by a word about each, so that nothing moves unseen."""
    if given.claims.get((ENTRY_POINT_FALLBACK, FALLBACK), stream) != stream:
        detail = "another entry point is the fallback; set is_fallback false there first"
        error = FieldError("is_fallback", "taken", detail)
        raise Conflict(f"is_fallback: {detail}", errors=(error,))
