"""Which senders this server has, by what it was told of its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tocsin.adapters.airtable.sender import AirtableSender
from tocsin.adapters.email.mail import Mail
from tocsin.adapters.email.sender import EmailSender
from tocsin.adapters.webhook.sender import WebhookSender
from tocsin.app.settings import Settings, SettingWrong
from tocsin.core.words import DestinationKind
from tocsin.dispatcher.contract import Sender
from tocsin.store.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The senders by kind of destination, and for kinds that have none: what to do about it."""

    senders: Mapping[DestinationKind, Sender]
    unavailable: Mapping[DestinationKind, str]


def sending(
    settings: Settings,
    *,
    store: Store,
    clock: Callable[[], datetime],
    slack: Sender | None = None,
) -> Sending:
    """The senders that *settings* allow for; *slack* is Slack's, where it is wanted.

    Raises:
        SettingWrong: settings of mail that contradict each other.
    """
    senders: dict[DestinationKind, Sender] = {
        DestinationKind.WEBHOOK: WebhookSender(
            store=store,
            clock=clock,
            allow_private=settings.allow_private_destinations,
            base_url=settings.public_url,
        ),
        DestinationKind.AIRTABLE: AirtableSender(store=store),
    }
    unavailable: dict[DestinationKind, str] = {}
    mail = mail_of(settings)
    if mail is None:
        unavailable[DestinationKind.EMAIL] = (
            "this server sends no mail; set TOCSIN_SMTP_HOST and TOCSIN_MAIL_FROM"
        )
    else:
        senders[DestinationKind.EMAIL] = EmailSender(store=store, clock=clock, settings=mail)
    if slack is None:
        unavailable[DestinationKind.SLACK] = (
            "this server is not connected to Slack; set TOCSIN_SLACK_BOT_TOKEN, or install it by"
            " TOCSIN_SLACK_CLIENT_ID"
        )
    else:
        senders[DestinationKind.SLACK] = slack
    return Sending(senders=senders, unavailable=unavailable)


def mail_of(settings: Settings) -> Mail | None:
    """The mail server that *settings* name; None where they name none.

    Raises:
        SettingWrong: settings that contradict each other.
    """
    if settings.smtp_host is None or settings.mail_from is None:
        return None
    try:
        return Mail(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password,
            from_address=settings.mail_from,
            base_url=settings.public_url,
        )
    except ValueError as wrong:
        raise SettingWrong(str(wrong)) from wrong
