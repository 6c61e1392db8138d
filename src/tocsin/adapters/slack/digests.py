"""What happened to many devices and links, as one message (Integrations: Slack, out).

Pure. What sources wrote stands in plain text; in ``mrkdwn`` are only words of ours and names,
escaped. Slack takes 50 blocks of 3,000 characters, and of all of them about 12,000 together.
"""

from __future__ import annotations

from typing import Final

from tocsin.adapters.slack import mentions
from tocsin.adapters.slack.cards import context, marked_section, mrkdwn_text, section
from tocsin.adapters.slack.contract import Blocks, Reply
from tocsin.adapters.slack.escaping import address, mrkdwn, one_line, plain, utc, wide
from tocsin.projections.digests import Group, Owned, Summary

LONGEST_HEADLINE: Final = 600
LONGEST_OWNER: Final = 100
LONGEST_CODES: Final = 300
"""Units of what one owner's devices or links are called."""
LONGEST_REASON: Final = 200
LONGEST_BY: Final = 300
MOST_SAID: Final = 7_000
"""Units of all groups together."""


def reply(summary: Summary, *, base_url: str | None) -> Reply:
    """The message that tells *summary*; *base_url* is where people reach Tocsin."""
    said = mrkdwn(summary.headline, longest=LONGEST_HEADLINE)
    called = mentions.listed(summary.called)
    blocks: Blocks = [marked_section(f"*{said}*{f' {called}' if called else ''}")]
    left, more = MOST_SAID, summary.more
    for group in summary.groups:
        parts = _group(group, headed=len(summary.groups) > 1 or summary.more > 0)
        left -= sum(wide(text) for text, _ in parts)
        if left < 0:
            more += group.count
            continue
        blocks += [section(text) if source else marked_section(text) for text, source in parts]
    if more:
        blocks.append(marked_section(f"and {more} more"))
    by = f"by {', '.join(summary.actors)}, {_when(summary)}"
    foot = mrkdwn(f"{summary.announcements} announcements, {one_line(by)}", longest=LONGEST_BY)
    if base_url is not None:
        foot = f"{address(base_url.rstrip('/') + '/network', 'The network')} · {foot}"
    blocks.append(context(mrkdwn_text(foot)))
    return Reply(text=f"*{said}*{f' {called}' if called else ''}", blocks=blocks)


def _group(group: Group, *, headed: bool) -> list[tuple[str, bool]]:
    """Texts, each with whether a source wrote it."""
    lines = [f"*{mrkdwn(group.what, longest=LONGEST_HEADLINE)}*"] if headed else []
    lines += [_owned(one) for one in group.owned]
    if group.more_owned:
        lines.append(f"others: {group.more_owned} more")
    parts = [("\n".join(lines), False)]
    reasons = [f"• {_cut(reason)} ({count})" for reason, count in group.reasons]
    if group.more_reasons:
        reasons.append(f"and {group.more_reasons} more reasons")
    if reasons:
        parts.append(("\n".join(reasons), True))
    return parts


def _owned(owned: Owned) -> str:
    owner = mrkdwn(one_line(owned.owner), longest=LONGEST_OWNER)
    codes = mrkdwn(one_line(", ".join(owned.codes)), longest=LONGEST_CODES)
    return f"{owner}: {codes}{f' and {owned.more} more' if owned.more else ''}"


def _cut(text: str) -> str:
    return plain(one_line(text), longest=LONGEST_REASON)


def _when(summary: Summary) -> str:
    first, last = utc(summary.first), utc(summary.last)
    return first if first == last else f"{first} to {last}"
