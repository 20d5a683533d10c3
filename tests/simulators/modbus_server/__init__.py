"""A gateway with many Modbus units behind one port, for tests, the demo, the bench, a person.

Speaks MBAP over TCP and UDP, RTU over TCP and on a pseudo-terminal. Standard library only: the
far end must not be made of the library under test.

    python -m tests.simulators.modbus_server --port 5020 --units 3
    python -m tests.simulators.modbus_server --wire rtu --baud 9600 --family noise_meter --units 8
    python -m tests.simulators.modbus_server --estate 50

and then, on the keyboard, `set 1 4 on`, `fault 1 silent`, `refuse on`; `help` lists them all.
"""

from .families import FAMILIES
from .framing import Wire
from .keyboard import command
from .pdu import Request
from .server import ModbusServer
from .timing import Timing
from .unit import Fault, Unit, Writes

__all__ = [
    "FAMILIES",
    "Fault",
    "ModbusServer",
    "Request",
    "Timing",
    "Unit",
    "Wire",
    "Writes",
    "command",
]
