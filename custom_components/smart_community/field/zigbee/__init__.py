"""Zigbee networks on the `zha` library, one coordinator each. Knows nothing of Home Assistant."""
