"""A small network on the ledger, and accounts of every kind at random."""

from __future__ import annotations

from hypothesis import strategies as st

from tocsin.adapters.doublezero.accounts import (
    Account,
    Contributor,
    Device,
    Exchange,
    GlobalState,
    Interface,
    Link,
    Location,
    Segment,
)
from tocsin.core.pubkeys import encode


def pubkey(number: int) -> str:
    """An address that is easy to tell from the others."""
    return encode(bytes([7] * 31 + [number]))


OWNER = pubkey(1)
ACME = Contributor(pubkey=pubkey(10), owner=OWNER, index=1, bump=255, status=1, code="acme")
BETA = Contributor(pubkey=pubkey(11), owner=pubkey(2), index=2, bump=254, status=1, code="beta")
FRANKFURT = Location(
    pubkey=pubkey(20),
    owner=OWNER,
    index=3,
    bump=253,
    lat=50.1,
    lng=8.7,
    loc_id=0,
    status=1,
    code="fra1",
    name="Frankfurt 1",
    country="DE",
)
FRA = Exchange(
    pubkey=pubkey(21),
    owner=OWNER,
    index=4,
    bump=252,
    lat=50.11,
    lng=8.68,
    bgp_community=10_001,
    status=1,
    code="xfra",
    name="Frankfurt",
)
UPLINK = Interface(
    status=3, name="Switch1/1/1", interface_type=2, bandwidth=10_000_000_000, mtu=9000
)
TRANSIT = Interface(status=3, name="Ethernet4", interface_type=2, dia=1, ip_net="198.51.100.1/31")
LOOPBACK = Interface(
    status=3,
    name="Loopback255",
    interface_type=1,
    loopback_type=1,
    ip_net="10.0.0.1/32",
    node_segment_idx=7,
    segments=(Segment(topology=pubkey(90), node_segment_idx=8),),
)
DZ1 = Device(
    pubkey=pubkey(30),
    owner=OWNER,
    index=5,
    bump=251,
    location=FRANKFURT.pubkey,
    exchange=FRA.pubkey,
    device_type=0,
    public_ip="198.51.100.1",
    status=5,
    code="fra-dz1",
    dz_prefixes=("203.0.113.0/29",),
    metrics_publisher=pubkey(3),
    contributor=ACME.pubkey,
    mgmt_vrf="mgmt",
    max_users=128,
    health=1,
    desired_status=6,
    interfaces=(UPLINK, TRANSIT, LOOPBACK),
)
DZ2 = Device(
    pubkey=pubkey(31),
    owner=pubkey(2),
    index=6,
    bump=250,
    location=FRANKFURT.pubkey,
    exchange=FRA.pubkey,
    device_type=1,
    public_ip="198.51.100.2",
    status=1,
    code="fra-dz2",
    contributor=BETA.pubkey,
    health=3,
    desired_status=1,
)
LINK = Link(
    pubkey=pubkey(40),
    owner=OWNER,
    index=7,
    bump=249,
    side_a=DZ1.pubkey,
    side_z=DZ2.pubkey,
    link_type=127,
    bandwidth=10_000_000_000,
    mtu=9000,
    delay_ns=1_500_000,
    jitter_ns=20_000,
    tunnel_id=17,
    tunnel_net="172.16.0.0/31",
    status=6,
    code="fra-dz1:fra-dz2",
    contributor=ACME.pubkey,
    side_a_interface="Switch1/1/1",
    side_z_interface="Switch1/1/2",
    health=1,
    desired_status=6,
    topologies=(pubkey(90),),
)
STATE = GlobalState(
    pubkey=pubkey(50),
    bump=248,
    account_index=7,
    foundation_allowlist=(pubkey(4),),
    health_oracle=pubkey(3),
    qa_allowlist=(pubkey(5), pubkey(6)),
    feature_flags=2,
)
TOWN: tuple[Account, ...] = (ACME, BETA, FRANKFURT, FRA, DZ1, DZ2, LINK, STATE)


# -- at random ------------------------------------------------------------------------------------

