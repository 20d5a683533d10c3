"""Writes config_examples/point_table: what a contractor hands over for eight blocks, 2,000 points.

.venv/bin/python script/lib/point_table.py
"""

import csv
import io
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "config_examples" / "point_table"
COLUMNS = [
    "unit",
    "name",
    "kind",
    "address",
    "type",
    "scale",
    "offset",
    "unit_of_measurement",
    "device_class",
    "area",
    "floor",
    "labels",
    "lane",
    "alarm_value",
    "unit_name",
    "confirm",
    "writable",
    "minimum",
    "maximum",
    "no_values",
]
BLOCKS, STAIRWELLS, FLOORS, FLATS = 8, "AB", 18, 4
# The spreadsheet of an office in China writes its own encoding.
ENCODINGS = {"en": "utf-8-sig", "zh-Hans": "gb18030"}
CHINESE = {
    "Block {}": "{}号楼",
    "Block {}{}, floor {}": "{}号楼{}单元{}层",
    "Flat {}{:02d}{:02d} smoke": "{}{:02d}{:02d}室烟感",
    "Corridor {} smoke": "{}层走廊烟感",
    "Panel fault": "主机故障",
    "Mains fault": "主电故障",
    "Battery fault": "备电故障",
    "Fire panel {}{}": "{}号楼{}单元火灾主机",
    "Distribution room {}": "{}号楼配电间",
    "Electrical fire monitor {}": "{}号楼电气火灾监控",
    "Residual current": "剩余电流",
    "Residual current alarm": "剩余电流报警",
    "Cable {} temperature": "电缆{}温度",
    "Cable {} overheated": "电缆{}超温",
    "Lift lobby {}": "{}号楼电梯厅",
    "Lifts {}": "{}号楼电梯",
    "Lift {} floor": "{}号梯楼层",
    "Lift {} trips": "{}号梯运行次数",
    "Lift {} entrapment": "{}号梯困人",
    "Lift {} fault": "{}号梯故障",
    "Lift {} overload": "{}号梯超载",
    "Lift {} door open": "{}号梯门开",
    "Basement": "地下室",
    "Pump room {}": "{}号泵房",
    "Pit {} level": "集水坑{}液位",
    "Leak rope {}": "漏水绳{}",
    "Pump {} running": "{}号泵运行",
    "Pump {} fault": "{}号泵故障",
    "Pump {} hours": "{}号泵运行时间",
    "Pump {} current": "{}号泵电流",
    "Fire main pressure": "消防管网压力",
    "Valve {}": "阀门{}",
    "Garage {}": "{}区车库",
    "Garage air {}": "{}区车库空气监测",
    "CO {}": "一氧化碳{}",
    "CO {} alarm": "一氧化碳{}报警",
    "Fan {}": "风机{}",
    "Fan {} running": "风机{}运行",
    "Grounds": "园区",
    "Waste station {}": "{}号垃圾分类站",
    "Bin {} level": "垃圾桶{}满溢度",
    "Bin {} temperature": "垃圾桶{}温度",
    "Bin {} full": "垃圾桶{}已满",
    "Water tank {}": "{}号水箱",
    "Level": "液位",
    "Turbidity": "浊度",
    "Free chlorine": "余氯",
    "pH": "pH",
    "Outlet pressure": "出水压力",
    "Hatch open": "箱盖打开",
    "Overflow": "溢流",
    "Square {}": "{}号广场",
    "Noise meter {}": "{}号噪声计",
    "LAeq": "等效声级 LAeq",
    "LAmax": "最大声级 LAmax",
    "LA90": "背景声级 LA90",
    "Gas meter room {}": "{}号燃气间",
    "Gas panel {}": "{}号燃气报警主机",
    "Gas {}": "燃气浓度{}",
    "Gas {} low alarm": "燃气{}低报",
    "Gas {} high alarm": "燃气{}高报",
}

type Row = dict[str, str | int]


