"""Letting devices into a Zigbee network, and out of it again."""

import asyncio
from typing import Any, Final

import probatio
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .errors import failure, refusal
from .zigbee_network import Joining, ZigbeeData

# Long enough to walk to the detector and hold its button, short enough that a neighbour's device
# does not find the door open: Zigbee's own limit is 254 s.
PAIRING_TIME: Final = 180
# A device that was let in announces itself within this time after the door was closed.
_GRACE: Final = 60.0
_WITHIN: Final = 10.0


async def async_permit(
    data: ZigbeeData,
    seconds: int,
    *,
    router: dr.DeviceEntry | None = None,
    router_ieee: str | None = None,
    install_code: str | None = None,
    ieee: str | None = None,
    area_id: str | None = None,
) -> None:
    """Let devices join for a time; 0 closes the network again.

    `router`: through this device only. `install_code`: the device's code, with `ieee`, or its QR
    code; then only that device can join. `area_id`: where what joins belongs; else the router's.
    Raises ServiceValidationError for a bad code, HomeAssistantError if the radio does not do it.
    """
    network = data.network
    gateway = network.gateway
    if gateway is None or network.trouble is not None:
        raise failure("zigbee_network_down", network=data.entry.title)
    app = gateway.application_controller
    # An empty code, or an address without one, must not open the network to everybody.
    key = None if install_code is None and ieee is None else _link_key(install_code or "", ieee)
    try:
        async with asyncio.timeout(_WITHIN):
            if key is not None:
                from .field.zigbee.lock import no_trace  # noqa: PLC0415 (as in _link_key)

                with no_trace():
                    await app.permit_with_link_key(key[0], key[1], seconds)
            else:
                node = network.address(router_ieee) if router_ieee is not None else None
                await app.permit(seconds, node=node)
    # Radio libraries let failures of their own through on a lost connection.
    except Exception as err:
        raise failure("zigbee_no_answer", device=data.entry.title) from err
    if area_id is None and router is not None:
        area_id = router.area_id
    now = dt_util.utcnow().timestamp()
    data.joining = Joining(since=now, until=now + seconds + _GRACE, area_id=area_id)


def _link_key(code: str, ieee: str | None) -> tuple[Any, Any]:
    """Read an install code or QR code, with the blanks that labels print between its digits.

    What it is read with says the code in its own errors, and a code is a key, also a mistyped one:
    the refusal carries no cause that a log would show.
    """
    # Here and not above (PLC0415): zha is loaded by now, and takes seconds where it is not.
    from zha.application.helpers import convert_install_code, qr_to_install_code  # noqa: PLC0415
    from zigpy.types import EUI64  # noqa: PLC0415

    try:
        if ieee is None:
            return qr_to_install_code(code.strip())
        return EUI64.convert(ieee.strip()), convert_install_code("".join(code.split()))
    # An address of another length is an AssertionError to zigpy.
    except probatio.Invalid, ValueError, AssertionError:
        raise refusal("zigbee_install_code_invalid") from None
