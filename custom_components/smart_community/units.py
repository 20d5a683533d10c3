"""Comparing a measured value with a limit that is given in another unit."""

import math
from typing import Final

from homeassistant.components.sensor.const import UNIT_CONVERTERS
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import BaseUnitConverter

_CONVERTERS: Final = frozenset(UNIT_CONVERTERS.values())
# What the trade writes and Home Assistant does not know: the unit it stands for, and how many.
_TRADE: Final = {"MPa": ("kPa", 1000.0)}


def in_unit(
    value: float, unit: str | None, wanted: str | None, device_class: str | None = None
) -> float:
    """Return `value` in the unit `wanted`; not a number if the two cannot be compared.

    A value without a unit is taken to be in the wanted one: a contractor's point table may leave
    it out, and a sensor that somebody has chosen must not be silent for that. A limit of 300 mA
    means 0.3 to a sensor that measures in A; to a thermometer it means nothing, so that one loop
    can watch both kinds of sensor, each with its own limit.
    """
    if wanted is None or not unit or unit == wanted:
        return value
    unit, factor = _TRADE.get(unit, (unit, 1.0))
    value *= factor
    converters = {UNIT_CONVERTERS[device_class]} if device_class in UNIT_CONVERTERS else _CONVERTERS
    # What a ppb weighs depends on the gas: a sensor without its class is taken for the heaviest,
    # because an alarm too early is better than one too late.
    return max(
        (
            _converted(converter, value, unit, wanted)
            for converter in converters
            if {unit, wanted} <= converter.VALID_UNITS
        ),
        default=math.nan,
    )


def _converted(converter: type[BaseUnitConverter], value: float, unit: str, wanted: str) -> float:
    try:
        return converter.convert(value, unit, wanted)
    except HomeAssistantError, ZeroDivisionError:
        # Some ratios have no value at zero; that is no measurement to judge.
        return math.nan
