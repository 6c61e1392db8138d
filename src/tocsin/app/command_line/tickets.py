"""What incidents and maintenance have in common: opening, listing, reading and changing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from tocsin.app.command_line.connection import desk
from tocsin.app.command_line.fields import (
    DIALECT,
    IDEMPOTENCY,
    IMPACT,
    ROOT_CAUSE,
    SEVERITY,
    Flag,
    Instant,
    Pair,
    Prose,
    Words,
    body_of,
    described,
    flag,
    idempotency,
    options,
    unset_option,
)
from tocsin.app.command_line.output import emit, json_options

NULLABLE = (
    "impact", "reporter_name", "reporter_email", "project_id", "primary_signal_id", "runbook_path",
    "internal_reference", "resolution", "root_cause",
)  # fmt: skip

AFFECTED = (
    flag("--device", "device_pubkey", "A device, by code or pubkey. Repeatable.", many=True),
    flag("--link", "affected_link_pubkey", "A link, by code or pubkey. Repeatable.", many=True),
    flag("--service", "services", "A service, by code. Repeatable.", many=True),
)
CHANGEABLE = (
    flag("--description", "description", "What is known, Markdown; - reads it.", Prose()),
    *AFFECTED,
    flag("--impact", "impact", "How bad for users.", IMPACT),
    flag("--reporter-name", "reporter_name", "Who noticed."),
    flag("--reporter-email", "reporter_email", "Their address."),
    flag("--project-id", "project_id", "A project."),
    flag("--environment", "environment", "production, staging, …"),
    flag("--detected-by", "detected_by", "How it was noticed."),
    flag("--runbook-path", "runbook_path", "A runbook's address or path."),
    flag("--correlation-key", "correlation_keys", "Signals with it join. Repeatable.", many=True),
    flag("--internal-reference", "internal_reference", "Your own number."),
)
ON_CREATION = (
    flag("--label", "labels", "A label. Repeatable.", many=True),
    flag("--assignee", "assignee", "A member's id or a contributor's code."),
    flag(
        "--reference", "references", "KIND=URL: ticket, rca, postmortem, runbook, chat, other.",
        Pair(left="kind", right="url"), many=True, metavar="KIND=URL",
    ),
    flag("--dialect", "dialect", "Read status and severity as this system's words.", DIALECT),
    flag("--dry-run", "dry_run", "Answer without doing it.", switch=True),
)  # fmt: skip
_FILTERS = (
    flag("--severity", "severity", "Repeatable.", SEVERITY, many=True),
    flag("--active/--ended", "active", "Only active ones, or only the others.", switch=True),
    flag("--created-by-contributor", "created_by_contributor", "Whose ticket it is, by code."),
    flag("--affects-contributor", "affects_contributor", "Whose assets it touches, by code."),
    flag("--mine", "mine", "Only your own.", switch=True),
    flag("--device", "device_pubkey", "Code or pubkey. Repeatable.", many=True),
    flag("--link", "affected_link_pubkey", "Code or pubkey. Repeatable.", many=True),
    flag("--service", "service", "Code. Repeatable.", many=True),
    flag("--environment", "environment", "production, staging, …"),
    flag("--project-id", "project_id", "A project."),
    flag("--assignee", "assignee", "A member's id or a contributor's code."),
    flag("--label", "label", "Repeatable.", many=True),
    flag("--correlation-key", "correlation_key", "A correlation key it holds."),
    flag("--search --q", "q", "All these words; the last may be a beginning."),
    flag("--created-after", "created_after", "Time.", Instant()),
    flag("--created-before", "created_before", "Time.", Instant()),
    flag("--overlaps-from", "overlaps_from", "Its window reaches into this one: from.", Instant()),
    flag("--overlaps-to", "overlaps_to", "… to.", Instant()),
    flag(
        "--sort", "sort", "What to order by.",
        click.Choice(["created_at", "updated_at", "severity", "start_at"]),
    ),
    flag("--direction", "direction", "Which way.", click.Choice(["desc", "asc"])),
    flag("--wait-for", "wait_for", "With --search: wait up to 2 s for this position.", click.INT),
    flag("--dialect", "dialect", "Write statuses and severities in this system's words.", DIALECT),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the two kinds of ticket: its ``type``, an example ref, and the words of its status."""

    name: str
    example: str
    statuses: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command that sends a small body to a path of the ticket; *fixed* is always in it."""

    name: str
    path: str
    summary: str
    more: str = ""
    method: str = "POST"
    flags: Sequence[Flag] = ()
    fixed: tuple[tuple[str, Any], ...] = ()
    example: str = ""
    finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None


LABELS = Verb(
    name="label",
    path="labels",
    summary="Put labels on and take labels off.",
    flags=(
        flag("--add", "add", "Put this label on. Repeatable.", many=True),
        flag("--remove", "remove", "Take this label off. Repeatable.", many=True),
    ),
    example="--add routing --remove carrier",
)
SEVERITIES = Verb(
    name="severity",
    path="severity",
    summary="Raise or lower the severity.",
    flags=(
        flag("--to --severity", "severity", "The new severity.", SEVERITY, required=True),
        flag("--reason", "reason", "Why."),
    ),
    example='--to sev2 --reason "second site affected"',
)
RCA = Verb(
    name="rca",
    path="rca",
    method="PUT",
    summary="Set or replace the address of the root-cause analysis, also after closing.",
    flags=(flag("--url", "url", "Where it is (http or https).", required=True),),
    example="--url https://wiki.example/rca/42",
)
SHARED = (LABELS, SEVERITIES)


def ticket_argument() -> click.Argument:
    """The one positional argument: the ticket itself."""
    return click.Argument(["ticket"], metavar="TICKET")


def version_option() -> click.Option:
    """``--if-version N``: only when nobody changed it since."""
    return click.Option(
        ["--if-version"],
        type=click.IntRange(min=0),
        help="Refuse when the ticket is at another version.",
    )


def _preconditions(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def posting(kind: Kind, verb: Verb) -> click.Command:
    """The command of one row of the table of verbs."""

    def run(
        ticket: str,
        form: str | None,
        if_version: int | None,
        idempotency_key: str | None = None,
        **values: Any,
    ) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import ticket_line

        body = {**dict(verb.fixed), **body_of(verb.flags, values)}
        if verb.flags and not verb.fixed and not body and any(row.many for row in verb.flags):
            raise click.UsageError("nothing to do; " + " or ".join(r.flags[0] for r in verb.flags))
        if verb.finish is not None:
            body = verb.finish(body)
        at = desk(click.get_current_context())
        answer = call(
            at.gateway,
            verb.method,
            at.path("tickets", ticket, verb.path),
            body=body,
            headers={**_preconditions(if_version), **idempotency(idempotency_key)},
        )
        emit(answer.body, form=form, human=ticket_line)

    posts = [IDEMPOTENCY] if verb.method == "POST" else []
    example = f"{kind.name} {verb.name} {kind.example} {verb.example}".rstrip()
    return click.Command(
        verb.name,
        params=[
            ticket_argument(),
            *options(verb.flags),
            version_option(),
            *posts,
            *json_options(),
        ],
        callback=run,
        help=described(verb.summary, more=verb.more, examples=(example,)),
    )


def listing(kind: Kind) -> click.Command:
    """``list``: every filter of ``GET /tickets`` as a flag."""
    filters = (flag("--status", "status", "Repeatable.", kind.statuses, many=True), *_FILTERS)

    def run(form: str | None, limit: int, everything: bool, **values: Any) -> None:
        from tocsin.app.command_line.client import pages
        from tocsin.app.command_line.tables import ticket_table

        at = desk(click.get_current_context())
        asked = [("type", kind.name)]
        for name, value in body_of(filters, values).items():
            for each in value if isinstance(value, list) else [value]:
                asked.append((name, str(each).lower() if isinstance(each, bool) else str(each)))
        found = pages(
            at.gateway, at.path("tickets"), query=asked, limit=None if everything else limit
        )
        emit(found, form=form, human=ticket_table)

    return click.Command(
        "list",
        params=[*options(filters), *limit_options(), *json_options()],
        callback=run,
        help=described(
            f"List {kind.name} tickets, newest first.",
            more="Flags that may be repeated mean: any of these. "
            "A time is RFC 3339, now, +2h30m or -1d.",
            examples=(
                f"{kind.name} list --active --severity sev1 --severity sev2",
                f"{kind.name} list --device ams-1 --created-after -7d --all --json",
                f'{kind.name} list --search "fibre cut"',
            ),
        ),
    )


def limit_options() -> list[click.Parameter]:
    """``--limit`` and ``--all`` of every list."""
    return [
        click.Option(
            ["--limit"], type=click.IntRange(min=1), default=50, show_default=True, help="At most."
        ),
        click.Option(["--all", "everything"], is_flag=True, help="All there are."),
    ]


def reading(kind: Kind) -> click.Command:
    """``get``: one ticket whole."""

    def run(ticket: str, form: str | None, dialect: str | None) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import ticket_card

        at = desk(click.get_current_context())
        query = [("dialect", dialect)] if dialect else []
        found = call(at.gateway, "GET", at.path("tickets", ticket), query=query).body
        emit(found, form=form, human=ticket_card)

    return click.Command(
        "get",
        params=[
            ticket_argument(),
            click.Option(["--dialect"], type=DIALECT, help="In this system's words."),
            *json_options(),
        ],
        callback=run,
        help=described(
            "Show one ticket whole, by ref or id.",
            examples=(f"{kind.name} get {kind.example}", f"{kind.name} get {kind.example} --json"),
        ),
    )


def creating(
    kind: Kind, *, flags: Sequence[Flag], finish: Callable[..., dict[str, Any]] | None,
    extra: Sequence[click.Parameter], summary: str, more: str, examples: Sequence[str],
) -> click.Command:  # fmt: skip
    """``create``: *finish* turns the body and what the *extra* options say into what is sent."""

    def run(form: str | None, idempotency_key: str | None, **values: Any) -> None:
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import ticket_card, ticket_line

        body = {"type": kind.name, **body_of(flags, values)}
        dialect = body.pop("dialect", None)
        if finish is not None:
            body = finish(body, **{option.name: values[option.name] for option in extra})
        at = desk(click.get_current_context())
        answer = call(
            at.gateway,
            "POST",
            at.path("tickets"),
            body=body,
            query=[("dialect", dialect)] if dialect else [],
            headers=idempotency(idempotency_key),
        )
        emit(answer.body, form=form, human=ticket_card if body.get("dry_run") else ticket_line)

    return click.Command(
        "create",
        params=[*options(flags), *extra, IDEMPOTENCY, *json_options()],
        callback=run,
        help=described(summary, more=more, examples=examples),
    )


def updating(kind: Kind, *, flags: Sequence[Flag], force: bool) -> click.Command:
    """``update``: change fields; lists are replaced whole. *force* where a window may be forced."""

    def run(
        ticket: str, form: str | None, if_version: int | None, unset: tuple[str, ...],
        force: str | None = None, **values: Any,
    ) -> None:  # fmt: skip
        from tocsin.app.command_line.client import call
        from tocsin.app.command_line.tables import ticket_line

        body = {**body_of(flags, values), **dict.fromkeys(unset)}
        if not body:
            raise click.UsageError("nothing to change; name at least one field")
        if force is not None:
            body["force"] = {"reason": force}
        at = desk(click.get_current_context())
        answer = call(
            at.gateway,
            "PATCH",
            at.path("tickets", ticket),
            body=body,
            headers=_preconditions(if_version),
        )
        emit(answer.body, form=form, human=ticket_line)

    return click.Command(
        "update",
        params=[
            ticket_argument(),
            *options(flags, required=False),
            unset_option(NULLABLE),
            *([force_option()] if force else []),
            version_option(),
            *json_options(),
        ],
        callback=run,
        help=described(
            "Change fields. Status, severity and assignee have commands of their own.",
            more="Devices, links, services and correlation keys are replaced by those named.",
            examples=(
                f'{kind.name} update {kind.example} --title "Fibre cut near Diemen"',
                f"{kind.name} update {kind.example} --unset project_id --if-version 4",
            ),
        ),
    )


def force_option() -> click.Option:
    """``--force REASON``, of an org_admin, over a policy that forbids overlaps."""
    return click.Option(
        ["--force"], metavar="REASON", help="Over forbid_overlap, as org_admin, with a reason."
    )


def title(*, required: bool) -> Flag:
    """The title's flag."""
    return flag("--title", "title", "What is wrong or planned, in a line.", required=required)


ROOT_CAUSE_FLAG = flag("--root-cause", "root_cause", "Why it happened.", ROOT_CAUSE)
