"""The district's gateway as the installation is told of it."""

from __future__ import annotations

from trafficedu.core.settings import Settings
from trafficedu.reaching.rules.gateway import Gateway
from trafficedu.reaching.rules.signing import Signing


def gateway_of(settings: Settings) -> Gateway | None:
    """Return the gateway as set, None where there is none; raise ``ValueError`` where a setting is malformed."""
    if not settings.sms_url:
        return None
    return Gateway.parse(
        settings.sms_url,
        settings.sms_method,
        settings.sms_headers,
        settings.sms_body,
        settings.sms_success,
        settings.sms_later,
        Signing.parse(settings.sms_secret, settings.sms_sign, settings.sms_algorithm, settings.sms_time),
    )
