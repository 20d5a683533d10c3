"""The departments of the joint service station, and which loops are whose business."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Department(StrEnum):
    """A department that incidents climb to."""

    FIRE = "fire"
    POLICE = "police"
    URBAN = "urban"
    SANITATION = "sanitation"
    WATER = "water"


DEPARTMENT_LOOPS: Final[Mapping[Department, frozenset[str]]] = {
    Department.FIRE: frozenset(
        {
            "smoke_multiple",
            "sprinkler_flow",
            "fire_water_pressure",
            "gas_leak",
            "electrical_fire",
            "lift_entrapment",
            "garage_air",
        }
    ),
    Department.POLICE: frozenset(
        {
            "fire_lane_blocked",
            "group_rental",
            "lock_tamper",
            "elder_no_activity",
            "sos",
            "night_intrusion",
        }
    ),
    Department.URBAN: frozenset({"renovation_noise", "illegal_renovation", "group_rental"}),
    Department.SANITATION: frozenset({"garbage_overflow", "garbage_off_hours"}),
    Department.WATER: frozenset(
        {"waterlogging", "pump_room_flood", "water_supply_fault", "manhole_moved"}
    ),
}
