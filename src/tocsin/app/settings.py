"""What can be set, as a table: read once at the start, frozen, loud about what it cannot read.

An option of ``tocsin serve`` wins over the environment, the environment over the default. The
documentation of the settings is generated from :data:`TABLE`.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.app import setting_values as of
from tocsin.app.ledger_settings import LEDGER, half_a_ledger
from tocsin.app.setting import PREFIX, Setting
from tocsin.app.setting_values import ROLES, SECURITIES, Network, ServerRole, SmtpSecurity
from tocsin.app.telemetry_settings import (
    TELEMETRY,
    TELEMETRY_SECRETS,
    TelemetrySettings,
    contradiction,
)

FILE_SUFFIX: Final = "_FILE"
OF_THE_CLIENT: Final = frozenset(
    {"TOCSIN_URL", "TOCSIN_ORG", "TOCSIN_API_KEY", "TOCSIN_API_KEY_FILE"}
)
"""Variables of the command line's clients, which are no business of a server."""

READERS_LIMIT: Final = 4
"""A store hands out this many snapshots at once; more threads would only wait for them."""
SECRET_FILE_LIMIT: Final = 4_096
ALIKE: Final = 0.8
"""How alike an unknown variable must be to a known one for the latter to be offered."""
_LEVELS: Final = ("debug", "info", "warning", "error")


