"""What happened to a device or a link, as a message of its own (Integrations: Slack, out).

Pure. What people and sources wrote stands in plain text; in ``mrkdwn`` are only words of ours and
names, escaped.
"""

from __future__ import annotations

from typing import Final

from tocsin.adapters.slack import mentions, naming
from tocsin.adapters.slack.cards import context, marked_section, mrkdwn_text, section
from tocsin.adapters.slack.contract import Blocks, Reply
from tocsin.adapters.slack.escaping import address, mrkdwn, one_line, utc
from tocsin.core.facts import Event
from tocsin.core.records import Device, Link
from tocsin.projections.announcements import announcement_of
from tocsin.projections.shapes.record_names import PartyNames

LONGEST_NAME: Final = 200
LONGEST_SAID: Final = 1_000
"""Units of what happened, and of how it stands."""
LONGEST_REASONS: Final = 2_000
"""Units of all reasons of a message."""


def reply(event: Event, asset: Device | Link, names: PartyNames, *, base_url: str | None) -> Reply:
    """The message that tells *event* of *asset* as that stands now; *base_url* is where people
    reach Tocsin."""
    told = announcement_of(event, asset, names)
    name = mrkdwn(told.code, longest=LONGEST_NAME)
    shown = name
    if base_url is not None and told.path is not None:
        shown = address(base_url.rstrip("/") + told.path, told.code)
    said = f"{told.sort} {mrkdwn(one_line(told.told.what), longest=LONGEST_SAID)}"
    by = mrkdwn(f"by {naming.who(event.actor)}, {utc(event.recorded_at)}", longest=LONGEST_NAME)
    called = "" if told.called is None else f" {mentions.mention(told.called)}"
    blocks: Blocks = [marked_section(f"*{shown}*: {said}{called}")]
    if told.told.why:
        reasons = "\n".join(f"• {one_line(one)}" for one in told.told.why)
        blocks.append(section(reasons, longest=LONGEST_REASONS))
    standing = " · ".join(f"{label} {value}" for label, value in told.facts)
    blocks.append(context(mrkdwn_text(f"{mrkdwn(standing, longest=LONGEST_SAID)} · {by}")))
    return Reply(text=f"*{name}*: {said}{called} {by}", blocks=blocks)
