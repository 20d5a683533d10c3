"""A bus's link, from its entry's data: what the shared connection and the poller need to know."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from homeassistant.components.modbus.connection import ModbusParams
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT
from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUdpParams

from .field.modbus.line import ANSWER_WITHIN, Line
from .field.modbus.plan import Reach

CONF_TRANSPORT: Final = "transport"
CONF_BAUDRATE: Final = "baudrate"
CONF_PARITY: Final = "parity"
CONF_STOPBITS: Final = "stopbits"
CONF_ANSWER_WITHIN: Final = "answer_within"
CONF_SPACING: Final = "spacing"

_MILLISECONDS = 1000


class Transport(StrEnum):
    """How a bus is reached."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    UDP = "udp"
    SERIAL = "serial"


def params(data: Mapping[str, Any]) -> ModbusParams:
    """Return the link's parameters as the shared connection wants them."""
    match Transport(data[CONF_TRANSPORT]):
        case Transport.TCP:
            return ModbusTcpParams(host=data[CONF_HOST], port=int(data[CONF_PORT]))
        case Transport.UDP:
            return ModbusUdpParams(host=data[CONF_HOST], port=int(data[CONF_PORT]))
        case Transport.RTU_OVER_TCP:
            host = str(data[CONF_HOST]).lower()
            # An IPv6 address is bracketed, or its own colons read as the port's.
            host = f"[{host}]" if ":" in host else host
            return ModbusSerialParams(
                device=f"socket://{host}:{int(data[CONF_PORT])}",
                baudrate=int(data[CONF_BAUDRATE]),
            )
        case Transport.SERIAL:
            return ModbusSerialParams(
                device=data[CONF_DEVICE],
                baudrate=int(data[CONF_BAUDRATE]),
                parity=data[CONF_PARITY],
                stopbits=2 if int(data[CONF_STOPBITS]) > 1 else 1,
            )


def line_of(data: Mapping[str, Any]) -> Line:
    """Return a line with the bus's times."""
    return Line(
        within=float(data.get(CONF_ANSWER_WITHIN, ANSWER_WITHIN)),
        baudrate=int(data.get(CONF_BAUDRATE, 0)),
        spacing=float(data.get(CONF_SPACING, 0)) / _MILLISECONDS,
    )


def reach_of(data: Mapping[str, Any]) -> Reach:
    """Return how wide a gap is worth reading along on this link."""
    return Reach.at(int(data[CONF_BAUDRATE])) if data.get(CONF_BAUDRATE) else Reach()
