"""The mappings that come with the house: what nine senders post, read as signals.

Three of them (Datadog, Zabbix, LibreNMS) post what their administrator wrote; for those
``sender_body`` is the text to paste there. Each mapping has captured payloads as its test
(Integrations: generic JSON, and the rest).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A sender that is known: the connector's ``kind``, its ``name``, and its mapping.

    ``sender_body`` is what its administrator has to let it post, None where it posts the same for
    everybody.
    """

    kind: str
    name: str
    mapping: Mapping[str, str]
    sender_body: str | None = None


AMAZON_SNS = Shipped(
    kind="sns",
    name="Amazon SNS and CloudWatch",
    # The alarm is JSON inside the notification's text; with raw delivery it is the payload itself.
    mapping={
        "items": "[{note: @, alarm: from_json(Message) || @}]"
        "[?note.Type != 'SubscriptionConfirmation' && note.Type != 'UnsubscribeConfirmation']",
        "source": "alarm.AlarmArn && 'cloudwatch' || note.TopicArn || 'sns'",
        "summary": "alarm.AlarmName && join(': ', [alarm.AlarmName, alarm.NewStateReason][?@])"
        " || note.Subject || note.Message",
        "state": "alarm.NewStateValue",
        # No data is a state of its own: worth a word on what is open, no reason to wake anybody.
        "severity": "(alarm.NewStateValue == 'ALARM' && 'error')"
        " || (alarm.NewStateValue == 'INSUFFICIENT_DATA' && 'info')",
        "ts": "alarm.StateChangeTime || note.Timestamp",
        "correlation_key": "alarm.AlarmArn || alarm.AlarmName",
        "fingerprint": "!(alarm.AlarmName) && note.MessageId || null",
        "service_name": "alarm.Trigger.Namespace",
        "labels": "alarm.Trigger.Dimensions",
        "labels.topic": "note.TopicArn",
        "labels.account": "alarm.AWSAccountId",
        "labels.region": "alarm.Region",
        "labels.metric": "alarm.Trigger.MetricName",
        "data.description": "alarm.AlarmDescription",
        "data.old_state": "alarm.OldStateValue",
        "data.trigger": "alarm.Trigger",
        "data.rule": "alarm.AlarmRule",
    },
)

GOOGLE_CLOUD_MONITORING = Shipped(
    kind="gcp",
    name="Google Cloud Monitoring",
    mapping={
        "source": "'google-cloud-monitoring'",
        "summary": "incident.summary || incident.condition_name || incident.policy_name",
        "state": "incident.state",
        "severity": "incident.severity || 'error'",
        "ts": "incident.state == 'closed' && incident.ended_at || incident.started_at",
        "correlation_key": "incident.incident_id",
        "service_name": "incident.resource_display_name || incident.resource_name",
        "labels": "merge(incident.policy_user_labels || `{}`, incident.metric.labels || `{}`,"
        " incident.resource.labels || `{}`)",
        "labels.project": "incident.scoping_project_id",
        "labels.policy": "incident.policy_name",
        "labels.condition": "incident.condition_name",
        "labels.resource_type": "incident.resource.type",
        "labels.metric": "incident.metric.type",
        "data.url": "incident.url",
        "data.documentation": "incident.documentation.content",
        "data.observed_value": "incident.observed_value",
        "data.threshold_value": "incident.threshold_value",
    },
)

NEW_RELIC = Shipped(
    kind="newrelic",
    name="New Relic",
    # Workflows post an issue; the older channels post an incident with other names for it.
    mapping={
        "source": "'newrelic'",
        "summary": "title || annotations.title[0] || join(': ', [condition_name, details][?@])",
        "state": "state || current_state",
        "severity": "priority || severity",
        "ts": "((state == 'CLOSED' && (closedAt || updatedAt)) || createdAt) || timestamp",
        "correlation_key": "id || issueId || incident_id",
        "service_name": "impactedEntities[0] || targets[0].name",
        "labels.policy": "alertPolicyNames[0] || policy_name",
        "labels.condition": "alertConditionNames[0] || condition_name",
        "labels.workflow": "workflowName",
        "labels.account": "account_name",
        "data.url": "issueUrl || incident_url",
        "data.entities": "impactedEntities || targets[].name",
        "data.incidents": "totalIncidents",
        "data.runbook_url": "runbook_url",
    },
)

