"""The lines that a person types at the simulator."""

from .families import FAMILIES
from .server import ModbusServer
from .unit import BITS, TABLES, Fault, Unit, Writes

HELP = """\
set UNIT INPUT on|off             a discrete input
set UNIT coils|discrete|holding|input ADDRESS VALUE
fault UNIT NAME|none [each N]     what is wrong with a unit, at each Nth request
fault line NAME|none              what is wrong with the whole line
faults                            the names of the faults
writes UNIT accepted|refused|ignored
refuse on|off                     the cable is pulled, or back
hangup                            every connection is dropped
add UNIT FAMILY                   one more unit on the line
remove UNIT
show [UNIT]                       what is in alarm, or all tables of a unit
count                             what the line has carried
quit"""


async def command(server: ModbusServer, line: str) -> str:
    """Carry out one line of the keyboard and say what was done.

    Raises KeyError for a unit that is not there, ValueError for a word that is none.
    """
    match line.split():
        case ["fault", "line", name]:
            server.fault = None if name == "none" else Fault(name)
            return f"line: fault {name}"
        case ["faults"]:
            return " ".join(Fault)
        case ["refuse", "on" | "off" as value]:
            await server.refuse(value == "on")
            return "the cable is pulled" if value == "on" else "the cable is back"
        case ["hangup"]:
            server.hang_up()
            return "every connection is dropped"
        case ["add", unit, family]:
            server.units[int(unit)] = FAMILIES[family]()
            return f"unit {unit}: {family}"
        case ["remove", unit]:
            del server.units[int(unit)]
            return f"unit {unit} is gone"
        case ["show"]:
            return "\n".join(_shown(address, unit) for address, unit in server.units.items())
        case ["count"]:
            return str(server.counted)
        case [verb, unit, *words] if unit.isdecimal():
            return _to_unit(server.units[int(unit)], verb, unit, words) or HELP
        case _:
            return HELP


def _to_unit(unit: Unit, verb: str, number: str, words: list[str]) -> str | None:
    match verb, words:
        case "set", [address, "on" | "off" as value]:
            unit.discrete[int(address)] = value == "on"
            return f"unit {number}: input {address} is {value}"
        case "set", [table, address, value] if table in TABLES:
            return _set(unit, table, int(address), int(value, 0), number)
        case "fault", [name, *often]:
            unit.fault = None if name == "none" else Fault(name)
            unit.every = max(int(often[-1]), 1) if often else 1
            return f"unit {number}: fault {name}"
        case "writes", [name]:
            unit.writes = Writes(name)
            return f"unit {number}: writes are {name}"
        case "show", []:
            return _tables(unit)
    return None


def _set(unit: Unit, table: str, address: int, value: int, number: str) -> str:
    if not 0 <= value <= (1 if table in BITS else 0xFFFF):
        raise ValueError(value)
    getattr(unit, table)[address] = bool(value) if table in BITS else value
    return f"unit {number}: {table} {address} is {value}"


def _shown(address: int, unit: Unit) -> str:
    alarms = [key for key, value in unit.discrete.items() if value]
    return f"unit {address}: in alarm {alarms} fault {unit.fault or 'none'}"


def _tables(unit: Unit) -> str:
    return "\n".join(
        f"{name}: " + " ".join(f"{at}={int(value)}" for at, value in sorted(table.items()))
        for name in TABLES
        if (table := getattr(unit, name))
    )
