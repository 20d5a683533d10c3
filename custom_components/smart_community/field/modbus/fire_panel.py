"""Family `fire_panel`: the detector inputs of a smoke or fire alarm panel, as discrete inputs.

A generic profile of this project, not a maker's map: panels that offer their zones over Modbus do
so through a configurable gateway, which is set to this table.

    discrete inputs (function 02)      holding register (function 03)
    0 .. n-1   detector input in alarm 0  number of wired inputs
    1000       panel fault
    1001       mains fault
    1002       battery fault
"""

from typing import Final

from ..point import Kind, Lane, Point

KEY: Final = "fire_panel"
MOST_INPUTS: Final = 128

_FAULTS: Final = tuple(
    Point(
        key=key,
        kind=Kind.DISCRETE,
        address=address,
        device_class="problem",
        lane=Lane.FAST,
        diagnostic=True,
    )
    for address, key in enumerate(("panel_fault", "mains_fault", "battery_fault"), 1000)
)


def points(inputs: int) -> tuple[Point, ...]:
    """Return the points of a panel with this many detector inputs wired."""
    detectors = tuple(
        Point(
            key=f"input_{number}",
            kind=Kind.DISCRETE,
            address=number - 1,
            device_class="smoke",
            lane=Lane.FAST,
            number=number,
        )
        for number in range(1, inputs + 1)
    )
    return detectors + _FAULTS