PINGDOM = Shipped(
    kind="pingdom",
    name="Pingdom",
    mapping={
        "source": "'pingdom'",
        "summary": "join(' ', [check_name, 'is', current_state][?@])",
        "state": "current_state",
        "severity": "importance_level",
        "ts": "state_changed_timestamp || state_changed_utc_time",
        "correlation_key": "check_id",
        "service_name": "check_name",
        "device": "check_params.hostname",
        "labels.check_type": "check_type",
        "labels.tags": "join(',', tags || `[]`)",
        "labels.probe": "first_probe.location",
        "data.description": "long_description || description",
        "data.url": "check_params.full_url",
        "data.message": "custom_message",
    },
)

DATADOG = Shipped(
    kind="datadog",
    name="Datadog",
    # What Datadog posts unless told otherwise names no alert, so nothing could be found resolved.
    mapping={
        "source": "'datadog'",
        "summary": "title || event_title || body",
        "state": "alert_transition"
        " || (contains(title || '', '[Recovered') && 'resolved') || 'firing'",
        "severity": "(alert_priority && starts_with(alert_priority, 'P') && alert_priority)"
        " || (alert_type != 'success' && alert_type) || null",
        "ts": "date || last_updated",
        "correlation_key": "alert_cycle_key || aggreg_key || alert_id",
        "service_name": "service",
        "environment": "env",
        "device": "hostname",
        "labels.tags": "tags",
        "labels.scope": "alert_scope",
        "labels.organisation": "org.name",
        "labels.event_type": "event_type",
        "data.url": "link",
        "data.body": "body",
        "data.metric": "alert_metric",
    },
    sender_body="""\
{
  "id": "$ID",
  "title": "$EVENT_TITLE",
  "body": "$TEXT_ONLY_MSG",
  "date": "$DATE",
  "event_type": "$EVENT_TYPE",
  "alert_id": "$ALERT_ID",
  "alert_cycle_key": "$ALERT_CYCLE_KEY",
  "alert_transition": "$ALERT_TRANSITION",
  "alert_type": "$ALERT_TYPE",
  "alert_priority": "$ALERT_PRIORITY",
  "alert_scope": "$ALERT_SCOPE",
  "alert_metric": "$ALERT_METRIC",
  "hostname": "$HOSTNAME",
  "tags": "$TAGS",
  "link": "$LINK",
  "org": {"id": "$ORG_ID", "name": "$ORG_NAME"}
}
""",
)

ZABBIX = Shipped(
    kind="zabbix",
    name="Zabbix",
    mapping={
        "source": "'zabbix'",
        "summary": "join(': ', [host_name, event_name][?@])",
        "state": "to_string(event_value) == '0' && 'resolved' || 'firing'",
        # Its words can be renamed; its numbers are from 0, not classified, to 5, disaster.
        "severity": "to_string(event_nseverity) | ((@ == '5' && 'critical')"
        " || (@ == '4' && 'error') || ((@ == '3' || @ == '2') && 'warning')"
        " || (@ == '1' && 'info') || null)",
        "ts": "to_string(event_value) == '0' && event_recovery_timestamp || event_timestamp",
        "correlation_key": "event_id",
        "device": "host_name",
        "labels": "from_json(event_tags)",
        "labels.trigger": "trigger_id",
        "labels.host_ip": "host_ip",
        "labels.host_group": "host_group",
        "labels.zabbix_severity": "event_severity",
        "data.url": "event_url",
        "data.operational_data": "event_opdata",
        "data.message": "alert_message",
    },
    sender_body="""\
{
  "event_id": "{EVENT.ID}",
  "event_value": "{EVENT.VALUE}",
  "event_name": "{EVENT.NAME}",
  "event_severity": "{EVENT.SEVERITY}",
  "event_nseverity": "{EVENT.NSEVERITY}",
  "event_timestamp": "{EVENT.TIMESTAMP}",
  "event_recovery_timestamp": "{EVENT.RECOVERY.TIMESTAMP}",
  "event_tags": "{EVENT.TAGSJSON}",
  "event_opdata": "{EVENT.OPDATA}",
  "event_url": "{TRIGGER.URL}",
  "trigger_id": "{TRIGGER.ID}",
  "host_name": "{HOST.NAME}",
  "host_ip": "{HOST.IP}",
  "host_group": "{TRIGGER.HOSTGROUP.NAME}",
  "alert_message": "{ALERT.MESSAGE}"
}
""",
)

