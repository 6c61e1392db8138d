"""Settings of the sources by which devices and links are judged, and of the duties that do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.adapters.influx.questions import Names, quoted
from tocsin.adapters.prometheus.questions import Queries, checked, checked_label
from tocsin.app import setting_values as of
from tocsin.app.setting import Setting
from tocsin.core.provisioning.counters import COUNTERS, Counter
from tocsin.core.pubkeys import NotAPubkey, parse_pubkey

NOT_ASKED: Final = "none"
"""In place of a query: nobody is asked."""

_NAMES: Final = Names()
_QUERIES: Final = Queries()
_FIELDS: Final[Mapping[str, str]] = {
    **{counter.value: _NAMES.fields[counter] for counter in COUNTERS},
    **{name.replace("-", "_"): name for name in _NAMES.heartbeat_fields},
}
"""How the fields of a sample are called, by our own words for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySettings:
    """What is set up about evidence; each field is a row of :data:`TELEMETRY` or
    :data:`TELEMETRY_SECRETS`. A query that is None is not asked."""

    influx_url: str | None
    influx_database: str
    influx_user: str | None
    influx_counters_measurement: str
    influx_device_tag: str
    influx_interface_tag: str
    influx_fields: Mapping[str, str]
    influx_qa_measurement: str
    influx_qa_device_tag: str
    influx_qa_field: str
    prometheus_url: str | None
    prometheus_user: str | None
    prometheus_in_octets_query: str
    prometheus_out_octets_query: str
    prometheus_in_errors_query: str
    prometheus_out_errors_query: str
    prometheus_in_fcs_errors_query: str
    prometheus_heartbeat_query: str | None
    prometheus_config_agent_query: str | None
    prometheus_config_agent_errors_query: str | None
    prometheus_telemetry_agent_query: str | None
    prometheus_qa_query: str | None
    prometheus_device_labels: tuple[str, ...]
    prometheus_interface_label: str
    ledger_telemetry_program: str | None
    monitor_interval_seconds: int
    activator_interval_seconds: int
    influx_password: str | None
    influx_token: str | None
    prometheus_password: str | None
    prometheus_token: str | None
    ledger_rpc_url: str | None


def influx_names(settings: TelemetrySettings) -> Names:
    """How the InfluxDB calls things.

    Raises:
        ValueError: two things have the same name.
    """
    fields = settings.influx_fields
    return Names(
        counters=settings.influx_counters_measurement,
        device_tag=settings.influx_device_tag,
        interface_tag=settings.influx_interface_tag,
        fields={counter: fields[counter.value] for counter in COUNTERS},
        heartbeat_fields=tuple(
            fields[name] for name in _FIELDS if name not in {counter.value for counter in COUNTERS}
        ),
        qa=settings.influx_qa_measurement,
        qa_device_tag=settings.influx_qa_device_tag,
        qa_field=settings.influx_qa_field,
    )


def prometheus_queries(settings: TelemetrySettings) -> Queries:
    """What the Prometheus is asked."""
    return Queries(
        counters={
            Counter.IN_OCTETS: settings.prometheus_in_octets_query,
            Counter.OUT_OCTETS: settings.prometheus_out_octets_query,
            Counter.IN_ERRORS: settings.prometheus_in_errors_query,
            Counter.OUT_ERRORS: settings.prometheus_out_errors_query,
            Counter.IN_FCS_ERRORS: settings.prometheus_in_fcs_errors_query,
        },
        heartbeat=settings.prometheus_heartbeat_query,
        config_agent=settings.prometheus_config_agent_query,
        config_agent_errors=settings.prometheus_config_agent_errors_query,
        telemetry_agent=settings.prometheus_telemetry_agent_query,
        qa=settings.prometheus_qa_query,
        device_labels=settings.prometheus_device_labels,
        interface_label=settings.prometheus_interface_label,
    )


