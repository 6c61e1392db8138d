"""The example network: who runs it, who works there, what it is made of.

Invented organisations in real cities. Addresses are those set aside for documentation, names of
hosts end in ``example.org``, and telephone numbers are from ranges kept for fiction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIGABIT: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributorFacts:
    """An organisation: ``shift`` is when its operations desk answers, ``person`` its voice."""

    code: str
    name: str
    person: str
    desk: str
    phone: str
    shift: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """Somebody with a key; ``contributor`` is the code of the one they are bound to, if any."""

    handle: str
    name: str
    role: str
    contributor: str | None = None
    email: str | None = None
    service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """A device, where it stands, and whose it is."""

    code: str
    contributor: str
    city: str
    site: str
    device_type: str
    public_ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts:
    """A link: the A side's contributor owns it, ``kilometres`` is the length of its route."""

    a: str
    z: str
    link_type: str
    gigabits: int
    carrier: str
    circuit: str
    kilometres: int

    @property
    def code(self) -> str:
        """Both ends, as in ``ams-1:fra-1``."""
        return f"{self.a}:{self.z}"


CONTRIBUTORS: Final = (
    ContributorFacts(
        code="northlight",
        name="Northlight Carrier",
        person="sanne",
        desk="Northlight NOC",
        phone="+31 20 555 0141",
        shift="24/7",
    ),
    ContributorFacts(
        code="meridian",
        name="Meridian Fibre",
        person="luca",
        desk="Meridian operations desk",
        phone="+44 20 7946 0312",
        shift="24/7",
    ),
    ContributorFacts(
        code="kestrel",
        name="Kestrel Internet Exchange",
        person="priya",
        desk="Kestrel IX duty engineer",
        phone="+1 212 555 0173",
        shift="24/7",
    ),
    ContributorFacts(
        code="straits",
        name="Straits Exchange",
        person="weiling",
        desk="Straits Exchange NOC",
        phone="+65 5550 0186",
        shift="24/7",
    ),
    ContributorFacts(
        code="polder",
        name="Polder University",
        person="marieke",
        desk="Polder network group",
        phone="+31 30 555 0120",
        shift="Mon-Fri 08:00-18:00 Europe/Amsterdam",
    ),
    ContributorFacts(
        code="orf",
        name="Open Routing Foundation",
        person="hannah",
        desk="ORF volunteers on call",
        phone="+1 408 555 0119",
        shift="best effort outside 16:00-02:00 UTC",
    ),
)

PEOPLE: Final = (
    PersonFacts(
        handle="ines", name="Inês Carvalho", role="org_admin", email="ines.carvalho@example.org"
    ),
    PersonFacts(
        handle="tomasz", name="Tomasz Wieczorek", role="sre_lead", email="tomasz.w@example.org"
    ),
    PersonFacts(
        handle="kenji",
        name="Kenji Watanabe",
        role="oncall_engineer",
        email="kenji.watanabe@example.org",
    ),
    PersonFacts(
        handle="aoife", name="Aoife Brennan", role="oncall_engineer", email="aoife@example.org"
    ),
    PersonFacts(
        handle="daniel",
        name="Daniel Okafor",
        role="oncall_engineer",
        email="daniel.okafor@example.org",
    ),
    PersonFacts(
        handle="sanne",
        name="Sanne de Vries",
        role="sre_lead",
        contributor="northlight",
        email="sanne@northlight.example.org",
    ),
    PersonFacts(
        handle="luca",
        name="Luca Ferretti",
        role="member",
        contributor="meridian",
        email="luca@meridian.example.org",
    ),
    PersonFacts(
        handle="priya",
        name="Priya Raman",
        role="oncall_engineer",
        contributor="kestrel",
        email="priya@kestrel.example.org",
    ),
    PersonFacts(
        handle="weiling",
        name="Tan Wei Ling",
        role="oncall_engineer",
        contributor="straits",
        email="weiling@straits.example.org",
    ),
    PersonFacts(
        handle="marieke",
        name="Marieke Visser",
        role="member",
        contributor="polder",
        email="m.visser@polder.example.org",
    ),
    PersonFacts(
        handle="hannah",
        name="Hannah Lindqvist",
        role="member",
        contributor="orf",
        email="hannah@orf.example.org",
    ),
    PersonFacts(handle="margaret", name="Margaret Osei", role="viewer", email="m.osei@example.org"),
    PersonFacts(handle="monitor", name="Network monitoring", role="member", service=True),
)

ON_CALL: Final = ("kenji", "aoife", "daniel")
"""Who is on call from 00:00, from 08:00 and from 16:00 UTC."""