SENTRY = Shipped(
    kind="sentry",
    name="Sentry",
    # Issue alerts, metric alerts and issues; comments and installations say nothing.
    mapping={
        "items": "[@][?data.event || data.issue || data.metric_alert] | [].{action: action,"
        " rule: data.triggered_rule || data.metric_alert.alert_rule.name,"
        " metric: data.metric_alert, title: data.description_title,"
        " text: data.description_text, url: data.web_url,"
        " event: data.event, issue: data.issue}",
        "source": "'sentry'",
        "summary": "event.title || issue.title || title || metric.title",
        "state": "(issue.status == 'ignored' && 'resolved') || issue.status || action",
        "severity": "event.level || issue.level || (metric && action != 'resolved' && action)"
        " || null",
        "ts": "event.datetime || event.timestamp || (issue.status == 'resolved' && issue.lastSeen)"
        " || issue.firstSeen || (action == 'resolved' && metric.date_closed)"
        " || metric.date_started",
        "correlation_key": "(metric && join('-', ['metric', to_string(metric.id)]))"
        " || event.issue_id || issue.id",
        "service_name": "issue.project.slug || metric.projects[0]",
        "environment": "event.environment || metric.alert_rule.environment",
        "labels": "event.tags",
        "labels.rule": "rule",
        "labels.culprit": "event.culprit || issue.culprit",
        "labels.event_id": "event.event_id",
        "data.url": "event.web_url || issue.web_url || issue.permalink || url",
        "data.text": "text",
    },
)

UPTIME_KUMA = Shipped(
    kind="uptimekuma",
    name="Uptime Kuma",
    # 0 is down, 1 up, 2 pending, 3 under maintenance; no heartbeat is a test or a certificate.
    mapping={
        "items": "[@][?heartbeat.status != `2` && heartbeat.status != `3`]",
        "source": "'uptime-kuma'",
        "summary": "msg || join(': ', [monitor.name, heartbeat.msg][?@])",
        "state": "heartbeat.status == `1` && 'resolved' || 'firing'",
        "severity": "(heartbeat.status == `0` && 'error') || (!heartbeat && 'info') || null",
        "ts": "heartbeat.time",
        "correlation_key": "heartbeat && (monitor.id || heartbeat.monitorID) || null",
        "service_name": "monitor.name",
        "device": "monitor.hostname",
        "labels.type": "monitor.type",
        "labels": "monitor.tags",
        "data.url": "monitor.url",
        "data.detail": "heartbeat.msg",
    },
)

LIBRENMS = Shipped(
    kind="librenms",
    name="LibreNMS",
    # 0 is recovered, 1 active, 2 acknowledged, 3 worse, 4 better.
    mapping={
        "source": "'librenms'",
        "summary": "title || join(': ', [hostname, rule][?@])",
        "state": "to_string(state) == '0' && 'resolved' || 'firing'",
        "severity": "severity",
        # Its timestamp is local time without a zone, so the instant of arrival is the truer one.
        "correlation_key": "(device_id && rule_id && join('-', [to_string(device_id),"
        " to_string(rule_id)])) || alert_id || id",
        "device": "sysName || hostname",
        "labels.hostname": "hostname",
        "labels.rule": "rule",
        "labels.location": "location",
        "labels.alert_state": "state",
        "data.message": "msg",
        "data.elapsed": "elapsed",
        "data.timestamp": "timestamp",
    },
    sender_body="""\
{
  "alert_id": "{{ $alert_id }}",
  "device_id": "{{ $device_id }}",
  "rule_id": "{{ $rule_id }}",
  "state": "{{ $state }}",
  "severity": "{{ $severity }}",
  "title": "{{ $title }}",
  "rule": "{{ $name }}",
  "hostname": "{{ $hostname }}",
  "sysName": "{{ $sysName }}",
  "location": "{{ $location }}",
  "timestamp": "{{ $timestamp }}",
  "elapsed": "{{ $elapsed }}"
}
""",
)

SHIPPED: Mapping[str, Shipped] = MappingProxyType(
    {
        shipped.kind: shipped
        for shipped in (
            AMAZON_SNS,
            GOOGLE_CLOUD_MONITORING,
            NEW_RELIC,
            PINGDOM,
            DATADOG,
            ZABBIX,
            SENTRY,
            UPTIME_KUMA,
            LIBRENMS,
        )
    }
)
"""By the kind of the connector."""
