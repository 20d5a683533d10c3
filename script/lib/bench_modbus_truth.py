"""Whether what a Home Assistant shows of the bench's plant was ever there to be read."""

import itertools
import re
from typing import Final

from script.lib.bench_modbus_plant import Plant

# A state is written when its value is read, in seconds: whatever else the machine does.
ON_NEWS: Final = 5.0
# What stands there was read in the slow lane, of which a line too slow for its alarms takes a
# minute to come round.
STANDING: Final = 90.0
_ENTITY: Final = re.compile(r"(?:binary_)?sensor\.b(\d+)u(\d+)_([a-z])(?:_(\d+))?$")
_BITS: Final = {"on": 1, "off": 0}


class Truth:
    """Compares states with what the units have held. `wrong`: those that no unit ever said."""

    def __init__(self, plant: Plant) -> None:
        """Count from here."""
        self._plant = plant
        self._runs = {run.name: run for run in plant.runs}
        self.shown = 0
        self.wrong: list[str] = []

    def judge(self, entity_id: str, state: str, at: float, within: float) -> None:
        """Take a state that was shown at `at`: its value was held at some time `within` of that.

        No data is no value, and neither right nor wrong.
        """
        place = _ENTITY.match(entity_id)
        if place is None or state in {"unavailable", "unknown"}:
            return
        bus, unit, name, number = place.groups()
        run = self._runs[name]
        first = run.addresses[int(number or 0)]
        words = [
            self._plant.held(int(bus), int(unit), run.table, address, at - within)
            for address in range(first, first + run.words)
        ]
        could_be = {
            sum(word << 16 * place for place, word in enumerate(reversed(some)))
            for some in itertools.product(*words)
        }
        self.shown += 1
        if (_BITS[state] if state in _BITS else float(state)) not in could_be:
            self.wrong.append(f"{entity_id} {state}, and it was {sorted(could_be)}")
