"""Serve a virtual coordinator until the keyboard ends."""

import argparse
import asyncio

from .coordinator import VirtualCoordinator
from .ezsp import EZSP_VERSIONS
from .keyboard import HELP, Keyboard, readline


async def main() -> None:
    """Listen, add the devices, and do what the keyboard says."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulators.zigbee",
        description="A Zigbee network coordinator with devices around it",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6638)
    parser.add_argument("--devices", default="", help="smoke=5,lock=1")
    parser.add_argument("--ezsp", type=int, choices=EZSP_VERSIONS, default=13)
    parser.add_argument("--formed", action="store_true", help="a network is on it already")
    parser.add_argument("--join", action="store_true", help="join whenever it is permitted")
    options = parser.parse_args()
    radio = VirtualCoordinator(
        host=options.host, port=options.port, version=options.ezsp, formed=options.formed
    )
    keyboard = Keyboard(radio)
    keyboard.add_all(options.devices)
    async with radio:
        print(f"Zigbee coordinator on {radio.path}", flush=True)
        joining = asyncio.create_task(_join_all(keyboard)) if options.join else None
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, readline):
            if line.strip() == "quit":
                break
            print(await keyboard.command(line), flush=True)
        if joining is not None:
            joining.cancel()


async def _join_all(keyboard: Keyboard) -> None:
    # A person presses each device's button; this does it for them, one after the other, so that
    # a gateway interviews them in turn.
    while True:
        await asyncio.sleep(1)
        for name, device in keyboard.named.items():
            if not device.joined and keyboard.radio.permitting:
                print(await keyboard.command(f"join {name}"), flush=True)
                break


if __name__ == "__main__":
    asyncio.run(main())