class SettingWrong(ValueError):
    """A setting that cannot be what it was set to; says which one, and what to give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(TelemetrySettings):
    """How this server is set up; each field is a row of :data:`TABLE`."""

    host: str
    port: int
    data: Path
    database: str | None
    role: tuple[ServerRole, ...]
    demo: bool
    demo_public: bool
    trusted_proxies: tuple[Network, ...]
    allow_private_destinations: bool
    public_url: str | None
    default_page: str | None
    smtp_host: str | None
    smtp_port: int
    smtp_security: SmtpSecurity
    smtp_username: str | None
    mail_from: str | None
    llm_url: str | None
    llm_model: str | None
    llm_seconds: int
    slack_org: str | None
    slack_client_id: str | None
    slack_api_url: str | None
    inbox_retention_days: int
    ledger_program: str | None
    ledger_org: str | None
    ledger_keypair: Path | None
    ledger_interval_seconds: int
    sns_topics: tuple[str, ...]
    readers: int
    log_level: str
    secret_key: str | None
    metrics_token: str | None
    smtp_password: str | None
    llm_api_key: str | None
    slack_bot_token: str | None
    slack_signing_secret: str | None
    slack_app_token: str | None
    slack_client_secret: str | None


TABLE: Final[tuple[Setting, ...]] = (
    Setting(
        name="host",
        type="address",
        default="127.0.0.1",
        sentence="The address to listen on.",
        read=of.any_text,
    ),
    Setting(
        name="port",
        type="whole number",
        default="8080",
        sentence="The port to listen on; 0 takes a free one.",
        read=of.whole(0, 65_535),
    ),
    Setting(
        name="data",
        type="folder",
        default="data",
        sentence="Where the database and the installation's key are.",
        read=Path,
    ),
    Setting(
        name="database",
        type="address",
        default=None,
        sentence="The database, as sqlite:///path or postgresql://user@host/name; by default"
        " tocsin.db in the data folder.",
        read=of.database,
    ),
    Setting(
        name="role",
        type="words",
        default="all",
        sentence="What this process does: all, gateway (HTTP) or dispatcher (deliveries, search,"
        " clock). SQLite is one process, which does all.",
        read=of.roles,
        repeatable=True,
    ),
    Setting(
        name="demo",
        type="true or false",
        default="false",
        sentence="Furnish an empty database with an example network.",
        read=of.yes_or_no,
        flag=True,
    ),
    Setting(
        name="demo_public",
        type="true or false",
        default="false",
        sentence="Let the demo listen beyond this machine.",
        read=of.yes_or_no,
        flag=True,
    ),
    Setting(
        name="trusted_proxies",
        type="networks",
        default="",
        sentence="Proxies whose X-Forwarded-For says who is calling.",
        read=of.networks,
        repeatable=True,
    ),
    Setting(
        name="allow_private_destinations",
        type="true or false",
        default="false",
        sentence="Let routes and connectors send to private and loopback addresses.",
        read=of.yes_or_no,
        flag=True,
    ),
    Setting(
        name="public_url",
        type="address",
        default=None,
        sentence="Where people and receivers find this server, as in links of what it sends.",
        read=of.web_address,
    ),
    Setting(
        name="default_page",
        type="code",
        default=None,
        sentence="The status page whose list stands at /list, and whose Statuspage JSON at"
        " /api/v2/, for readers that know no other address.",
        read=of.page_code,
    ),
    Setting(
        name="smtp_host",
        type="address",
        default=None,
        sentence="The mail server that takes mail of email routes; without it there is no mail.",
        read=of.any_text,
    ),
    Setting(
        name="smtp_port",
        type="whole number",
        default="587",
        sentence="The mail server's port.",
        read=of.whole(1, 65_535),
    ),
    Setting(
        name="smtp_security",
        type="word",
        default="starttls",
        sentence="How mail is encrypted on its way there: starttls, tls or none.",
        read=of.one_of(SECURITIES),
    ),
    Setting(
        name="smtp_username",
        type="text",
        default=None,
        sentence="Who signs in at the mail server, if anybody has to.",
        read=of.any_text,
    ),
    Setting(
        name="mail_from",
        type="mail address",
        default=None,
        sentence="Whom mail is from.",
        read=of.any_text,
    ),
    Setting(
        name="llm_url",
        type="address",
        default=None,
        sentence="A language model that helps to triage reports in free text, as the address of an"
        " OpenAI-compatible API that ends before /chat/completions; without it there is none.",
        read=of.web_address,
    ),
    Setting(
        name="llm_model",
        type="text",
        default=None,
        sentence="Which of its models is asked.",
        read=of.any_text,
    ),
    Setting(
        name="llm_seconds",
        type="whole number",
        default="10",
        unit="seconds",
        sentence="How long an answer of the model is waited for, from the first byte sent to the"
        " last one read. Opening an incident never waits.",
        read=of.whole(1, 60),
    ),
    Setting(
        name="slack_org",
        type="code",
        default=None,
        sentence="The org that the workspace of slack_bot_token speaks to; may be left out where"
        " there is only one.",
        read=of.any_text,
    ),
    Setting(
        name="slack_client_id",
        type="text",
        default=None,
        sentence="The client id of your Slack app, for installing it in workspaces by a link.",
        read=of.any_text,
    ),
    Setting(
        name="slack_api_url",
        type="address",
        default=None,
        sentence="Where Slack's Web API is, if not at Slack: for trying things out with a local"
        " stand-in.",
        read=of.web_address,
    ),
    Setting(
        name="inbox_retention_days",
        type="whole number",
        default="30",
        unit="days",
        sentence="How long what neighbours sent stays in the inbox, to be looked at and replayed;"
        " longer than a connector may be silent.",
        read=of.whole(8, 3_650),
    ),
    Setting(
        name="sns_topics",
        type="ARNs",
        default="",
        sentence="Topics of Amazon SNS whose subscription of a connector is confirmed; any other"
        " waits for a person.",
        read=of.topics,
        repeatable=True,
    ),
    *TELEMETRY,
    *LEDGER,
    Setting(
        name="readers",
        type="whole number",
        default=str(READERS_LIMIT),
        unit="threads",
        sentence="How many requests read the database at once.",
        read=of.whole(1, READERS_LIMIT),
    ),
    Setting(
        name="log_level",
        type="word",
        default="info",
        sentence="The least level that is logged: debug, info, warning or error.",
        read=of.one_of(_LEVELS),
    ),
    Setting(
        name="secret_key",
        type="32 bytes, URL-safe base64",
        default=None,
        sentence="The key that seals stored secrets; by default secret.key in the data folder, "
        "made at the first start.",
        read=of.key,
        secret=True,
    ),
    Setting(
        name="metrics_token",
        type="text",
        default=None,
        sentence="Whoever bears it may read /metrics from anywhere; without it only this machine "
        "may.",
        read=of.token,
        secret=True,
    ),
    Setting(
        name="smtp_password",
        type="text",
        default=None,
        sentence="The password of smtp_username.",
        read=of.any_text,
        secret=True,
    ),
    *TELEMETRY_SECRETS,
    Setting(
        name="llm_api_key",
        type="text",
        default=None,
        sentence="The key that the language model's API asks for.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="slack_bot_token",
        type="text",
        default=None,
        sentence="The bot token (xoxb-…) of one workspace that Tocsin is installed in.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="slack_signing_secret",
        type="text",
        default=None,
        sentence="The signing secret of your Slack app: with it Tocsin takes what Slack sends to"
        " /slack/events, /slack/interactions and /slack/commands.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="slack_app_token",
        type="text",
        default=None,
        sentence="An app-level token (xapp-…): Tocsin connects to Slack by Socket Mode, so that"
        " Slack need not reach it.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="slack_client_secret",
        type="text",
        default=None,
        sentence="The client secret that belongs to slack_client_id.",
        read=of.any_text,
        secret=True,
    ),
)
_BY_NAME: Final[Mapping[str, Setting]] = {setting.name: setting for setting in TABLE}


def read_settings(*, environ: Mapping[str, str], given: Mapping[str, str]) -> Settings:
    """The settings of a server: *given* options (by setting name), else *environ*, else defaults.

    Raises:
        SettingWrong: a value that cannot be read, an unknown ``TOCSIN_`` variable, a secret given
            twice or in a file that cannot be read, options that contradict each other.
    """
    _refuse_unknown(environ)
    values: dict[str, Any] = {}
    for setting in TABLE:
        source, text = _source_and_text(setting, environ, given)
        values[setting.name] = None if text is None else _value(setting, source, text)
    settings = Settings(**values)
    _refuse_contradictions(settings)
    return settings


def secret(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret setting *name* from its variable or the file that its ``…_FILE`` names.

    Raises:
        SettingWrong: given in both ways, in a file that cannot be read, or no such secret.
    """
    setting = _BY_NAME[name]
    source, text = _secret_text(setting, environ)
    if text is None:
        return None
    return str(_value(setting, source, text))


