"""Claims: what must be unique within an org, and which stream holds it (Design: store).

Kinds: ``ref``, ``correlation_key`` and ``external_id`` of tickets; ``asset_pubkey`` (devices and
links together), ``device_code``, ``link_code``, ``contributor_code``, ``contributor_pubkey``,
``service_code``, ``location_code``, ``member_email``, ``slack_user``, ``slack_code``,
``route_name``,
``entry_point_name``, ``entry_point_fallback``, ``connector_code``, ``connector_token`` (its
SHA-256, in hex), ``rule_name``, ``status_page_code``, ``subscription``, ``view`` of records. A
claim is held while its stream's state says so: :func:`tocsin.core.aggregates.standing_of`.

``status_page_code`` is unique in the whole installation: it is part of a public address, which
names no org.
"""

from __future__ import annotations

Claim = tuple[str, str]
"""``(kind, key)``."""

REF = "ref"
CORRELATION_KEY = "correlation_key"
EXTERNAL_ID = "external_id"
ASSET_PUBKEY = "asset_pubkey"
DEVICE_CODE = "device_code"
LINK_CODE = "link_code"
CONTRIBUTOR_CODE = "contributor_code"
CONTRIBUTOR_PUBKEY = "contributor_pubkey"
SERVICE_CODE = "service_code"
LOCATION_CODE = "location_code"
MEMBER_EMAIL = "member_email"
SLACK_USER = "slack_user"
SLACK_CODE = "slack_code"
ROUTE_NAME = "route_name"
ENTRY_POINT_NAME = "entry_point_name"
ENTRY_POINT_FALLBACK = "entry_point_fallback"
CONNECTOR_CODE = "connector_code"
CONNECTOR_DIGEST = "connector_token"
RULE_NAME = "rule_name"
STATUS_PAGE_CODE = "status_page_code"
SUBSCRIPTION = "subscription"
VIEW = "view"

ELSEWHERE = "elsewhere"
"""Who holds a claim that another org has, as far as this one is told."""

KINDS = (
    REF,
    CORRELATION_KEY,
    EXTERNAL_ID,
    ASSET_PUBKEY,
    DEVICE_CODE,
    LINK_CODE,
    CONTRIBUTOR_CODE,
    CONTRIBUTOR_PUBKEY,
    SERVICE_CODE,
    LOCATION_CODE,
    MEMBER_EMAIL,
    SLACK_USER,
    SLACK_CODE,
    ROUTE_NAME,
    ENTRY_POINT_NAME,
    ENTRY_POINT_FALLBACK,
    CONNECTOR_CODE,
    CONNECTOR_DIGEST,
    RULE_NAME,
    STATUS_PAGE_CODE,
    SUBSCRIPTION,
    VIEW,
)
