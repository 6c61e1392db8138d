"""From a signal as it arrived to what it means here: its keys, its rule, and the incident it would
make (Domain: signals, correlation). What becomes of it is in :mod:`correlation`.

A key that a receiver derived starts with its connector's code and a slash, which no code has, so
that two connectors never share one by accident; a key that a person or a rule's text gives is the
whole org's. A signal without a fingerprint gets one from what it is about, so that repeats of it
are known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from tocsin.core.commands import SignalDraft
from tocsin.core.connector_words import OPENS_FOR_ALL, RuleAction
from tocsin.core.evidence import Directory
from tocsin.core.matching import Match, MatcherError, matches, parse_match
from tocsin.core.patterns import Effort, TooMuchEffort
from tocsin.core.placeholders import PlaceholderError, filled
from tocsin.core.record_reading import service_code
from tocsin.core.records import Connector, Rule
from tocsin.core.ticket_reading import KEY, NAME, TITLE
from tocsin.core.words import (
    Severity,
    SignalState,
    SignalType,
    UnknownWord,
    clip_severity,
    folded,
    parse_environment,
    parse_severity,
    parse_word,
)

DEFAULT_RULE: Final = "default"
"""What the id of a connector's default rule starts with."""

UNKNOWN_SEVERITY: Final = Severity.SEV3
"""The severity of a signal that names none that is known."""

_KIND: Final = "signal.received"
_EVERY_SEVERITY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The incident that a signal would make: devices and links are pubkeys of registered ones,
    services codes; ``contributor_id`` is whose it would be."""

    title: str
    severity: Severity
    devices: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    contributor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A signal as it is understood here, heard at the instant ``at``.

    ``signal`` has its keys as they are held in this org, and the connector's defaults in it.
    ``rule`` is the first that fits, None where none does. ``reopens`` is false where the neighbour
    makes a new incident of whatever fires after an end.
    """

    at: datetime
    signal: SignalDraft
    severity: Severity
    state: SignalState
    wanted: Wanted
    rule: Rule | None = None
    connector: Connector | None = None
    reopens: bool = True

    @property
    def is_firing(self) -> bool:
        """Whether it says that something is wrong."""
        return self.state is SignalState.FIRING

    @property
    def fingerprint(self) -> str:
        """What tells it from every other signal of the org."""
        assert self.signal.fingerprint is not None
        return self.signal.fingerprint


def hear(
    draft: SignalDraft,
    *,
    connector: Connector | None,
    rules: Iterable[Rule],
    directory: Directory,
    at: datetime,
    reopens: bool = True,
) -> Heard:
    """What *draft* means, heard from *connector* (None: over the API) at the instant *at*.

    *rules* are all rules of the org, in any order; the rule is chosen as if the signal were firing,
    so that an end finds the rule of its beginning.
    """
    return understand(
        draft,
        connector=connector,
        rules=rules_of(connector, rules),
        directory=directory,
        at=at,
        reopens=reopens,
    )


def understand(
    draft: SignalDraft,
    *,
    connector: Connector | None,
    rules: Sequence[Rule],
    directory: Directory,
    at: datetime,
    reopens: bool = True,
    as_held: bool = False,
    effort: Effort | None = None,
) -> Heard:
    """As :func:`hear`, with *rules* as :func:`rules_of` gives them: worked out once for many.

    ``as_held``: the draft is of an alert that is known here, and has its keys as they are held.
    ``effort`` is what the patterns of the rules may cost.
    """
    signal = _with_defaults(draft, connector)
    levels = directory.policy().severity_levels
    severity = read_severity(signal.severity, levels=levels)
    facts = _facts(signal, severity or UNKNOWN_SEVERITY, connector, directory)
    rule = first_fitting(rules, facts, effort=effort)
    texts = {name: values[0] for name, values in facts.items() if values}
    if not as_held:
        signal = _with_keys(signal, rule, texts, connector)
    signal = replace(
        signal,
        severity=None if severity is None else _understood(signal.severity, severity, levels),
    )
    return Heard(
        at=at,
        signal=signal,
        severity=severity or UNKNOWN_SEVERITY,
        state=read_state(signal.state),
        wanted=_wanted(signal, rule, texts, severity or UNKNOWN_SEVERITY, connector, directory),
        rule=rule,
        connector=connector,
        reopens=reopens,
    )


