"""Family `noise_meter`: a class 1 or 2 sound level meter (IEC 61672-1) that stands outdoors.

A generic profile of this project. A-weighted levels; what GB 3096-2008 limits is LAeq, and by night
the peaks, LAmax. A level that has not moved by a tenth of a decibel for ten minutes is a meter that
hangs: outdoors nothing is that still.

    input registers (function 04), 0.1 dB(A)   holding registers (function 03)
    0  LAeq of the last second                 0  accuracy class, 1 or 2
    1  LAmax of the last second                1  year of the last calibration
    2  LA90                                    2  month and day of it, mmdd
    discrete inputs (function 02)
    0  microphone fault    1  overload
"""

from collections.abc import Mapping
from typing import Final

from ..point import DataType, Kind, Lane, Point
from .family import Family, bit, figure

_LEVEL: Final = {"scale": 0.1, "minimum": 15.0, "maximum": 150.0}
_STILL: Final = 600.0


def points(_counts: Mapping[str, int]) -> tuple[Point, ...]:
    """Return the meter's points. The calibration is one figure, yyyymmdd, shown as a date."""
    fast = {**_LEVEL, "lane": Lane.FAST}
    return (
        figure("laeq", 0, "dBA", "sound_pressure", stuck_after=_STILL, **fast),
        figure("lamax", 1, "dBA", "sound_pressure", **fast),
        figure("la90", 2, "dBA", "sound_pressure", **_LEVEL),
        figure(
            "accuracy_class",
            0,
            None,
            None,
            kind=Kind.HOLDING,
            minimum=1.0,
            maximum=2.0,
            diagnostic=True,
        ),
        figure(
            "calibrated", 1, None, "date", kind=Kind.HOLDING, type=DataType.UINT32, diagnostic=True
        ),
        bit("microphone_fault", 0, "problem", diagnostic=True),
        bit("overload", 1, "problem", diagnostic=True),
    )


FAMILY: Final = Family(key="noise_meter", points=points)
