"""Programs that know nothing of the virtual coordinator: bellows' command line and zigpy-cli."""

import asyncio
import json
import re
import sys
from pathlib import Path

import bellows.types as t
import pytest

from .zigbee import VirtualCoordinator, devices

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROOT = Path(__file__).parents[2]
ZIGPY = (str(Path(sys.executable).with_name("zigpy")), "radio", "ezsp")
# bellows 1.1.0 asks for an event loop that Python 3.14 no longer makes by itself; its entry point
# is called as it is, with one made before
START = """import asyncio; asyncio.set_event_loop(asyncio.new_event_loop())
from bellows.cli.main import main; main()"""
BELLOWS = (sys.executable, "-c", START)


async def _run(*command: str, said: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate(said)
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_bellows_command_line_reads_the_network(radio: VirtualCoordinator) -> None:
    out = await _run(*BELLOWS, "-d", radio.path, "info")
    assert str(radio.eui64) in out
    assert radio.tokens.network is not None
    assert str(radio.tokens.network.parameters.extendedPanId) in out
    assert "Board name: Virtual Coordinator" in out
    assert "EmberZNet version: 7.4.4.0" in out


async def test_bellows_command_line_reads_and_changes_the_configuration(
    radio: VirtualCoordinator,
) -> None:
    out = await _run(*BELLOWS, "-d", radio.path, "config", "--all")
    assert re.search(r"^CONFIG_SECURITY_LEVEL=5$", out, re.MULTILINE)
    await _run(*BELLOWS, "-d", radio.path, "config", "CONFIG_MAX_HOPS=12")
    assert radio.stack.configuration["MAX_HOPS"] == 12


async def test_zigpy_cli_makes_a_backup_and_forms_another_network_from_it(
    radio: VirtualCoordinator, tmp_path: Path
) -> None:
    file = tmp_path / "backup.json"
    await _run(*ZIGPY, radio.path, "backup", str(file))
    backup = json.loads(file.read_text())
    network = radio.tokens.network
    assert network is not None
    assert backup["network_key"]["key"] == bytes(network.key.serialize()).hex()
    assert backup["coordinator_ieee"] == str(radio.eui64).replace(":", "")
    async with VirtualCoordinator(boots_on_connect=True) as blank:
        await _run(*ZIGPY, blank.path, "restore", str(file))
        assert blank.eui64 == radio.eui64
        assert blank.tokens.network is not None
        assert blank.tokens.network.key == network.key
        assert blank.tokens.network.parameters.panId == network.parameters.panId
        assert blank.tokens.frame_counter >= 5000


async def test_zigpy_cli_scans_energy_and_neighbouring_networks(
    radio: VirtualCoordinator,
) -> None:
    radio.stack.noise[20] = -20
    out = await _run(*ZIGPY, radio.path, "energy-scan", "--num-scans", "1")
    energy = {int(one): float(two) for one, two in re.findall(r"(\d\d)[ \]*]+([\d.]+)%", out)}
    assert max(energy, key=energy.__getitem__) == 20
    radio.stack.beacons.append(
        t.EmberZigbeeNetwork(
            channel=t.uint8_t(11),
            panId=t.EmberPanId(0x1234),
            extendedPanId=t.ExtendedPanId.convert("01:02:03:04:05:06:07:08"),
            allowingJoin=t.Bool.true,
            stackProfile=t.uint8_t(2),
            nwkUpdateId=t.uint8_t(0),
        )
    )
    out = await _run(*ZIGPY, radio.path, "network-scan", "--num-scans", "1")
    assert "01:02:03:04:05:06:07:08" in out


async def test_zigpy_cli_moves_the_network_to_another_channel(radio: VirtualCoordinator) -> None:
    await _run(*ZIGPY, radio.path, "change-channel", "--channel", "25")
    assert radio.tokens.network is not None
    assert radio.tokens.network.parameters.radioChannel == 25
    assert "Channel:               25" in await _run(*ZIGPY, radio.path, "info")


async def test_zigpy_cli_lets_a_device_join(radio: VirtualCoordinator) -> None:
    smoke = radio.add(devices.smoke())
    running = asyncio.create_task(_run(*ZIGPY, radio.path, "permit", "--join-time", "2"))
    async with asyncio.timeout(30):
        while not radio.permitting:
            await asyncio.sleep(0.01)
    await smoke.join()
    await running
    assert 0x0004 in {cluster for cluster, _ in smoke.received}


async def test_the_simulator_is_played_from_a_command_line() -> None:
    out = await _run(
        sys.executable, "-m", "tests.simulators.zigbee",
        "--port", "0", "--formed", "--devices", "smoke=2,lock=1",
        said=b"show\njoin smoke1\nsmoke1 battery 5\nnonsense\nquit\n",
    )  # fmt: skip
    assert re.search(r"Zigbee coordinator on socket://127\.0\.0\.1:\d+", out)
    assert "smoke2 02:5a:" in out
    assert "refused: there is no network" in out
    assert "fault NAME|none" in out
