"""Lines of Home Assistant's logbook and of the activity on a community's device page.

They say what happened to which incident, and where if the community shows that to every user of
Home Assistant; who did it stands on the incident's own timeline,
which asks who may read it.
"""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .core.message import headed, marked
from .data import EVENT_INCIDENT
from .views import texts


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe our event."""

    @callback
    def describe(event: Event) -> dict[str, str]:
        words = texts(hass, hass.config.language)
        said = event.data
        loop = words["loops"].get(said["loop"], said["loop"])
        name = headed(said["number"], loop, said["zone_name"])
        return {
            LOGBOOK_ENTRY_NAME: marked(name, words["message"], drill=said["drill"]),
            LOGBOOK_ENTRY_MESSAGE: words["logbook"][said["what"]].format(
                tier=words["tiers"].get(said["tier"], "")
            ),
        }

    async_describe_event(DOMAIN, EVENT_INCIDENT, describe)