def fingerprint_of(draft: SignalDraft, connector: Connector | None) -> str:
    """What tells *draft* from every other signal of the org, as it is held there."""
    given = draft.fingerprint
    if given is None or not given.strip():
        given = _digest(_with_defaults(draft, connector))
    return prefixed(given, connector)


def rules_of(connector: Connector | None, rules: Iterable[Rule]) -> Sequence[Rule]:
    """The rules that *connector* is asked for, in their order; its default rule is the last."""
    mine = sorted(
        (
            rule
            for rule in rules
            if rule.removed_at is None
            and (
                rule.connector_id is None
                or (connector is not None and rule.connector_id == connector.id)
            )
        ),
        key=lambda rule: (rule.order, rule.created_at, rule.id),
    )
    return mine if connector is None else [*mine, default_rule(connector)]


def default_rule(connector: Connector) -> Rule:
    """What becomes of signals of *connector* where no rule says otherwise (Domain: correlation):
    sev1 and sev2 open incidents, the rest waits; PagerDuty's and Opsgenie's open for all."""
    return Rule(
        id=f"{DEFAULT_RULE}:{connector.id}",
        created_at=connector.created_at,
        updated_at=connector.created_at,
        version=0,
        name=f"Default of {connector.code}",
        action=RuleAction.CREATE,
        matchers=() if connector.kind in OPENS_FOR_ALL else ('severity=~"sev[12]"',),
        connector_id=connector.id,
    )


def first_fitting(
    rules: Sequence[Rule], facts: Mapping[str, tuple[str, ...]], *, effort: Effort | None = None
) -> Rule | None:
    """The first of *rules* all of whose matchers fit *facts*; one whose patterns take more than
    *effort* has left is passed over."""
    for rule in rules:
        match = _match(rule.matchers)
        try:
            if match is not None and matches(match, kind=_KIND, facts=facts, effort=effort):
                return rule
        except TooMuchEffort:
            continue
    return None


@lru_cache(maxsize=4_096)
def _match(matchers: tuple[str, ...]) -> Match | None:
    try:
        return parse_match((), matchers)
    except MatcherError:
        # Only a rule of a newer release can have one that is not read here: it fits nothing.
        return None


def read_severity(word: str | None, *, levels: int) -> Severity | None:
    """The severity that *word* means in an org of that many *levels*; None for none that is known.
    One milder than the org's mildest is that one."""
    if word is None:
        return None
    try:
        return clip_severity(parse_severity(word, levels=_EVERY_SEVERITY), levels=levels)
    except UnknownWord:
        return None


def _understood(word: str | None, severity: Severity, levels: int) -> str:
    """*word* itself where the org understands it, so that the native one is kept."""
    try:
        return severity.value if word is None or not parse_severity(word, levels=levels) else word
    except UnknownWord:
        return severity.value


def read_state(word: str) -> SignalState:
    """The state that *word* means; firing where it means none."""
    try:
        return parse_word(SignalState, word, field="state")
    except UnknownWord:
        return SignalState.FIRING


def _type(word: str) -> str:
    try:
        return parse_word(SignalType, word, field="signal_type").value
    except UnknownWord:
        return folded(word)


def _with_defaults(signal: SignalDraft, connector: Connector | None) -> SignalDraft:
    if connector is None:
        return signal
    return replace(
        signal,
        service_name=signal.service_name or connector.service,
        environment=signal.environment or connector.environment,
    )


def _facts(
    signal: SignalDraft, severity: Severity, connector: Connector | None, directory: Directory
) -> dict[str, tuple[str, ...]]:
    """What matchers and placeholders see of *signal*; the first value is the one that is written.

    Things that have several names are found by each of them.
    """
    facts: dict[str, tuple[str, ...]] = {
        "type": (_type(signal.signal_type),),
        "status": (SignalState.FIRING.value,),
        "severity": (severity.value,),
        "source": (signal.source,),
        "summary": (signal.summary,),
    }
    if connector is not None:
        facts["connector"] = (connector.code,)
    if signal.service_name is not None:
        facts["service"] = _names(signal.service_name, service_code(signal.service_name))
    if signal.environment is not None:
        facts["environment"] = (parse_environment(signal.environment),)
    if signal.device is not None:
        device = directory.device(signal.device)
        other = () if device is None else (device.code, device.pubkey)
        facts["device"] = _names(signal.device, *other)
    if signal.link is not None:
        link = directory.link(signal.link)
        other = () if link is None else (link.code, link.pubkey)
        facts["link"] = _names(signal.link, *other)
    owner = _owner(signal.contributor, connector)
    if owner is not None:
        known = directory.contributor(owner)
        facts["contributor"] = (owner,) if known is None else _names(known.code, known.pubkey)
    for name, value in (
        ("correlation_key", signal.correlation_key),
        ("fingerprint", signal.fingerprint),
        ("trace_id", signal.trace_id),
    ):
        if value is not None:
            facts[name] = (value,)
    facts.update((f"labels.{name}", (value,)) for name, value in signal.labels.items())
    return facts


