"""The simulator as a program that a person starts."""

import argparse
import asyncio
import sys

from . import FAMILIES, ModbusServer, Timing, Wire, command
from .families import fire_panel

ESTATE = [name for name in FAMILIES if name not in {"dense", "stride"}]


def _server(options: argparse.Namespace) -> ModbusServer:
    server = ModbusServer(
        host=options.host,
        port=options.port,
        wire=Wire(options.wire),
        timing=Timing(
            flat=options.delay / 1000, baud=options.baud, patience=options.patience / 1000
        ),
    )
    for address in range(1, (options.estate or options.units) + 1):
        if options.estate:
            server.units[address] = FAMILIES[ESTATE[(address - 1) % len(ESTATE)]]()
        elif options.family == "fire_panel":
            server.units[address] = fire_panel(options.inputs)
        else:
            server.units[address] = FAMILIES[options.family]()
    return server


async def main() -> None:
    """Serve until the keyboard ends."""
    parser = argparse.ArgumentParser(prog="modbus_server", description="Simulated Modbus units")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5020)
    parser.add_argument("--wire", choices=list(Wire), default=Wire.TCP)
    parser.add_argument("--baud", type=int, default=0, help="line speed; 0: no bytes' time")
    parser.add_argument("--delay", type=float, default=0, help="ms for each transaction")
    parser.add_argument("--patience", type=float, default=0, help="ms given to a silent unit")
    parser.add_argument("--units", type=int, default=1)
    parser.add_argument("--family", choices=list(FAMILIES), default="fire_panel")
    parser.add_argument("--inputs", type=int, default=16, help="of each fire panel")
    parser.add_argument("--estate", type=int, default=0, help="so many units of all families")
    server = _server(parser.parse_args())
    await server.start()
    at = server.device if server.wire is Wire.SERIAL else f"{server.host}:{server.port}"
    points = sum(unit.points for unit in server.units.values())
    print(f"Modbus {server.wire} on {at}, {len(server.units)} units, {points} points", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "quit":
            break
        try:
            answer = await command(server, line)
        except (KeyError, ValueError) as err:
            answer = f"cannot: {err!r}"
        print(answer, flush=True)
    await server.stop()


asyncio.run(main())