DEVICES: Final = (
    DeviceFacts(
        code="ams-1",
        contributor="northlight",
        city="Amsterdam",
        site="Science Park, row D, rack 12",
        device_type="hybrid",
        public_ip="192.0.2.11",
    ),
    DeviceFacts(
        code="fra-1",
        contributor="northlight",
        city="Frankfurt",
        site="Kleyerstrasse, room 2.04, rack 7",
        device_type="hybrid",
        public_ip="192.0.2.21",
    ),
    DeviceFacts(
        code="waw-1",
        contributor="northlight",
        city="Warsaw",
        site="Aleje Jerozolimskie, hall B, rack 31",
        device_type="transit",
        public_ip="192.0.2.31",
    ),
    DeviceFacts(
        code="sto-1",
        contributor="northlight",
        city="Stockholm",
        site="Kista, module 4, rack 9",
        device_type="transit",
        public_ip="192.0.2.41",
    ),
    DeviceFacts(
        code="ams-2",
        contributor="polder",
        city="Amsterdam",
        site="University data hall, rack 3",
        device_type="edge",
        public_ip="192.0.2.12",
    ),
    DeviceFacts(
        code="lon-1",
        contributor="meridian",
        city="London",
        site="Docklands, floor 5, rack 22",
        device_type="hybrid",
        public_ip="198.51.100.11",
    ),
    DeviceFacts(
        code="par-1",
        contributor="meridian",
        city="Paris",
        site="Rue Voltaire, room 6, rack 14",
        device_type="transit",
        public_ip="198.51.100.21",
    ),
    DeviceFacts(
        code="mad-1",
        contributor="meridian",
        city="Madrid",
        site="Calle Albasanz, cage 8, rack 2",
        device_type="transit",
        public_ip="198.51.100.31",
    ),
    DeviceFacts(
        code="nyc-1",
        contributor="kestrel",
        city="New York",
        site="Hudson Street, floor 9, rack 40",
        device_type="hybrid",
        public_ip="203.0.113.11",
    ),
    DeviceFacts(
        code="chi-1",
        contributor="kestrel",
        city="Chicago",
        site="East Cermak, suite 610, rack 5",
        device_type="transit",
        public_ip="203.0.113.21",
    ),
    DeviceFacts(
        code="sjc-1",
        contributor="orf",
        city="San Jose",
        site="Great Oaks, building 5, rack 118",
        device_type="hybrid",
        public_ip="203.0.113.31",
    ),
    DeviceFacts(
        code="tyo-1",
        contributor="orf",
        city="Tokyo",
        site="Otemachi, floor 7, rack 16",
        device_type="hybrid",
        public_ip="203.0.113.41",
    ),
    DeviceFacts(
        code="sin-1",
        contributor="straits",
        city="Singapore",
        site="Ayer Rajah, level 3, rack 27",
        device_type="hybrid",
        public_ip="203.0.113.51",
    ),
    DeviceFacts(
        code="syd-1",
        contributor="straits",
        city="Sydney",
        site="Alexandria, data hall 4, rack 8",
        device_type="hybrid",
        public_ip="203.0.113.61",
    ),
)


def _link(ends: str, link_type: str, gigabits: int, carrier: str, kilometres: int) -> LinkFacts:
    a, _, z = ends.partition(":")
    circuit = f"{carrier[:3].upper()}-{a[:3].upper()}{z[:3].upper()}-{kilometres:05d}"
    return LinkFacts(
        a=a,
        z=z,
        link_type=link_type,
        gigabits=gigabits,
        carrier=carrier,
        circuit=circuit,
        kilometres=kilometres,
    )


LINKS: Final = (
    _link("ams-1:fra-1", "WAN", 400, "Rhine Wave Optical", 480),
    _link("fra-1:waw-1", "WAN", 100, "Oder Dark Fibre", 1_120),
    _link("ams-1:sto-1", "WAN", 100, "Baltic Span", 1_410),
    _link("sto-1:waw-1", "WAN", 100, "Baltic Span", 1_060),
    _link("lon-1:par-1", "WAN", 200, "Channel Route Networks", 510),
    _link("par-1:mad-1", "WAN", 100, "Pyrenees Backhaul", 1_390),
    _link("nyc-1:chi-1", "WAN", 400, "Lakeshore Longhaul", 1_340),
    _link("sin-1:syd-1", "WAN", 100, "Timor Sea Cable", 7_200),
    _link("sjc-1:tyo-1", "WAN", 100, "Pacific Arc Cable", 9_600),
    _link("ams-1:ams-2", "DZX", 100, "Metro Ring Amsterdam", 12),
    _link("ams-1:lon-1", "DZX", 200, "North Sea Crossing", 540),
    _link("fra-1:par-1", "DZX", 100, "Rhine Wave Optical", 620),
    _link("lon-1:nyc-1", "DZX", 400, "Atlantic Bridge Cable", 6_300),
    _link("mad-1:nyc-1", "DZX", 100, "Iberia Gate Cable", 6_700),
    _link("chi-1:sjc-1", "DZX", 200, "Great Plains Longhaul", 3_600),
    _link("tyo-1:sin-1", "DZX", 100, "East Asia Loop", 5_900),
    _link("fra-1:sin-1", "DZX", 100, "Levant Line", 13_800),
    _link("sjc-1:syd-1", "DZX", 100, "Southern Trans-Pacific", 12_100),
)

SERVICES: Final = (
    ("ip-transit", "IP transit", "Full-table transit at every site."),
    ("private-line", "Ethernet private line", "Point-to-point circuits between any two sites."),
    ("multicast", "Market data multicast", "Replicated feeds, London, New York and Tokyo."),
    ("route-servers", "Exchange route servers", "Route servers at Kestrel and Straits."),
    ("precision-time", "Precision time", "PTP and NTP from grandmaster clocks."),
    ("resolver", "Anycast resolver", "Validating DNS resolver for connected networks."),
    ("telemetry", "Telemetry and graphs", "Flow, interface and optical measurements."),
    ("portal", "Member portal", "Orders, tickets and looking glass."),
)


def _interfaces() -> dict[str, tuple[str, str]]:
    ports = dict.fromkeys((device.code for device in DEVICES), 0)
    found: dict[str, tuple[str, str]] = {}
    for link in LINKS:
        ports[link.a] += 1
        ports[link.z] += 1
        found[link.code] = (f"Ethernet1/{ports[link.a]}", f"Ethernet1/{ports[link.z]}")
    return found


INTERFACES: Final = _interfaces()
"""The interfaces of each link, by its code: of the A side, and of the Z side."""