class Table:
    """The table in one language; `unit` begins the next unit, the rest adds a point to it."""

    def __init__(self, language: str) -> None:
        self.rows: list[Row] = []
        self._language = language
        self._unit: Row = {"unit": 0}

    def say(self, words: str, *values: object) -> str:
        return (CHINESE[words] if self._language == "zh-Hans" else words).format(*values)

    def unit(self, name: str, area: str, floor: str, label: str) -> None:
        number = int(self._unit["unit"]) + 1
        self._unit = {"unit": number, "unit_name": name}
        self._unit |= {"area": area, "floor": floor, "labels": label}

    def bit(self, address: int, name: str, device_class: str, **more: str | int) -> None:
        row: Row = {"kind": "discrete", "type": "bool", "lane": "fast"}
        row |= {"address": address, "name": name, "device_class": device_class}
        self.rows.append(self._unit | row | more)

    def word(
        self, address: int, name: str, unit: str, device_class: str, **more: str | int
    ) -> None:
        row: Row = {"kind": "input", "type": "uint16", "lane": "slow"}
        row |= {"unit_of_measurement": unit, "device_class": device_class}
        self.rows.append(self._unit | row | {"address": address, "name": name} | more)

    def switch(self, address: int, name: str) -> None:
        row: Row = {"kind": "coil", "type": "bool", "lane": "slow", "writable": "on"}
        self.rows.append(self._unit | row | {"address": address, "name": name})

    def text(self) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()


def table(language: str) -> str:
    """Return the whole table in a language."""
    made = Table(language)
    for block in range(1, BLOCKS + 1):
        for stairwell in STAIRWELLS:
            _fire_panel(made, block, stairwell)
    for block in range(1, BLOCKS + 1):
        _cabinet(made, block)
        _lifts(made, block)
    for number in (1, 2):
        for place in (_pump_room, _garage, _waste_station, _tank, _gas_panel):
            place(made, number)
    for number in range(1, 5):
        _noise_meter(made, number)
    return made.text()


def _fire_panel(made: Table, block: int, stairwell: str) -> None:
    say, building = made.say, made.say("Block {}", block)
    made.unit(say("Fire panel {}{}", block, stairwell), "", "", "")
    for floor in range(1, FLOORS + 1):
        area: Row = {"area": say("Block {}{}, floor {}", block, stairwell, floor)}
        area |= {"floor": building, "labels": "smoke"}
        for flat in range(1, FLATS + 1):
            name = say("Flat {}{:02d}{:02d} smoke", block, floor, flat)
            made.bit((floor - 1) * FLATS + flat - 1, name, "smoke", **area)
        made.bit(200 + floor - 1, say("Corridor {} smoke", floor), "smoke", **area)
    for address, name in enumerate(("Panel fault", "Mains fault", "Battery fault"), 1000):
        # These contacts open in a fault, so that a cut wire is one too.
        made.bit(address, say(name), "problem", alarm_value="off", labels="device_fault")


def _cabinet(made: Table, block: int) -> None:
    say = made.say
    room = say("Distribution room {}", block)
    made.unit(
        say("Electrical fire monitor {}", block), room, say("Block {}", block), "electrical_fire"
    )
    made.word(0, say("Residual current"), "mA", "current", minimum=0, maximum=3000)
    made.bit(0, say("Residual current alarm"), "problem", confirm="on")
    for cable in range(1, 5):
        name = say("Cable {} temperature", cable)
        sensor: Row = {"type": "int16", "scale": "0.1", "minimum": -40, "maximum": 200}
        made.word(cable, name, "°C", "temperature", **sensor, no_values=-32768)
        made.bit(cable, say("Cable {} overheated", cable), "heat", confirm="on")


def _lifts(made: Table, block: int) -> None:
    say = made.say
    made.unit(say("Lifts {}", block), say("Lift lobby {}", block), say("Block {}", block), "lift")
    for lift in (1, 2):
        at = (lift - 1) * 100
        made.word(at, say("Lift {} floor", lift), "", "", type="int16")
        made.word(at + 2, say("Lift {} trips", lift), "", "", type="uint32_little")
        made.bit(at, say("Lift {} entrapment", lift), "problem")
        made.bit(at + 1, say("Lift {} fault", lift), "problem")
        made.bit(at + 2, say("Lift {} overload", lift), "problem")
        made.bit(at + 3, say("Lift {} door open", lift), "door", lane="slow")