def contradiction(settings: TelemetrySettings) -> str | None:
    """What of these settings does not go together, as a sentence; None when all does."""
    for name, url, user, password, token in (
        (
            "INFLUX",
            settings.influx_url,
            settings.influx_user,
            settings.influx_password,
            settings.influx_token,
        ),
        (
            "PROMETHEUS",
            settings.prometheus_url,
            settings.prometheus_user,
            settings.prometheus_password,
            settings.prometheus_token,
        ),
    ):
        if url is None and (user, password, token) != (None, None, None):
            return f"TOCSIN_{name}_URL is missing: there is a user or a secret for it"
        if (user is None) != (password is None):
            return (
                f"TOCSIN_{name}_USER and TOCSIN_{name}_PASSWORD (or …_FILE) are given together or"
                " not at all"
            )
        if user is not None and token is not None:
            return (
                f"TOCSIN_{name}_TOKEN stands in place of TOCSIN_{name}_USER and its password;"
                " give one"
            )
    if settings.ledger_telemetry_program is not None and settings.ledger_rpc_url is None:
        return "TOCSIN_LEDGER_RPC_URL is missing: there is a program on that ledger"
    try:
        influx_names(settings)
    except ValueError as wrong:
        return f"TOCSIN_INFLUX_FIELDS and the names of tags do not go together: {wrong}"
    return None


# -- reading ---------------------------------------------------------------------------------------


def _name(text: str) -> str:
    """The name of a measurement, tag or field."""
    quoted(text)
    return text


def _fields(text: str) -> Mapping[str, str]:
    """Pairs between commas; what is not named is called as ever."""
    found: dict[str, str] = {}
    for pair in of.listed(text):
        word, _, name = (part.strip() for part in pair.partition("="))
        if word not in _FIELDS or word in found:
            known = ", ".join(_FIELDS)
            raise ValueError(f"give pairs such as in_octets=ifHCInOctets, each once, of {known}")
        found[word] = _name(name)
    return {**_FIELDS, **found}


def _query_or_none(text: str) -> str | None:
    return None if text == NOT_ASKED else checked(text)


def _labels(text: str) -> tuple[str, ...]:
    """Labels between commas, each once."""
    named = tuple(dict.fromkeys(checked_label(one) for one in of.listed(text)))
    if not named:
        raise ValueError("give labels such as dzd_pubkey")
    return named


def _pubkey(text: str) -> str:
    try:
        return parse_pubkey(text)
    except NotAPubkey as wrong:
        raise ValueError(f"give a pubkey: {wrong.reason}") from wrong


# -- the table -------------------------------------------------------------------------------------


def _named(name: str, default: str, sentence: str) -> Setting:
    return Setting(name=name, type="name", default=default, sentence=sentence, read=_name)


def _asked(
    name: str,
    default: str | None,
    sentence: str,
    read: Callable[[str], str | None] = _query_or_none,
) -> Setting:
    may = f" Say {NOT_ASKED} for nothing to be asked." if read is _query_or_none else ""
    return Setting(name=name, type="query", default=default, sentence=sentence + may, read=read)


def _counted(counter: Counter, sentence: str) -> Setting:
    return _asked(
        f"prometheus_{counter.value}_query", _QUERIES.counters[counter], sentence, read=checked
    )


