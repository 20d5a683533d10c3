"""The one map from what the core refuses to a sentence that tells a person what to do."""

from collections.abc import Mapping

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .core.errors import DomainError
from .core.model import Verdict

# What a person asked for and the incident's state does not allow: said as an error, since a quiet
# success would let them believe that something happened.
REFUSALS: Mapping[Verdict, str] = {
    Verdict.NEEDS_NOTE: "needs_note",
    Verdict.NEEDS_PHOTO: "needs_photo",
    Verdict.STILL_IN_ALARM: "still_in_alarm",
    Verdict.ALREADY_ENDED: "incident_ended",
}


def translated(err: DomainError) -> ServiceValidationError:
    """Turn a refusal of the core into Home Assistant's translated error."""
    return refusal(err.key, **err.values)


def refusal(key: str, **values: str) -> ServiceValidationError:
    """Make the error for a caller's mistake; `key` stands under exceptions in the translations."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=values
    )


def failure(key: str, **values: str) -> HomeAssistantError:
    """Make the error for a failure that is not the caller's."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=values
    )