def _pump_room(made: Table, number: int) -> None:
    say, room = made.say, made.say("Pump room {}", number)
    made.unit(room, room, say("Basement"), "pump_room")
    for pit in (1, 2):
        made.word(pit - 1, say("Pit {} level", pit), "mm", "distance", lane="fast", maximum=5000)
    for rope in range(1, 9):
        made.bit(rope - 1, say("Leak rope {}", rope), "moisture")
    for pump in (1, 2, 3):
        made.bit(100 + pump, say("Pump {} running", pump), "running")
        made.bit(110 + pump, say("Pump {} fault", pump), "problem")
        made.word(100 + 2 * pump, say("Pump {} hours", pump), "h", "duration", type="uint32")
        made.word(120 + pump, say("Pump {} current", pump), "A", "current", scale="0.1")
    made.word(10, say("Fire main pressure"), "kPa", "pressure", lane="fast")
    for valve in (1, 2):
        made.switch(valve - 1, say("Valve {}", valve))


def _garage(made: Table, number: int) -> None:
    say = made.say
    made.unit(say("Garage air {}", number), say("Garage {}", number), say("Basement"), "garage_air")
    for channel in range(1, 17):
        made.word(channel - 1, say("CO {}", channel), "ppm", "carbon_monoxide", maximum=1000)
        made.bit(channel - 1, say("CO {} alarm", channel), "carbon_monoxide")
    for fan in range(1, 9):
        made.switch(fan - 1, say("Fan {}", fan))
        made.bit(100 + fan, say("Fan {} running", fan), "running")


def _waste_station(made: Table, number: int) -> None:
    say, station = made.say, made.say("Waste station {}", number)
    made.unit(station, station, say("Grounds"), "waste")
    for one in range(1, 15):
        made.word(one - 1, say("Bin {} level", one), "%", "", maximum=100)
        heat: Row = {"type": "int16", "scale": "0.1", "lane": "fast"}
        made.word(99 + one, say("Bin {} temperature", one), "°C", "temperature", **heat)
        made.bit(one - 1, say("Bin {} full", one), "problem", lane="slow")


def _tank(made: Table, number: int) -> None:
    say, tank = made.say, made.say("Water tank {}", number)
    made.unit(tank, tank, say("Basement"), "water_supply")
    made.word(0, say("Level"), "mm", "distance", maximum=4000)
    made.word(1, say("Turbidity"), "NTU", "", scale="0.01")
    made.word(2, say("Free chlorine"), "mg/L", "", scale="0.01")
    made.word(3, say("pH"), "", "ph", scale="0.01", minimum=0, maximum=14)
    made.word(4, say("Outlet pressure"), "kPa", "pressure", lane="fast")
    made.bit(0, say("Hatch open"), "opening", labels="water_supply|tamper")
    made.bit(1, say("Overflow"), "moisture")


def _gas_panel(made: Table, number: int) -> None:
    say = made.say
    made.unit(
        say("Gas panel {}", number), say("Gas meter room {}", number), say("Basement"), "gas_leak"
    )
    for channel in range(1, 14):
        made.word(channel - 1, say("Gas {}", channel), "%", "", scale="0.1", lane="fast")
        made.bit(channel - 1, say("Gas {} low alarm", channel), "gas")
        made.bit(100 + channel, say("Gas {} high alarm", channel), "gas")
    made.bit(1000, say("Panel fault"), "problem", alarm_value="off", labels="device_fault")


def _noise_meter(made: Table, number: int) -> None:
    say = made.say
    made.unit(say("Noise meter {}", number), say("Square {}", number), say("Grounds"), "noise")
    for address, name in enumerate(("LAeq", "LAmax", "LA90")):
        fast = "fast" if address == 0 else "slow"
        limits: Row = {"scale": "0.1", "minimum": 20, "maximum": 140, "no_values": 65535}
        made.word(address, say(name), "dB", "sound_pressure", lane=fast, **limits)


if __name__ == "__main__":
    for language, encoding in ENCODINGS.items():
        (FOLDER / f"points.{language}.csv").write_bytes(table(language).encode(encoding))
