"""Names that several files share. Everything else lives beside the code that uses it."""

from collections.abc import Callable
from typing import Final

from homeassistant.util.hass_dict import HassKey

from .core.agreement import Term
from .core.plan import Active

DOMAIN: Final = "smart_community"

CONF_KIND: Final = "kind"
KIND_COMMUNITY: Final = "community"
KIND_MODBUS_BUS: Final = "modbus_bus"
KIND_ZIGBEE_NETWORK: Final = "zigbee_network"

SUBENTRY_RESPONDER: Final = "responder"
SUBENTRY_PROVIDER: Final = "provider"
SUBENTRY_UNIT: Final = "unit"
SUBENTRY_POINT_TABLE: Final = "point_table"
SUBENTRY_PLAN: Final = "plan"

CONF_PHOTO_POSITION: Final = "photo_position"
# Whether what Home Assistant shows to every user of it (to-do lists, event entities, the logbook)
# says where an incident is.
CONF_SHOW_PLACES: Final = "show_places"
# The ground that a community calls its own: floors and areas of the house.
CONF_FLOORS: Final = "floors"
CONF_AREAS: Final = "areas"

# Of an entity whose state is unknown because its device, which sleeps, has not spoken since the
# connection: nothing is wrong with it, and nobody knows more.
ATTR_UNHEARD: Final = "unheard"

# Asked by the alarm trigger at a source's first reading: has its loop (None: any) an episode of it
# that is still open on record?
# A source that cleared while Home Assistant was down is reported as cleared then, and only then:
# reporting every quiet detector at each start would run thousands of automations for nothing.
DATA_STILL_RAISED: HassKey[Callable[[str, str | None], bool]] = HassKey(f"{DOMAIN}_still_raised")

# Asked by the alarm trigger for a loop, an entity, and which limit in which unit: the value that is
# agreed with the residents.
DATA_AGREED_LIMIT: HassKey[Callable[[str, str, Term], float | None]] = HassKey(
    f"{DOMAIN}_agreed_limit"
)

# Asked by the alarm trigger for a loop, a source and the loop's own hours: is the loop at work now?
DATA_AT_WORK: HassKey[Callable[[str, str, Active | None], bool]] = HassKey(f"{DOMAIN}_at_work")