def _secret_text(setting: Setting, environ: Mapping[str, str]) -> tuple[str, str | None]:
    variable, file_variable = setting.variable, setting.variable + FILE_SUFFIX
    direct, path = environ.get(variable), environ.get(file_variable)
    if path is None:
        return variable, direct
    if direct is not None:
        raise SettingWrong(f"{variable} and {file_variable} are both set; keep one of them")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(SECRET_FILE_LIMIT + 1)
    except UnicodeDecodeError as wrong:
        raise SettingWrong(f"{file_variable}: {path} is no text") from wrong
    except OSError as failed:
        raise SettingWrong(
            f"{file_variable}: {path} cannot be read ({failed.strerror})"
        ) from failed
    if len(text) > SECRET_FILE_LIMIT:
        raise SettingWrong(f"{file_variable}: {path} is too long for a secret")
    return file_variable, text.strip()


def documented() -> list[dict[str, str]]:
    """The table for the documentation: each row's texts by column name."""
    return [
        {
            "name": setting.name,
            "option": setting.option or "",
            "variable": setting.variable + (f" or {setting.variable}_FILE" * setting.secret),
            "type": setting.type,
            "default": setting.default or "",
            "unit": setting.unit or "",
            "sentence": setting.sentence,
        }
        for setting in TABLE
    ]


