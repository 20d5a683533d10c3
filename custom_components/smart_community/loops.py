"""The catalogue of the 28 loops: what never changes about each.

Ladders, times and thresholds live in the blueprints alone, where people read and negotiate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .core.model import Closes, Proof, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Loop:
    """One closed loop. `on`: switched on when shipped. `life_safety`: never silent unwarned."""

    key: str
    element: str
    severity: Severity
    proof: Proof = Proof.NOTHING
    closes: Closes = Closes.SOURCE
    life_safety: bool = False
    on: bool = False


_MINOR, _MODERATE, _SEVERE, _EXTREME = Severity
_NOTE, _PHOTO = Proof.NOTE, Proof.PHOTO
_PERSON = Closes.PERSON


def _life(key: str, element: str, severity: Severity, *, on: bool = True) -> Loop:
    """Make a loop on which lives may depend: a person must look, say what it was, and close it."""
    return Loop(
        key=key,
        element=element,
        severity=severity,
        proof=_NOTE if severity is _EXTREME else Proof.NOTHING,
        closes=_PERSON,
        life_safety=True,
        on=on,
    )


_CATALOGUE: Final = (
    _life("smoke_single", "fire", _SEVERE),
    _life("smoke_multiple", "fire", _EXTREME),
    _life("sprinkler_flow", "fire", _EXTREME),
    Loop(key="fire_water_pressure", element="fire", severity=_MODERATE),
    _life("gas_leak", "fire", _EXTREME),
    Loop(key="electrical_fire", element="fire", severity=_SEVERE, on=True),
    Loop(key="fire_lane_blocked", element="fire", severity=_MODERATE, on=True),
    Loop(key="ebike_indoors", element="fire", severity=_MODERATE, proof=_NOTE, on=True),
    Loop(key="waterlogging", element="water", severity=_SEVERE, on=True),
    Loop(key="pump_room_flood", element="water", severity=_SEVERE),
    Loop(key="water_supply_fault", element="water", severity=_MODERATE),
    # A cover that has stopped shaking, a person who has stopped moving: neither is back in place.
    Loop(key="manhole_moved", element="water", severity=_SEVERE, closes=_PERSON),
    Loop(key="square_dance_noise", element="environment", severity=_MINOR, on=True),
    Loop(key="renovation_noise", element="environment", severity=_MINOR),
    Loop(key="garbage_overflow", element="waste", severity=_MINOR, on=True),
    Loop(key="garbage_off_hours", element="waste", severity=_MINOR),
    Loop(key="group_rental", element="people", severity=_MODERATE, proof=_NOTE, on=True),
    Loop(key="lock_tamper", element="people", severity=_SEVERE, on=True),
    Loop(key="unit_door_open", element="people", severity=_MINOR),
    Loop(key="elder_no_activity", element="people", severity=_SEVERE, proof=_NOTE, on=True),
    _life("sos", "people", _EXTREME),
    Loop(key="night_intrusion", element="people", severity=_SEVERE, closes=_PERSON),
    Loop(
        key="illegal_renovation",
        element="buildings",
        severity=_MODERATE,
        proof=_PHOTO,
        closes=_PERSON,
        on=True,
    ),
    _life("lift_entrapment", "buildings", _EXTREME, on=False),
    Loop(key="nonmotor_parking", element="vehicles", severity=_MINOR, on=True),
    Loop(key="garage_overstay", element="vehicles", severity=_MINOR),
    Loop(key="garage_air", element="vehicles", severity=_SEVERE),
    Loop(key="device_fault", element="facilities", severity=_MODERATE, on=True),
)

LOOPS: Final[Mapping[str, Loop]] = {loop.key: loop for loop in _CATALOGUE}
