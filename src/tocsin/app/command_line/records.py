"""The five commands of every sort of record, made from a row: list, get, create, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from tocsin.app.command_line.connection import Desk, desk
from tocsin.app.command_line.fields import (
    IDEMPOTENCY,
    Flag,
    body_of,
    described,
    idempotency,
    options,
    unset_option,
)
from tocsin.app.command_line.output import emit, json_options, json_text
from tocsin.app.command_line.tickets import limit_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """One sort of record: its path, what names one, its fields, and the columns of its list.

    ``naming`` are the flags that name one besides the positional (``code``, ``pubkey``).
    ``finish`` turns the fields as flags have them into the body. ``secret`` is the answer's field
    that is shown once, alone on standard output. ``ending`` is the verb that ends one.
    """

    name: str
    path: str
    about: str
    naming: Sequence[str]
    creation: Sequence[Flag]
    change: Sequence[Flag]
    columns: Sequence[str]
    example: str
    create_example: str
    update_example: str
    nullable: Sequence[str] = ()
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    secret: str | None = None
    ending: str = "delete"
    ending_summary: str = "Delete it. Its log stays, its names are free again."


def group(sort: Sort) -> click.Group:
    """The group of the commands of *sort*."""
    made = click.Group(sort.name, help=sort.about)
    for command in (_list(sort), _get(sort), _create(sort), _update(sort), _delete(sort)):
        made.add_command(command)
    return made


def _one(sort: Sort) -> str:
    return f"{'an' if sort.name[0] in 'aeiou' else 'a'} {sort.name}"


def naming_options(sort: Sort) -> list[click.Parameter]:
    """The positional and the flags that name one thing of *sort*."""
    metavar = "|".join((*sort.naming, "id") if "code" not in sort.naming else sort.naming).upper()
    return [
        click.Argument(["thing"], metavar=f"[{metavar}]", required=False),
        *(
            click.Option([f"--{name}", f"by_{name}"], help=f"Name it by its {name}.")
            for name in sort.naming
        ),
    ]


def named_by(sort: Sort, values: dict[str, Any]) -> str:
    """What :func:`naming_options` were given; it is taken out of *values*.

    Raises:
        click.UsageError: it is named by none of them, or by several.
    """
    flags = [f"by_{name}" for name in sort.naming]
    given = [value for value in (values.pop(name) for name in ("thing", *flags)) if value]
    if len(given) != 1:
        ways = ", ".join(f"--{name}" for name in sort.naming)
        raise click.UsageError(
            f"which {sort.name}? Name exactly one" + (f" (or {ways})" if ways else "")
        )
    return str(given[0])


def _at() -> Desk:
    return desk(click.get_current_context())


def _list(sort: Sort) -> click.Command:
    def run(form: str | None, limit: int, everything: bool) -> None:
        from tocsin.app.command_line.client import pages
        from tocsin.app.command_line.tables import record_table

        at = _at()
        found = pages(at.gateway, at.path(sort.path), limit=None if everything else limit)
        emit(found, form=form, human=partial(record_table, columns=sort.columns))

    return click.Command(
        "list",
        params=[*limit_options(), *json_options()],
        callback=run,
        help=described(
            f"List {sort.path}.",
            examples=(f"{sort.name} list", f"{sort.name} list --all --json"),
        ),
    )


def _get(sort: Sort) -> click.Command:
    def run(form: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import card

        thing = named_by(sort, values)
        at = _at()
        found = call(at.gateway, "GET", at.path(sort.path, thing)).body
        emit(found, form=form, human=card)

    return click.Command(
        "get",
        params=[*naming_options(sort), *json_options()],
        callback=run,
        help=described(
            f"Show one {sort.name}.",
            examples=(f"{sort.name} get {sort.example}", f"{sort.name} get {sort.example} --json"),
        ),
    )


def _create(sort: Sort) -> click.Command:
    def run(form: str | None, idempotency_key: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import card

        body = body_of(sort.creation, values)
        if sort.finish is not None:
            body = sort.finish(body)
        at = _at()
        headers = idempotency(idempotency_key)
        made = call(at.gateway, "POST", at.path(sort.path), body=body, headers=headers).body
        if sort.secret is not None and form is None:
            _tell_secret(sort, made)
        else:
            emit(made, form=form, human=card)

    return click.Command(
        "create",
        params=[*options(sort.creation), IDEMPOTENCY, *json_options()],
        callback=run,
        help=described(
            f"Create {_one(sort)}.",
            more="Prints the secret once, alone on standard output." if sort.secret else "",
            examples=(f"{sort.name} create {sort.create_example}",),
        ),
    )


def _tell_secret(sort: Sort, made: dict[str, Any]) -> None:
    assert sort.secret is not None, "only asked for sorts that have one"
    secret = made.get(sort.secret)
    rest = {name: value for name, value in made.items() if name != sort.secret}
    click.echo(json_text(rest, compact=True), err=True)
    if secret is None:
        click.echo(
            f"this {sort.name} was made before under the same idempotency key; its secret is not "
            "shown again",
            err=True,
        )
        click.get_current_context().exit(1)
    click.echo(secret)


def _update(sort: Sort) -> click.Command:
    def run(form: str | None, unset: tuple[str, ...] = (), **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import card

        thing = named_by(sort, values)
        body = body_of(sort.change, values)
        if sort.finish is not None:
            body = sort.finish(body)
        body.update(dict.fromkeys(unset))
        if not body:
            raise click.UsageError("nothing to change; name at least one field")
        at = _at()
        changed = call(at.gateway, "PATCH", at.path(sort.path, thing), body=body).body
        if form is None and sort.secret is not None and changed.get(sort.secret) is not None:
            # A new one is told as the first was, so that the same line of a script takes either.
            _tell_secret(sort, changed)
        else:
            emit(changed, form=form, human=card)

    empties = [unset_option(sort.nullable)] if sort.nullable else []
    return click.Command(
        "update",
        params=[
            *naming_options(sort),
            *options(sort.change, required=False),
            *empties,
            *json_options(),
        ],
        callback=run,
        help=described(
            f"Change fields of {_one(sort)}. Lists are replaced by what is named.",
            examples=(f"{sort.name} update {sort.example} {sort.update_example}",),
        ),
    )


def _delete(sort: Sort) -> click.Command:
    def run(form: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import text

        thing = named_by(sort, values)
        at = _at()
        answer = call(at.gateway, "DELETE", at.path(sort.path, thing))
        word = "revoked" if sort.ending == "revoke" else "deleted"
        if form is None or answer.body is not None:
            emit(
                answer.body, form=form, human=lambda body, now: text(f"{sort.name} {thing} {word}")
            )

    return click.Command(
        sort.ending,
        params=[*naming_options(sort), *json_options()],
        callback=run,
        help=described(
            sort.ending_summary, examples=(f"{sort.name} {sort.ending} {sort.example}",)
        ),
    )
