"""Connectors: the neighbours that may speak to us, each in its own way (API: connectors)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, assert_never

from tocsin.core import record_reading as read
from tocsin.core.claims import CONNECTOR_CODE, CONNECTOR_DIGEST, Claim
from tocsin.core.connector_words import ConnectorKind, ConnectorMode
from tocsin.core.errors import Conflict, FieldError
from tocsin.core.evidence import Given
from tocsin.core.facts import NotGiven, Payload, stream_name
from tocsin.core.record_changes import FieldValue, changes_between
from tocsin.core.record_commands import (
    CreateConnector,
    RemoveConnector,
    UpdateConnector,
)
from tocsin.core.record_facts import ConnectorCreated, RecordRemoved, RecordUpdated
from tocsin.core.records import Connector
from tocsin.core.words import parse_environment

MOST_EXPRESSIONS: Final = 50
LONGEST_EXPRESSION: Final = 1_000
LONGEST_SILENCE: Final = 10_080
"""Minutes: a week."""

_LONGEST_LABEL: Final = 64
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIELD = re.compile(r"[a-z][a-z0-9_.]{0,63}")


def decide_connector(
    state: Connector | None,
    command: CreateConnector | UpdateConnector | RemoveConnector,
    given: Given,
) -> tuple[Payload, ...]:
    """The facts that follow for a connector; ``()`` when nothing changes.

    Raises:
        Conflict: it exists already, or its code or token is another's.
        Invalid: fields are wrong.
        NotFound: there is no such connector.
    """
    match command:
        case CreateConnector():
            read.absent(state, "connector")
            errors: read.Errors = []
            made = ConnectorCreated(
                code=read.code(command.code, errors=errors),
                name=read.name(command.name, errors=errors),
                connector_kind=read.word(ConnectorKind, command.kind, field="kind", errors=errors),
                token_digest=_digest(command.token_digest, errors=errors),
                mode=read.word(ConnectorMode, command.mode, field="mode", errors=errors),
                contributor_id=_contributor(command.contributor, given=given, errors=errors),
                service=_service(command.service, given=given, errors=errors),
                environment=_environment(command.environment, errors=errors),
                mapping=_mapping(command.mapping, errors=errors),
                hmac_secret_id=_secret_id(command.hmac_secret_id, errors=errors),
                expected_every_minutes=_silence(command.expected_every_minutes, errors=errors),
            )
            read.refuse(errors)
            stream = stream_name("connector", command.connector_id)
            code: Claim = (CONNECTOR_CODE, made.code)
            read.refuse_taken([("code", code)], stream=stream, given=given)
            _refuse_known_token(made.token_digest, stream=stream, given=given)
            return (made,)
        case UpdateConnector():
            return _changes(read.existing(state, "connector"), command, given)
        case RemoveConnector():
            read.existing(state, "connector")
            return (RecordRemoved(at=given.at),)
        case _:
            assert_never(command)


def _changes(state: Connector, command: UpdateConnector, given: Given) -> tuple[Payload, ...]:
    errors: read.Errors = []
    wanted: dict[str, FieldValue] = {}
    if not isinstance(command.kind, NotGiven):
        kind = read.word(ConnectorKind, command.kind, field="kind", errors=errors)
        if kind not in (None, state.kind.value):
            detail = f"is {state.kind.value}, and stays so; delete it to make another"
            errors.append(FieldError("kind", "forbidden_field", detail))
    if not isinstance(command.code, NotGiven):
        wanted["code"] = read.code(command.code, errors=errors)
    if not isinstance(command.name, NotGiven):
        wanted["name"] = read.name(command.name, errors=errors)
    if not isinstance(command.token_digest, NotGiven):
        wanted["token_digest"] = _digest(command.token_digest, errors=errors)
    if not isinstance(command.mode, NotGiven):
        wanted["mode"] = read.word(ConnectorMode, command.mode, field="mode", errors=errors)
    if not isinstance(command.contributor, NotGiven):
        wanted["contributor_id"] = (
            None
            if command.contributor is None
            else _contributor(command.contributor, given=given, errors=errors)
        )
    if not isinstance(command.service, NotGiven):
        wanted["service"] = _service(command.service, given=given, errors=errors)
    if not isinstance(command.environment, NotGiven):
        wanted["environment"] = _environment(command.environment, errors=errors)
    if not isinstance(command.mapping, NotGiven):
        wanted["mapping"] = _mapping(command.mapping, errors=errors)
    if not isinstance(command.hmac_secret_id, NotGiven):
        wanted["hmac_secret_id"] = _secret_id(command.hmac_secret_id, errors=errors)
    if not isinstance(command.expected_every_minutes, NotGiven):
        wanted["expected_every_minutes"] = _silence(command.expected_every_minutes, errors=errors)
    read.refuse(errors)
    stream = stream_name("connector", state.id)
    if not isinstance(command.code, NotGiven):
        claim: Claim = (CONNECTOR_CODE, command.code)
        read.refuse_taken([("code", claim)], stream=stream, given=given)
    if not isinstance(command.token_digest, NotGiven):
        _refuse_known_token(command.token_digest, stream=stream, given=given)
    changes = changes_between(state, wanted)
    return (RecordUpdated(changes=changes),) if changes else ()


def _contributor(value: str | None, *, given: Given, errors: read.Errors) -> str | None:
    return read.contributor(value, field="defaults.contributor", given=given, errors=errors)


def _digest(value: str, *, errors: read.Errors) -> str:
    if _DIGEST.fullmatch(value) is None:
        errors.append(FieldError("token", "bad_secret", "its SHA-256 is not 64 digits of hex"))
    return value


def _refuse_known_token(digest: str, *, stream: str, given: Given) -> None:
    """One token is one connector's, so that it says which. Neither it nor its digest is repeated.

    Raises:
        Conflict: another connector has it.
    """
    if given.claims.get((CONNECTOR_DIGEST, digest), stream) != stream:
        error = FieldError("token", "taken", "another connector has this token")
        raise Conflict(f"token: {error.detail}", errors=(error,))


def _service(value: str | None, *, given: Given, errors: read.Errors) -> str | None:
    """The code of a service that is known: a typing error would make one up at every signal."""
    if value is None:
        return None
    found = given.directory.service(value)
    if found is None:
        detail = f'no service "{value[:64]}" is known'
        errors.append(FieldError("defaults.service", "unknown_service", detail))
        return None
    return found.code


def _environment(value: str | None, *, errors: read.Errors) -> str | None:
    found = read.optional_text(
        value, field="defaults.environment", longest=_LONGEST_LABEL, errors=errors
    )
    return None if found is None else parse_environment(found)


def _mapping(value: Mapping[str, str], *, errors: read.Errors) -> dict[str, str]:
    """The expressions by the field they give, sorted; what they say is read elsewhere."""
    if len(value) > MOST_EXPRESSIONS:
        detail = f"more than {MOST_EXPRESSIONS} expressions"
        errors.append(FieldError("mapping", "too_many", detail))
        return {}
    for name, expression in value.items():
        field = f"mapping.{name[:_LONGEST_LABEL]}"
        if _FIELD.fullmatch(name) is None:
            detail = "not the name of a field of a signal, such as summary or labels.site"
            errors.append(FieldError(field, "bad_character", detail))
        read.text(expression, field=field, longest=LONGEST_EXPRESSION, errors=errors)
    return dict(sorted(value.items()))


def _secret_id(value: str | None, *, errors: read.Errors) -> str | None:
    return read.optional_text(value, field="hmac_secret", longest=_LONGEST_LABEL, errors=errors)


def _silence(value: int | None, *, errors: read.Errors) -> int | None:
    if value is None:
        return None
    return read.number(
        value, field="expected_every_minutes", least=1, most=LONGEST_SILENCE, errors=errors
    )
