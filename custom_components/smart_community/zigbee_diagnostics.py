"""A Zigbee network in a bug report: topology and link quality, without keys, codes or addresses."""

from typing import Any

from homeassistant.util import dt as dt_util

from .zigbee_network import ZigbeeData


def zigbee_state(data: ZigbeeData) -> dict[str, Any]:
    """Return how a network stands. A device is told by the end of its address alone."""
    network = data.network
    now = dt_util.utcnow().timestamp()
    return {
        "trouble": network.trouble.value if network.trouble is not None else None,
        "silent": sorted(_short(ieee) for ieee in network.silent),
        "not_enrolled": sorted(_short(ieee) for ieee in network.prover.not_enrolled),
        "unproven": len(network.prover.unproven),
        "channel_energy": {str(channel): value for channel, value in data.network.energy.items()},
        "devices": {
            _short(str(device.ieee)): {
                "manufacturer": device.manufacturer,
                "model": device.model,
                "quirk": device.quirk_class,
                "power_source": device.power_source,
                "lqi": device.lqi,
                "rssi": device.rssi,
                "available": device.available,
                "seconds_since_heard": None
                if device.last_seen is None
                else round(now - device.last_seen),
                "allowed_silence": None
                if (known := network.register.of(str(device.ieee))) is None
                else round(known.allowed),
                "neighbors": [
                    {
                        "device": _short(str(neighbor.ieee)),
                        "relationship": neighbor.relationship.name,
                        "lqi": int(neighbor.lqi),
                    }
                    for neighbor in network.neighbors.get(device.ieee, ())
                ],
                "entities": sorted(
                    f"{entity.PLATFORM}:{type(entity).__name__}"
                    for entity in network.entities(device)
                ),
            }
            for device in network.devices()
        },
    }


def _short(ieee: str) -> str:
    return ieee.replace(":", "")[-6:]