TELEMETRY: Final[tuple[Setting, ...]] = (
    Setting(
        name="influx_url",
        type="address",
        default=None,
        sentence="The InfluxDB that holds interface counters and QA tests (InfluxQL: 1.x, 2.x with"
        " a mapping, 3.x), by which devices and links are judged.",
        read=of.web_address,
    ),
    Setting(
        name="influx_database",
        type="text",
        default="telemetry",
        sentence="The database in it.",
        read=of.any_text,
    ),
    Setting(
        name="influx_user",
        type="text",
        default=None,
        sentence="Who signs in there, if anybody has to.",
        read=of.any_text,
    ),
    _named(
        "influx_counters_measurement",
        _NAMES.counters,
        "The measurement in it that interface counters are in.",
    ),
    _named("influx_device_tag", _NAMES.device_tag, "Its tag with the pubkey of the device."),
    _named("influx_interface_tag", _NAMES.interface_tag, "Its tag with the name of the interface."),
    Setting(
        name="influx_fields",
        type="names",
        default=",".join(f"{word}={name}" for word, name in _FIELDS.items()),
        sentence="Its fields, each as what it counts and what it is called; those left out are"
        " called as ever.",
        read=_fields,
        repeatable=True,
    ),
    _named("influx_qa_measurement", _NAMES.qa, "The measurement that QA tests are in."),
    _named("influx_qa_device_tag", _NAMES.qa_device_tag, "Its tag with the pubkey of the device."),
    _named("influx_qa_field", _NAMES.qa_field, "Its field that says whether the test passed."),
    Setting(
        name="prometheus_url",
        type="address",
        default=None,
        sentence="The Prometheus that knows of agents, and of interface counters where there is no"
        " InfluxDB. Without either the monitor does not run, and health stays as it is.",
        read=of.web_address,
    ),
    Setting(
        name="prometheus_user",
        type="text",
        default=None,
        sentence="Who signs in there, if anybody has to.",
        read=of.any_text,
    ),
    _counted(
        Counter.IN_OCTETS,
        "What the octets stand at that each interface received: one series for each device and"
        " interface. In every query $devices is a pattern of the pubkeys wanted, $minute the minute"
        " that is asked about, $two_minutes that one and the one before.",
    ),
    _counted(Counter.OUT_OCTETS, "The same of octets that it sent."),
    _counted(Counter.IN_ERRORS, "The same of errors in what it received."),
    _counted(Counter.OUT_ERRORS, "The same of errors in what it sent."),
    _counted(Counter.IN_FCS_ERRORS, "The same of frames with a wrong check sum."),
    _asked(
        "prometheus_heartbeat_query",
        _QUERIES.heartbeat,
        "Answers anything for a device that is there, where its counters alone do not show it.",
    ),
    _asked(
        "prometheus_config_agent_query",
        _QUERIES.config_agent,
        "Answers more than 0 for a device whose config agent runs.",
    ),
    _asked(
        "prometheus_config_agent_errors_query",
        _QUERIES.config_agent_errors,
        "A counter of errors of the config agent; in a minute in which it rises the agent does not"
        " run.",
    ),
    _asked(
        "prometheus_telemetry_agent_query",
        _QUERIES.telemetry_agent,
        "Answers more than 0 for a device whose telemetry agent runs.",
    ),
    _asked(
        "prometheus_qa_query",
        _QUERIES.qa,
        "Answers more than 0 for a device whose QA test passes, and 0 where it fails. With it QA"
        " tests are asked of Prometheus, whether there is an InfluxDB or not.",
    ),
    Setting(
        name="prometheus_device_labels",
        type="labels",
        default=",".join(_QUERIES.device_labels),
        sentence="Labels with the pubkey of the device; the first that a series has counts.",
        read=_labels,
        repeatable=True,
    ),
    Setting(
        name="prometheus_interface_label",
        type="label",
        default=_QUERIES.interface_label,
        sentence="The label with the name of the interface.",
        read=checked_label,
    ),
    Setting(
        name="ledger_telemetry_program",
        type="pubkey",
        default=None,
        sentence="The telemetry program on the ledger, whose accounts hold latency samples of"
        " links; without it lost ones hold no link back.",
        read=_pubkey,
    ),
    Setting(
        name="monitor_interval_seconds",
        type="whole number",
        default="60",
        unit="seconds",
        sentence="How often devices and links are judged.",
        read=of.whole(5, 3_600),
    ),
    Setting(
        name="activator_interval_seconds",
        type="whole number",
        default="30",
        unit="seconds",
        sentence="How often all devices and links are asked whether they may go on; what events"
        " move is asked at once.",
        read=of.whole(1, 3_600),
    ),
)

TELEMETRY_SECRETS: Final[tuple[Setting, ...]] = (
    Setting(
        name="influx_password",
        type="text",
        default=None,
        sentence="The password of influx_user.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="influx_token",
        type="text",
        default=None,
        sentence="What the InfluxDB lets in, in place of influx_user and its password.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="prometheus_password",
        type="text",
        default=None,
        sentence="The password of prometheus_user.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="prometheus_token",
        type="text",
        default=None,
        sentence="The bearer token that the Prometheus lets in, in place of prometheus_user and its"
        " password.",
        read=of.any_text,
        secret=True,
    ),
    Setting(
        name="ledger_rpc_url",
        type="address",
        default=None,
        sentence="A node of the ledger that keeps devices and links, latency samples, or both,"
        " which answers JSON-RPC. Its address is never shown, for it may hold a key.",
        read=of.web_address,
        secret=True,
    ),
)
