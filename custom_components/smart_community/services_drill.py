"""The action that runs a drill."""

from functools import partial
from typing import Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv

from .const import DOMAIN
from .core.model import Tier
from .core.permits import Deed
from .data import community
from .exercises import async_exercise
from .services import STEP

_DRILL: Final = probatio.Schema(
    {
        probatio.Required("loop"): cv.string,
        probatio.Required("zone"): cv.string,
        probatio.Required("up_to"): probatio.Coerce(Tier),
        probatio.Optional("ladder"): probatio.All(cv.ensure_list, [STEP]),
        probatio.Optional("community"): cv.string,
    }
)


def async_register_drill_services(hass: HomeAssistant) -> None:
    """Register the action."""
    hass.services.async_register(
        DOMAIN,
        "drill",
        partial(_drill, hass),
        schema=_DRILL,
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _drill(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    entry = community(hass, call.data.get("community"))
    await entry.runtime_data.deeds.check(Deed.DRILL, call.context)
    said = {"ladder": call.data["ladder"]} if "ladder" in call.data else None
    result = await async_exercise(
        hass, entry, call.data["loop"], call.data["zone"], call.data["up_to"], said=said
    )
    incident = result.incident
    return {
        "verdict": result.verdict.value,
        "incident": incident.id if incident is not None else None,
        "number": incident.number if incident is not None else None,
    }