_pubkeys = st.binary(min_size=32, max_size=32).map(encode)
_u8, _u16, _u32 = st.integers(0, 2**8 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
_u64, _u128 = st.integers(0, 2**64 - 1), st.integers(0, 2**128 - 1)
_f64 = st.floats(allow_nan=False)
_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
_addresses = st.tuples(_u8, _u8, _u8, _u8).map(lambda octets: ".".join(map(str, octets)))
_networks = st.builds(lambda octets, prefix: f"{octets}/{prefix}", _addresses, st.integers(0, 32))


def _some(items: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(items, max_size=3).map(tuple)


segments = st.builds(Segment, topology=_pubkeys, node_segment_idx=_u16)
interfaces = st.builds(
    Interface,
    status=_u8,
    name=_text,
    interface_type=_u8,
    cyoa=_u8,
    dia=_u8,
    loopback_type=_u8,
    bandwidth=_u64,
    cir=_u64,
    mtu=_u16,
    routing_mode=_u8,
    vlan_id=_u16,
    ip_net=_networks,
    node_segment_idx=_u16,
    user_tunnel_endpoint=st.booleans(),
    segments=st.lists(segments, max_size=2).map(tuple),
)
_held = {
    "pubkey": _pubkeys,
    "owner": _pubkeys,
    "index": _u128,
    "bump": _u8,
    "missing": st.just(()),
    "status": _u8,
    "code": _text,
}
contributors = st.builds(Contributor, **_held, reference_count=_u32, ops_manager=_pubkeys)
locations = st.builds(
    Location,
    **_held,
    lat=_f64,
    lng=_f64,
    loc_id=_u32,
    name=_text,
    country=_text,
    reference_count=_u32,
)
exchanges = st.builds(
    Exchange,
    **_held,
    lat=_f64,
    lng=_f64,
    bgp_community=_u16,
    name=_text,
    reference_count=_u32,
    device1=_pubkeys,
    device2=_pubkeys,
)
devices = st.builds(
    Device,
    **_held,
    location=_pubkeys,
    exchange=_pubkeys,
    device_type=_u8,
    public_ip=_addresses,
    dz_prefixes=_some(_networks),
    metrics_publisher=_pubkeys,
    contributor=_pubkeys,
    mgmt_vrf=_text,
    reference_count=_u32,
    users_count=_u16,
    max_users=_u16,
    health=_u8,
    desired_status=_u8,
    unicast_users_count=_u16,
    multicast_subscribers_count=_u16,
    max_unicast_users=_u16,
    max_multicast_subscribers=_u16,
    reserved_seats=_u16,
    multicast_publishers_count=_u16,
    max_multicast_publishers=_u16,
    interfaces=st.lists(interfaces, max_size=3).map(tuple),
)
links = st.builds(
    Link,
    **_held,
    side_a=_pubkeys,
    side_z=_pubkeys,
    link_type=_u8,
    bandwidth=_u64,
    mtu=_u32,
    delay_ns=_u64,
    jitter_ns=_u64,
    tunnel_id=_u16,
    tunnel_net=_networks,
    contributor=_pubkeys,
    side_a_interface=_text,
    side_z_interface=_text,
    delay_override_ns=_u64,
    health=_u8,
    desired_status=_u8,
    topologies=_some(_pubkeys),
    flags=_u32,
)
global_states = st.builds(
    GlobalState,
    pubkey=_pubkeys,
    bump=_u8,
    account_index=_u128,
    foundation_allowlist=_some(_pubkeys),
    device_allowlist=_some(_pubkeys),
    user_allowlist=_some(_pubkeys),
    activator_authority=_pubkeys,
    sentinel_authority=_pubkeys,
    contributor_airdrop=_u64,
    user_airdrop=_u64,
    health_oracle=_pubkeys,
    qa_allowlist=_some(_pubkeys),
    feature_flags=_u128,
    feed_authority=_pubkeys,
    missing=st.just(()),
)
accounts: st.SearchStrategy[Account] = st.one_of(
    contributors, locations, exchanges, devices, links, global_states
)
