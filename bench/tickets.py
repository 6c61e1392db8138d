"""The one ticket that every measurement sends, so that ratios compare like with like."""

from __future__ import annotations

import json
from typing import Final

ORG: Final = "bench"
"""Code of the organisation every measured server holds."""

SERVICE: Final = "api"
"""Code of the service every measured ticket affects."""

INCIDENT: Final[dict[str, object]] = {
    "type": "incident",
    "title": "Packet loss between Amsterdam and Frankfurt above one per cent",
    "description": (
        "Probes on both sides report loss of one to three per cent since the last reload of the"
        " edge router. Traffic was moved to the second path; users see retransmissions, and the"
        " carrier has been told. Next look in thirty minutes."
    ),
    "severity": "sev2",
    "impact": "degraded",
    "services": [SERVICE],
    "environment": "production",
    "labels": ["packet-loss", "routing", "carrier"],
    "reporter_name": "Network operations",
    "reporter_email": "noc@example.net",
}
"""A middling incident as a person or program would report it, in the words of the contract."""

INCIDENT_BODY: Final[bytes] = json.dumps(INCIDENT, separators=(",", ":")).encode()
"""The same as it goes over the wire, UTF-8 JSON."""
