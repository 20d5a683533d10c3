"""bellows and zigpy without anything above them: the limit that bench_zigbee.py compares with.

Takes coordinators' paths; says on its output, a JSON object a line, when it is ready, each alarm
it is told of, and what a lock took that it was asked to move: lines of its input are the numbers
of times.
"""

import asyncio
import json
import logging
import sys
import time
from typing import Any

from bellows.zigbee.application import ControllerApplication
from zigpy.zcl.clusters.closures import DoorLock
from zigpy.zcl.clusters.security import IasZone


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Zone:
    """Listens to one detector."""

    def __init__(self, ieee: str) -> None:
        self.ieee = ieee

    def cluster_command(self, _: int, command: int, args: Any) -> None:
        if command == IasZone.ClientCommandDefs.status_change_notification.id:
            say(ieee=self.ieee, on=bool(args.zone_status & 1), at=time.time())


class Host:
    """One network: enrols what joins."""

    def __init__(self, app: ControllerApplication) -> None:
        self.app = app
        self.locks: list[Any] = []
        self.tasks: set[asyncio.Task[None]] = set()
        app.add_listener(self)

    def device_initialized(self, device: Any) -> None:
        clusters = device.endpoints[1].in_clusters if 1 in device.endpoints else {}
        if IasZone.cluster_id in clusters:
            task = asyncio.create_task(self.enrol(device, clusters[IasZone.cluster_id]))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if DoorLock.cluster_id in clusters:
            self.locks.append(clusters[DoorLock.cluster_id])

    async def enrol(self, device: Any, zone: Any) -> None:
        zone.add_listener(Zone(str(device.ieee)))
        await zone.write_attributes({"cie_addr": self.app.state.node_info.ieee})
        await zone.enroll_response(enroll_response_code=0, zone_id=0)


async def main(paths: list[str]) -> None:
    began = time.monotonic()
    config = {"use_thread": False, "backup_enabled": False, "topology_scan_enabled": False}
    apps = await asyncio.gather(
        *(
            ControllerApplication.new(config | {"device": {"path": path}}, auto_form=True)
            for path in paths
        )
    )
    hosts = [Host(app) for app in apps]
    say(ready=time.monotonic() - began)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        took = []
        for turn in range(int(line)):
            lock = hosts[turn % len(hosts)].locks[0]
            asked = time.monotonic()
            await (lock.lock_door() if turn % 2 else lock.unlock_door())
            took.append(time.monotonic() - asked)
        say(locks=took)
    for app in apps:
        await app.shutdown()


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    asyncio.run(main(sys.argv[1:]))