def _source_and_text(
    setting: Setting, environ: Mapping[str, str], given: Mapping[str, str]
) -> tuple[str, str | None]:
    if setting.name in given:
        return setting.option or setting.variable, given[setting.name]
    if setting.secret:
        return _secret_text(setting, environ)
    return setting.variable, environ.get(setting.variable, setting.default)


def _value(setting: Setting, source: str, text: str) -> object:
    if not text and text != setting.default:
        raise SettingWrong(f"{source} is empty; leave it out or give a value ({setting.type})")
    try:
        return setting.read(text)
    except ValueError as wrong:
        shown = "" if setting.secret else f" {text!r}"
        raise SettingWrong(f"{source} cannot be{shown or ' this'}; {wrong}") from wrong


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.variable for setting in TABLE}
    known |= {setting.variable + FILE_SUFFIX for setting in TABLE if setting.secret}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in known | OF_THE_CLIENT:
            continue
        # A mistyped name would otherwise leave a default in force that nobody wanted.
        near = difflib.get_close_matches(variable, known, n=1, cutoff=ALIKE)
        hint = f"; did you mean {near[0]}?" if near else "; unset it"
        raise SettingWrong(f"{variable} is set, and there is no such setting{hint}")


def _refuse_contradictions(settings: Settings) -> None:
    if not settings.role:
        raise SettingWrong(f"{_BY_NAME['role'].variable} names no role; give {', '.join(ROLES)}")
    if settings.demo and not settings.demo_public and not _is_loopback(settings.host):
        raise SettingWrong(
            f"--demo listens on this machine only, and --host is {settings.host}; whoever can reach"
            " it can use it. Say --demo-public if that is what you want."
        )
    does_all = has_role(settings, "gateway") and has_role(settings, "dispatcher")
    if not is_postgres(settings.database) and not does_all:
        raise SettingWrong(
            f"--role {settings.role[0]} needs a database that several processes share; SQLite is"
            " one process, which does all: leave --role out, or give --database postgresql://…"
        )
    if is_postgres(settings.database) and settings.demo:
        raise SettingWrong(
            "--demo furnishes an SQLite database of its own; leave out --database, or --demo"
        )
    if (settings.smtp_host is None) != (settings.mail_from is None):
        raise SettingWrong(
            f"{_BY_NAME['smtp_host'].variable} and {_BY_NAME['mail_from'].variable} are given"
            " together or not at all"
        )
    _refuse_half_a_model(settings)
    wrong = contradiction(settings) or half_a_ledger(
        rpc_url=settings.ledger_rpc_url,
        programs=(settings.ledger_program, settings.ledger_telemetry_program),
        org=settings.ledger_org,
        keypair=settings.ledger_keypair,
    )
    if wrong is not None:
        raise SettingWrong(wrong)


def _refuse_half_a_model(settings: Settings) -> None:
    parts = {"llm_url": settings.llm_url, "llm_model": settings.llm_model}
    missing = [
        _BY_NAME[name].variable
        for name, value in (*parts.items(), ("llm_api_key", settings.llm_api_key))
        if value is None
    ]
    if 0 < len(missing) < 3:
        raise SettingWrong(
            "TOCSIN_LLM_URL, TOCSIN_LLM_MODEL and TOCSIN_LLM_API_KEY (or …_FILE) are given"
            f" together or not at all; {' and '.join(missing)} is missing"
        )


def is_postgres(database: str | None) -> bool:
    """Whether *database* is an address of PostgreSQL."""
    return database is not None and database.startswith("postgres")


def speaks_to_slack(settings: Settings) -> bool:
    """Whether anything was said about Slack."""
    said = (
        settings.slack_bot_token,
        settings.slack_signing_secret,
        settings.slack_app_token,
        settings.slack_client_id,
    )
    return any(one is not None for one in said)


def has_role(settings: Settings, role: ServerRole) -> bool:
    """Whether this process has that role."""
    return role in settings.role or "all" in settings.role


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
