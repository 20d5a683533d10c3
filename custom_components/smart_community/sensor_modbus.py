"""A unit's registers as sensors, and how well the unit itself can be read."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.const import EntityCategory

from .entity_modbus import PointEntity, UnitEntity, class_of
from .field.modbus.decode import places
from .field.point import DataType, Point, Quality
from .modbus_bus import WHOLE_UNIT, BusUnit, ModbusBusData

# What only grows: hours run and meters. Home Assistant's statistics add up their differences.
_GROWING: Final = {
    SensorDeviceClass.DURATION,
    SensorDeviceClass.ENERGY,
    SensorDeviceClass.GAS,
    SensorDeviceClass.WATER,
}
# A date in decimal is less than this; in two registers, yyyy and mmdd, it is more.
_BEYOND_DECIMAL: Final = 100_000_000


class UnitFigure(PointEntity, SensorEntity):
    """One register, or two, of a unit."""

    def __init__(self, bus: ModbusBusData, unit: BusUnit, point: Point) -> None:
        """Take the point's class, unit and places; what has a unit is kept as a statistic."""
        super().__init__(bus, unit, point)
        self._attr_device_class = class_of(SensorDeviceClass, point.device_class)
        if self._attr_device_class is SensorDeviceClass.DATE:
            return
        self._attr_native_unit_of_measurement = point.unit_of_measurement
        if self._attr_device_class in _GROWING:
            self._attr_state_class = SensorStateClass.TOTAL_INCREASING
        elif point.unit_of_measurement is not None or self._attr_device_class is not None:
            self._attr_state_class = SensorStateClass.MEASUREMENT
        if point.type is not DataType.FLOAT32:
            self._attr_suggested_display_precision = places(point)

    @property
    @override
    def native_value(self) -> float | date | None:
        value = self.reading.value
        if value is None or self._attr_device_class is not SensorDeviceClass.DATE:
            return value
        return _date(int(value))


class UnitQuality(UnitEntity, SensorEntity):
    """Whether a unit can be read, and if not, why: there while its other entities are not."""

    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = "unit_quality"

    def __init__(self, bus: ModbusBusData, unit: BusUnit) -> None:
        """Stand for the unit."""
        super().__init__(bus, unit, "unit_quality", WHOLE_UNIT)
        self._attr_options = [quality.value for quality in Quality]

    @property
    @override
    def native_value(self) -> str | None:
        """Return what ails most of the points that have no data; good if all have some."""
        if (unit := self.unit) is None:
            return None
        if unit.polled.why is not None:
            return unit.polled.why.value
        lacking = Counter(
            one.quality
            for one in unit.polled.readings.values()
            if one.quality not in {Quality.GOOD, Quality.NOT_READ}
        )
        if lacking:
            return lacking.most_common(1)[0][0].value
        return (Quality.GOOD if unit.polled.readings else Quality.NOT_READ).value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return how many points have no data, and the first one's reason."""
        readings = self.unit.polled.readings.values() if self.unit is not None else ()
        reasons = [one.reason for one in readings if one.reason]
        return {"points_without_data": len(reasons), "reason": next(iter(reasons), None)}


def _date(figure: int) -> date | None:
    """Return the date that yyyymmdd in decimal says, or in two registers yyyy and mmdd."""
    if figure >= _BEYOND_DECIMAL:
        figure = (figure >> 16) * 10000 + (figure & 0xFFFF)
    try:
        return datetime.strptime(str(figure), "%Y%m%d").date()  # noqa: DTZ007 # a date has no zone
    except ValueError:
        return None
