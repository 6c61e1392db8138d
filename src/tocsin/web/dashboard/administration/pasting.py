"""What is pasted on the other side of a connector: ready, with the address and the token in it."""

from __future__ import annotations

from urllib.parse import urlsplit

from tocsin.core.connector_words import ConnectorKind
from tocsin.web.dashboard.administration.revealing import Secret

_EXAMPLE = '{"summary": "A test", "severity": "info"}'


def snippets_for(kind: str, url: str, token: str) -> tuple[Secret, ...]:
    """What to paste for a neighbour of that *kind* that sends to *url* with *token*."""
    host = _host(url)
    match kind:
        case ConnectorKind.ALERTMANAGER:
            return (
                Secret(label="In Alertmanager's configuration", text=_alertmanager(url, token)),
                Secret(
                    label="Or in Prometheus, without an Alertmanager",
                    text=_prometheus(host, token),
                ),
            )
        case ConnectorKind.GRAFANA:
            return (
                Secret(
                    label="In Grafana: a contact point of the type Webhook",
                    text=f"URL: {url}\nAuthorization header, scheme: Bearer\n"
                    f"Authorization header, credentials: {token}",
                ),
            )
        case ConnectorKind.PAGERDUTY:
            return (
                Secret(
                    label="In clients of PagerDuty",
                    text=f"Events API address: {host}/v2/enqueue\nIntegration key: {token}",
                ),
            )
        case ConnectorKind.OPSGENIE:
            return (
                Secret(
                    label="In clients of Opsgenie",
                    text=f"API address: {host}\nAPI key: {token}",
                ),
            )
        case ConnectorKind.MAINTNOTE:
            return (
                Secret(
                    label="From a mail server's pipe, or with a file",
                    text=f'curl --fail --header "Authorization: Bearer {token}" \\\n'
                    f"  --header 'Content-Type: message/rfc822' --data-binary @- \\\n  '{url}'",
                ),
            )
        case ConnectorKind.SNS | ConnectorKind.UPTIMEKUMA | ConnectorKind.GCP:
            return (
                Secret(
                    label="Where headers cannot be set",
                    text=f"{url}?token={token}",
                    hint="The whole line is a secret then.",
                ),
            )
        case _:
            return (
                Secret(
                    label="To try it",
                    text=f'curl --fail --header "Authorization: Bearer {token}" \\\n'
                    f"  --json '{_EXAMPLE}' \\\n  '{url}'",
                ),
            )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _alertmanager(url: str, token: str) -> str:
    return f"""receivers:
  - name: tocsin
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          authorization: {{credentials: {token}}}"""


def _prometheus(host: str, token: str) -> str:
    parts = urlsplit(host)
    return f"""alerting:
  alertmanagers:
    - scheme: {parts.scheme}
      authorization: {{credentials: {token}}}
      static_configs: [{{targets: ["{parts.netloc}"]}}]"""
