"""How long a transaction holds the line."""

from dataclasses import dataclass

# Start, eight data, parity, stop: MODBUS over Serial Line V1.02, 2.5.1.
BITS_A_CHARACTER = 11
# Silence before and after a frame, in characters: 2.5.1.1.
SILENCE = 3.5


@dataclass(kw_only=True)
class Timing:
    """A flat delay for each transaction, or the bytes at a speed; both 0 is an ideal line."""

    flat: float = 0.0
    baud: int = 0
    # What a unit takes to think, in seconds: some are quick, many are not.
    turnaround: float = 0.005
    # How long the gateway itself waits for a unit that says nothing.
    patience: float = 0.0

    def lasts(self, asked: int, answered: int) -> float:
        """Return the seconds for a request and an answer of so many RTU bytes."""
        if not self.baud:
            return self.flat
        characters = asked + answered + 2 * SILENCE
        return self.flat + characters * BITS_A_CHARACTER / self.baud + self.turnaround
