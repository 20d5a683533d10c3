"""What hangs on the house's bus: one unit that is well, and one with each thing that can be wrong.

Real Modbus over TCP; the points come from a table, as a contractor hands it over.
"""

from tests.simulators.hass_process import HomeAssistant
from tests.simulators.modbus_server import Fault, ModbusServer, Unit

HEADING = "unit,unit_name,name,kind,address,unit_of_measurement,device_class,area,lane"
NAMES = {
    "en": {
        "bus": "Estate line",
        "panel": "Fire panel building 3",
        "detector": "Smoke detector 301",
        "fault": "Fault",
        "pumps": "Drainage pumps",
        "level": "Water level",
        "wireless": "Wireless door contact, gate 2",
        "battery": "Battery",
        "meter": "Noise meter, north square",
        "noise": "Noise",
        "bins": "Waste room west",
        "filled": "Bin filled",
        "weight": "Weight",
    },
    "zh-Hans": {
        "bus": "小区总线",
        "panel": "3号楼火灾报警控制器",
        "detector": "301室烟感",
        "fault": "故障",
        "pumps": "排水泵",
        "level": "水位",
        "wireless": "2号门无线门磁",
        "battery": "电量",
        "meter": "北广场噪声监测仪",
        "noise": "噪声",
        "bins": "西区垃圾房",
        "filled": "满溢度",
        "weight": "重量",
    },
}
WELL, FAULTY, LOW, SILENT, PARTLY = range(1, 6)


class Devices:
    """The line, and the units on it."""

    def __init__(self, language: str) -> None:
        self.names = NAMES[language]
        self.line = ModbusServer()
        self.line.units = {
            WELL: Unit(discrete={0: False, 1: False}),
            FAULTY: Unit(discrete={0: True}, holding={0: 142}),
            LOW: Unit(holding={0: 12}),
            SILENT: Unit(holding={0: 52}, fault=Fault.SILENT),
            PARTLY: Unit(holding={0: 64}),  # the scales were never wired
        }

    def table(self, area: str) -> str:
        """Return the contractor's table."""
        names = self.names
        points = [
            (WELL, "panel", "detector", "discrete", 0, "", "smoke", "fast"),
            (WELL, "panel", "fault", "discrete", 1, "", "problem", "fast"),
            (FAULTY, "pumps", "fault", "discrete", 0, "", "problem", "fast"),
            (FAULTY, "pumps", "level", "holding", 0, "cm", "distance", "fast"),
            (LOW, "wireless", "battery", "holding", 0, "%", "battery", "fast"),
            (SILENT, "meter", "noise", "holding", 0, "dB", "sound_pressure", "fast"),
            (PARTLY, "bins", "filled", "holding", 0, "%", "", "fast"),
            (PARTLY, "bins", "weight", "holding", 1, "kg", "weight", "fast"),
        ]
        rows = [
            f'{unit},"{names[device]}","{names[point]}",{kind},{address},{measure},{called},'
            f'"{area}",{lane}'
            for unit, device, point, kind, address, measure, called, lane in points
        ]
        return "\n".join([HEADING, *rows])

    async def set_up(self, home: HomeAssistant, area: str) -> None:
        """Start the line and hand its table over."""
        await self.line.start()
        gateway = {"name": self.names["bus"], "host": "127.0.0.1", "port": self.line.port}
        await home.add_entry("modbus_bus", gateway, ("modbus_bus", "modbus_tcp"))
        await home.action("smart_community.import_points", {"table": self.table(area)})
