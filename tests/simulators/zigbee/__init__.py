"""A virtual network coordinator: EZSP over ASH on a TCP port, with devices around it.

bellows, the zha library, Home Assistant's ZHA integration, bellows' command line and zigpy-cli
connect to it unmodified. It forms and keeps networks, devices join, are interviewed, enrol,
report, raise alarms, lock and unlock, sleep, fail, run out of battery and leave.

    async with VirtualCoordinator(formed=True, boots_on_connect=True) as radio:
        radio.path                              # socket://127.0.0.1:<port>
        smoke = radio.add(devices.smoke())      # and water_leak, gas, co, contact, motion,
        door = radio.add(devices.lock())        # vibration, button, siren, temperature_humidity,
        odd = radio.add(devices.from_diagnostics(download))   # plug; or a bug report's device
        await smoke.join()                      # JoinRefusedError unless somebody permits it
        await smoke.join(parent=siren)          # over a router
        await smoke.zone.enrolled.wait()        # an IAS zone says nothing before
        await smoke.alarm(); await smoke.alarm(False)
        await smoke.tamper(); await smoke.trouble(); await smoke.battery(12)
        await smoke.check_in()                  # any sign of life
        await sensor.measure(temperature=21.5, humidity=40)
        await button.press("toggle")
        await door.operate("unlock", source="keypad", user=3)
        await door.wrong_code(times=5); await door.lock_alarm("jammed")
        await door.program(user=4, pin="1234")
        door.lock.jammed = True                 # commands are refused; door.refuses: all of them
        door.deaf = True                        # acknowledges, never answers
        smoke.silent = True                     # off or out of reach
        smoke.poll_interval = 3.0               # sleeps: fetches what is for it every 3 s
        smoke.losses = 0.2                      # a fifth of its frames get lost
        await smoke.rejoin(); await smoke.leave()

        radio.fault = Fault.NAK_STORM           # see Fault; None ends it
        radio.faults.rate, radio.faults.delay = 0.3, 1.0
        await radio.drop(); await radio.drop(abort=True)
        await radio.refuse(True)                # the port is closed; False opens it again
        await radio.reset_ncp(); await radio.crash()

The state of the network (`radio.tokens`) outlives connections and resets. A coordinator without
`formed` is blank; `VirtualCoordinator(tokens=other.tokens)` is the same radio once more, and
`radio.take_devices(other)` puts another one in its place. Every act returns once its frames are on
their way to the host, so a loop that sends ten thousand alarms is throttled by who receives them.

    python -m tests.simulators.zigbee --port 6638 --devices smoke=5,lock=1
"""

from . import devices, makes
from .coordinator import VirtualCoordinator
from .description import DeviceDescription, from_diagnostics
from .device import JoinRefusedError, VirtualDevice
from .ezsp import EZSP_VERSIONS
from .faults import Fault
from .stack import Tokens

__all__ = [
    "EZSP_VERSIONS",
    "DeviceDescription",
    "Fault",
    "JoinRefusedError",
    "Tokens",
    "VirtualCoordinator",
    "VirtualDevice",
    "devices",
    "from_diagnostics",
    "makes",
]
