"""Somebody who has subscribed to a status page."""

from __future__ import annotations

from tests.adapters.rest.asking import Client
from tocsin.core.subscription_commands import CreateSubscription

ANN = "ann@example.org"


def subscribed(made: Client, address: str = ANN) -> str:
    """Somebody has confirmed that they want to be told what the page ``main`` tells; the
    subscription's id."""
    home = made.house
    command = CreateSubscription(
        subscription_id=home.fresh(),
        page="main",
        kind="email",
        address=address,
        asked_at=home.clock(),
    )
    home.system("subscription", command, org_id=home.orgs["net"])
    return command.subscription_id