def _names(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _owner(named: str | None, connector: Connector | None) -> str | None:
    """A connector that is a contributor's speaks for nobody else, whatever its payloads say."""
    if connector is not None and connector.contributor_id is not None:
        return connector.contributor_id
    return named


# -- keys -----------------------------------------------------------------------------------------


def _with_keys(
    signal: SignalDraft, rule: Rule | None, texts: Mapping[str, str], connector: Connector | None
) -> SignalDraft:
    fingerprint = fingerprint_of(signal, connector)
    key = None if rule is None else _written(rule.correlation_key, texts, longest=KEY)
    if key is None and signal.correlation_key and signal.correlation_key.strip():
        key = prefixed(signal.correlation_key, connector)
    if key is None and rule is not None and rule.action is RuleAction.CREATE:
        # What holds one key can never be opened twice.
        key = fingerprint
    return replace(signal, fingerprint=fingerprint, correlation_key=key)


def prefixed(key: str, connector: Connector | None) -> str:
    """A receiver's *key* as it is held in the org, of at most 256 characters: behind the code of
    its *connector* (None: given by a person, as it is). A longer one ends in its SHA-256."""
    whole = key if connector is None else f"{connector.code}/{key}"
    if len(whole) <= KEY:
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{whole[: KEY - len(digest) - 1]}~{digest}"


def _digest(signal: SignalDraft) -> str:
    """A fingerprint of what *signal* is about: not of its state, its severity or its instant."""
    about = (
        signal.source,
        signal.summary if not signal.labels else None,
        signal.correlation_key,
        signal.service_name,
        signal.environment,
        signal.device,
        signal.link,
        signal.contributor,
        sorted(signal.labels.items()),
    )
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


# -- the incident it would make -------------------------------------------------------------------


def _wanted(
    signal: SignalDraft,
    rule: Rule | None,
    texts: Mapping[str, str],
    severity: Severity,
    connector: Connector | None,
    directory: Directory,
) -> Wanted:
    written: dict[str, str | None] = {}
    if rule is not None:
        for name in ("severity", "service", "device", "link", "contributor"):
            written[name] = _written(getattr(rule, name), texts, longest=NAME)
    title = None if rule is None else _written(rule.title, texts, longest=TITLE)
    level = read_severity(written.get("severity"), levels=directory.policy().severity_levels)
    service = written.get("service") or signal.service_name
    code = "" if service is None else service_code(service)
    device = directory.device(written.get("device") or signal.device or "")
    link = directory.link(written.get("link") or signal.link or "")
    owner = directory.contributor(_owner(written.get("contributor"), connector) or "")
    return Wanted(
        title=title or one_line(signal.summary, longest=TITLE),
        severity=level or severity,
        devices=() if device is None else (device.pubkey,),
        links=() if link is None else (link.pubkey,),
        services=(code,) if code else (),
        contributor_id=None if owner is None else owner.id,
    )


def _written(text: str | None, texts: Mapping[str, str], *, longest: int) -> str | None:
    """What a rule's *text* comes out as, on one line; None where it says nothing."""
    try:
        come_out = filled(text, texts, longest=longest)
    except PlaceholderError:
        # Only a rule of a newer release can have one that is not read here: it says nothing.
        return None
    return None if come_out is None else one_line(come_out, longest=longest) or None


def one_line(text: str, *, longest: int) -> str:
    """*text* on one line, of at most *longest* characters; a longer one ends in an ellipsis."""
    line = " ".join(text[: longest * 4].split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
