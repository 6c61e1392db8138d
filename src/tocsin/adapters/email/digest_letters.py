"""What a mail says of many devices and links at once (Provisioning: announced like any other).
Pure."""

from __future__ import annotations

from typing import Final

from tocsin.adapters.email.letters import Letter, foot_of, line, paragraph, shown_instant
from tocsin.dispatcher.contract import Addressee
from tocsin.projections.digests import Group, Owned, Summary
from tocsin.projections.sentences import LONGEST

LONGEST_OWNER: Final = 200


def digest_letter_of(summary: Summary, *, to: Addressee, base_url: str | None) -> Letter:
    """The letter that tells *summary*; *base_url* is where people reach Tocsin."""
    count = f"{summary.announcements} announcements"
    if summary.called:
        names = ", ".join(one.name for one in summary.called)
        count = f"{count}; acceptance is asked of {names}"
    first, last = shown_instant(summary.first), shown_instant(summary.last)
    when = first if first == last else f"{first} to {last}"
    parts = [_group(one) for one in summary.groups]
    if summary.more:
        parts.append(f"and {summary.more} more")
    return Letter(
        subject=line(f"[{to.org}] {summary.headline}"),
        heading=line(summary.headline),
        what=line(count, longest=LONGEST),
        who=line(f"{', '.join(summary.actors)}, {when}"),
        description=paragraph("\n\n".join(parts)),
        link=None if base_url is None else f"{base_url.rstrip('/')}/network",
        foot=foot_of(to),
    )


def _group(group: Group) -> str:
    lines = [f"{group.what}:", *(f"  {_owned(one)}" for one in group.owned)]
    if group.more_owned:
        lines.append(f"  others: {group.more_owned} more")
    lines += [f"  – {line(reason, longest=LONGEST)} ({count})" for reason, count in group.reasons]
    if group.more_reasons:
        lines.append(f"  – and {group.more_reasons} more reasons")
    return "\n".join(lines)


def _owned(owned: Owned) -> str:
    owner = line(owned.owner, longest=LONGEST_OWNER)
    codes = line(", ".join(owned.codes), longest=LONGEST)
    return f"{owner}: {codes}{f' and {owned.more} more' if owned.more else ''}"
