"""``tocsin import``: the configuration of another system, as what does the same here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tocsin.app.command_line.connection import Desk, desk
from tocsin.app.command_line.fields import described
from tocsin.app.command_line.output import emit, plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tocsin.adapters.alertmanager.importing import Plan

_LARGEST_FILE = 4_194_304
"""Bytes; no character has more than four."""

_COLUMNS = ("outcome", "order", "action", "name", "match.matchers", "correlation_key", "on_resolve")
_UNKNOWN_TOKEN = "the token of the connector"  # noqa: S105 — what stands where nobody knows it


@dataclass(slots=True)
class _Done:
    """What became of a plan so far: the connector as the gateway has it, whether it was made now,
    the outcome of each rule by its name, and rules of an earlier import that the plan has not."""

    connector: dict[str, Any] | None = None
    is_new: bool = False
    outcomes: dict[str, str] = field(default_factory=dict)
    left_over: list[dict[str, Any]] = field(default_factory=list)


@click.group("import")
def importing() -> None:
    """Take over the configuration of another system."""


def _alertmanager(
    config: Path, code: str, name: str, pages: Sequence[str], dry_run: bool, form: str | None
) -> None:
    from tocsin.adapters.alertmanager.importing import ImportRefused, plan_import

    try:
        plan = plan_import(_text_of(config), code=code, name=name, pages=pages)
    except ImportRefused as problem:
        raise click.ClickException(plain(f"{config}: {problem}")) from None
    done = _Done()
    if dry_run:
        _tell(_document(plan, done), form=form)
        return
    at = desk(click.get_current_context())
    try:
        _make(at, plan, done)
    finally:
        # The token is told once: it is shown whatever became of the rules.
        if done.connector is not None:
            _tell(_document(plan, done), form=form)


def _text_of(config: Path) -> str:
    """What the file says.

    Raises:
        click.ClickException: it cannot be read, is far too large, or is no UTF-8.
    """
    try:
        with click.open_file(str(config), "rb") as file:
            content: bytes = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise click.ClickException(f"{config}: too large for a configuration")
        return content.decode("utf-8-sig")
    except OSError as failure:
        raise click.ClickException(f"cannot read {config}: {failure.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{config}: not UTF-8") from None


def _make(at: Desk, plan: Plan, done: _Done) -> None:
    """Make what *plan* says and is not there yet, and put into *done* what became of it.

    Raises:
        click.ClickException: the connector's code or a rule's name is something else's; nothing was
            made.
        GatewayError: see :func:`client.call`; what was made before is in *done*.
    """
    from tocsin.adapters.alertmanager.importing import connector_body, rule_body
    from tocsin.app.command_line.client import call, pages

    wanted = {rule.name: rule_body(rule) for rule in plan.rules}
    connectors = pages(at.gateway, at.path("connectors"), limit=None)["items"]
    there = next((one for one in connectors if one["code"] == plan.connector.code), None)
    if there is not None and there["kind"] != plan.connector.kind.value:
        raise click.ClickException(
            f'the connector "{plan.connector.code}" speaks {plain(there["kind"])}; '
            "name another with --code"
        )
    known = {one["name"]: one for one in pages(at.gateway, at.path("rules"), limit=None)["items"]}
    foreign = [one for one in wanted if one in known and not _is_ours(known[one], plan)]
    if foreign:
        raise click.ClickException(
            f'the rule "{plain(foreign[0])}" is not of this connector; rename it, '
            "or name another connector with --code"
        )
    done.left_over = [
        {"id": one["id"], "name": name}
        for name, one in known.items()
        if _is_ours(one, plan) and name not in wanted and name.startswith(_beginning(plan))
    ]
    done.is_new = there is None
    if there is None:
        body = connector_body(plan.connector)
        there = call(at.gateway, "POST", at.path("connectors"), body=body).body
    done.connector = there
    for name, body in wanted.items():
        if name not in known:
            call(at.gateway, "POST", at.path("rules"), body=body)
            done.outcomes[name] = "made"
        elif any(known[name].get(key) != value for key, value in body.items()):
            call(at.gateway, "PATCH", at.path("rules", known[name]["id"]), body=body)
            done.outcomes[name] = "updated"
        else:
            done.outcomes[name] = "as it was"


def _is_ours(rule: dict[str, Any], plan: Plan) -> bool:
    return bool(rule["connector"] == plan.connector.code)


def _beginning(plan: Plan) -> str:
    return f"{plan.connector.code}: "


def _document(plan: Plan, done: _Done) -> dict[str, Any]:
    """Plan and outcome as one JSON document, the token and what to write only where they are."""
    from tocsin.adapters.alertmanager.importing import connector_body, rule_body, snippet

    rest = "would be made" if done.connector is None else "not made"
    connector: dict[str, Any] = {"outcome": rest, **connector_body(plan.connector)}
    told: dict[str, Any] = {}
    if done.connector is not None:
        shown = ("name", "ingest_url", "token")
        connector |= {key: done.connector[key] for key in shown if key in done.connector}
        connector["outcome"] = "made" if done.is_new else "as it was"
        told["snippet"] = snippet(
            ingest_url=done.connector["ingest_url"],
            token=done.connector.get("token", _UNKNOWN_TOKEN),
        )
    return {
        "connector": connector,
        "receivers": plan.receivers,
        "rules": [
            {
                "outcome": done.outcomes.get(rule.name, rest),
                **rule_body(rule),
                "receiver": rule.receiver,
                "route": rule.where,
            }
            for rule in plan.rules
        ],
        "left_over": done.left_over,
        "remarks": [asdict(remark) for remark in plan.remarks],
        **told,
    }


def _shown(document: dict[str, Any], now: datetime) -> RenderableType:
    from rich.console import Group
    from rich.padding import Padding

    from tocsin.app.command_line.tables import record_table, text

    connector = document["connector"]
    lines: list[RenderableType] = [
        text(
            f"connector {connector['code']} ({connector['kind']}): {connector['outcome']}; "
            f"{document['receivers']} receivers, {len(document['rules'])} rules"
        ),
        record_table({"items": document["rules"]}, now, columns=_COLUMNS),
    ]
    if document["remarks"]:
        lines.append(text("Not carried over:", "bold"))
    for remark in document["remarks"]:
        lines += [
            Padding(text(f"• {remark['where']}: {remark['what']}"), (0, 0, 0, 2)),
            Padding(text(f"→ {remark['advice']}"), (0, 0, 0, 6)),
        ]
    for rule in document["left_over"]:
        lines.append(
            text(
                f'rule "{rule["name"]}" is not in the file any more and still decides: '
                f"tocsin rule delete {rule['id']}"
            )
        )
    return Group(*lines)


def _tell(document: dict[str, Any], *, form: str | None) -> None:
    emit(document, form=form, human=_shown)
    if form is not None or "snippet" not in document:
        return
    connector = document["connector"]
    click.echo(f"ingest_url  {plain(connector['ingest_url'])}")
    if "token" in connector:
        click.echo(f"token       {plain(connector['token'])}  (told this once)")
    else:
        click.echo(f"a new token: tocsin connector update {connector['code']} --new-token")
    # Echoed line by line as it is: a table's width would break what is to be copied.
    click.echo("To be written into alertmanager.yml:\n")
    for line in document["snippet"].splitlines():
        click.echo(plain(line))


importing.add_command(
    click.Command(
        "alertmanager",
        params=[
            click.Option(
                ["--config"],
                type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
                required=True,
                help="The alertmanager.yml (-: standard input).",
            ),
            click.Option(
                ["--code"],
                default="alertmanager",
                show_default=True,
                help="Of the connector; its rules' names begin with it.",
            ),
            click.Option(
                ["--name"], default="Alertmanager", show_default=True, help="Of the connector."
            ),
            click.Option(
                ["--pages"],
                multiple=True,
                metavar="RECEIVER",
                help="A receiver that wakes somebody, whatever its kind. Repeatable.",
            ),
            click.Option(
                ["--dry-run"],
                is_flag=True,
                help="Show what would be made; needs neither gateway nor key.",
            ),
            click.Option(["--json", "form"], flag_value="json", help="Print plan and outcome."),
            click.Option(
                ["--json-compact", "form"], flag_value="json-compact", help="The same on one line."
            ),
        ],
        callback=_alertmanager,
        help=described(
            "Make a connector and rules of an Alertmanager's configuration.",
            more="Routes to receivers that page become rules that open incidents; others, rules "
            "that only join one. What cannot be carried over is said, with what to do. Done again, "
            "it makes what is missing and changes what differs.",
            examples=(
                "import alertmanager --config alertmanager.yml --dry-run",
                "import alertmanager --config alertmanager.yml --pages oncall-webhook",
            ),
        ),
    )
)
