"""What stands on the line: one maker of a unit for each device family, and dense ones for a bench.

The maps are the families' generic profiles, written a second time on purpose: a far end
that read the integration's own map would agree with any mistake in it. Values are what a quiet
community shows.
"""

import struct
from collections.abc import Callable, Iterable, Mapping

from .unit import Unit


def u32(value: int) -> tuple[int, int]:
    """Return a value as two registers, high word first."""
    return value >> 16, value & 0xFFFF


def f32(value: float) -> tuple[int, int]:
    """Return a value as IEEE 754 in two registers, high word first."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return high, low


def _words(start: int, values: Iterable[int]) -> dict[int, int]:
    return {start + index: value & 0xFFFF for index, value in enumerate(values)}


def _bits(*addresses: int) -> dict[int, bool]:
    return dict.fromkeys(addresses, False)


def fire_panel(inputs: int = 16) -> Unit:
    """Detector inputs from 0; panel, mains and battery fault at 1000."""
    return Unit(
        family="fire_panel",
        discrete=_bits(*range(inputs), 1000, 1001, 1002),
        holding={0: inputs},
    )


def water_level(levels: int = 2, leaks: int = 8) -> Unit:
    """Levels in mm from input 0, pit alarms from discrete 0, leak ropes from discrete 100."""
    return Unit(
        family="water_level",
        input=_words(0, [350 + 10 * n for n in range(levels)]),
        discrete=_bits(*range(levels), *range(100, 100 + leaks)),
    )


def noise_meter() -> Unit:
    """LAeq,1s LAmax LA90 in 0.1 dB, class, calibration date as yyyy, mmdd."""
    return Unit(
        family="noise_meter",
        input=_words(0, [482, 557, 431, 0]),
        holding=_words(0, [2, 2026, 315]),
        discrete=_bits(0, 1),
    )


def electrical_fire(cables: int = 4) -> Unit:
    """Residual current in mA at 0, cable temperatures in 0.1 degree from 1, alarms from 0."""
    return Unit(
        family="electrical_fire",
        input=_words(0, [24, *(251 + 3 * n for n in range(cables))]),
        discrete=_bits(*range(1 + cables)),
    )


def water_quality() -> Unit:
    """Level in mm, turbidity in 0.01 NTU, chlorine in 0.01 mg/l, pressure in kPa, pH in 0.01."""
    return Unit(family="water_quality", input=_words(0, [1820, 31, 45, 380, 740]))


def gas_panel(channels: int = 8) -> Unit:
    """0.1 % LEL from 0, CO in ppm from 100; low alarms from discrete 0, high ones from 100."""
    return Unit(
        family="gas_panel",
        input=_words(0, [0] * channels) | _words(100, [2] * channels),
        discrete=_bits(*range(channels), *range(100, 100 + channels), 1000),
    )


def lift() -> Unit:
    """Floor (signed), door, running, trips; entrapment 0, fault 1, overload 2, fire service 3."""
    return Unit(
        family="lift",
        input=_words(0, [1, 0, 0, *u32(48_213)]),
        discrete=_bits(0, 1, 2, 3),
    )


def waste_bin(bins: int = 4) -> Unit:
    """Fill levels in % from 0, temperatures in 0.1 degree from 100; full from discrete 0."""
    return Unit(
        family="waste_bin",
        input=_words(0, [20 + 9 * n for n in range(bins)]) | _words(100, [226] * bins),
        discrete=_bits(*range(bins)),
    )


def pump(pumps: int = 2) -> Unit:
    """Run and fault inputs from 0 and 100, hours as u32 from 0, current in 0.1 A from 100."""
    return Unit(
        family="pump",
        discrete=_bits(*range(pumps), *range(100, 100 + pumps)),
        input=_words(0, [word for n in range(pumps) for word in u32(1_204 + n)])
        | _words(100, [0] * pumps),
        coils=_bits(*range(pumps)),
    )


def outputs(count: int = 8) -> Unit:
    """Coils for valves, fans and gates, and what their end switches say from discrete 0."""
    return Unit(family="outputs", coils=_bits(*range(count)), discrete=_bits(*range(count)))


def dense() -> Unit:
    """200 points: 80 alarm inputs, 20 coils, 60 + 20 x 2 input registers, 20 holding registers."""
    return Unit(
        family="dense",
        discrete=_bits(*range(80)),
        coils=_bits(*range(20)),
        input=_words(0, range(100)),
        holding=_words(0, range(20)),
    )


def stride(every: int = 8, *, holes: bool = True) -> Unit:
    """The same points, each `every` addresses; with holes, what lies between is refused."""
    whole = dense()

    def spread[T](table: Mapping[int, T], most: int, gap: T) -> dict[int, T]:
        spread = {} if holes else dict.fromkeys(range(most * every), gap)
        return spread | {address * every: value for address, value in table.items()}

    singles = {at: value for at, value in whole.input.items() if at < 60}
    pairs = {60 * every + at - 60: value for at, value in whole.input.items() if at >= 60}
    return Unit(
        family="stride",
        discrete=spread(whole.discrete, 80, False),
        coils=spread(whole.coils, 20, False),
        input=spread(singles, 60, 0) | pairs,
        holding=spread(whole.holding, 20, 0),
    )


FAMILIES: Mapping[str, Callable[[], Unit]] = {
    one.__name__: one
    for one in (
        fire_panel,
        water_level,
        noise_meter,
        electrical_fire,
        water_quality,
        gas_panel,
        lift,
        waste_bin,
        pump,
        outputs,
        dense,
        stride,
    )
}
