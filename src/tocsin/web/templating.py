"""What every page is made by: escaped, complete without a script, nothing inline or from elsewhere.

Status page and dashboard share it, so that what keeps a stranger's words harmless is in one place.
"""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from tocsin.web.status import prose

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def pages(**known: object) -> Environment:
    """The templates of this room; each of them knows what is *known* by these names."""
    made = Environment(
        loader=PackageLoader("tocsin.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.globals.update(known)
    return made


def _shown(value: object) -> object:
    """What a template puts out: no text brings control or directional characters with it."""
    return (
        prose.cleaned(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )
