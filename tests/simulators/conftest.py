"""What the tests of the simulators share."""

from .zigbee_radio import radio

__all__ = ["radio"]
