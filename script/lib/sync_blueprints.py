"""Keeps what the 28 blueprints share the same in all of them: this file owns those lines.

A blueprint's own lines are what it watches, when it believes, its ladder and times. Owned here, and
written out in full in each file, so that a reader needs no other: the inputs of OWNED (each loop
keeps its own default), the section of tier actions with its triggers and branches, which follow
from the tiers of the ladder, the section of what is left to the community, the run mode, and where
a long line is broken. A new blueprint may leave all of them out but `zone_by`, `handle_within`,
`receipt_within` and `quiet_for`, which it writes as `key: {default: ...}`.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from script.lib.blueprint_lines import broken, joined
from script.lib.catalogue import LOOPS, Tier
from script.lib.loop_pages import BLUEPRINTS as FOLDER
from script.lib.loop_pages import pages


@dataclass(frozen=True, kw_only=True)
class Input:
    """An input that is worded the same in every blueprint; `default` None: the loop's own."""

    name: str
    description: str
    selector: str
    default: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


_ZONES: Final = {
    "source": "Device · 设备",
    "area": "Area · 区域",
    "floor": "Floor · 楼层",
    "community": "Whole community · 整个社区",
}
_CLASSES: Final = {
    '""': "The community's · 社区默认",
    '"0"': "0 Rest · 0 类康复疗养 50/40 dB",
    '"1"': "1 Homes · 1 类居住文教 55/45 dB",
    '"2"': "2 Mixed · 2 类商住混杂 60/50 dB",
    '"3"': "3 Industry · 3 类工业 65/55 dB",
    '"4a"': "4a Roadside · 4a 类道路两侧 70/55 dB",
}
_DURATION: Final = "{duration: {}}"
_ACTION: Final = Input(
    name="{en} told · 通知{zh}时",
    description="Own actions. 自定义动作。",
    selector="{action: {}}",
    default="[]",
)
_CAMERA: Final = Input(
    name="Camera · 摄像机",
    description=(
        "Its picture of the opening is evidence and is shown in the push. "
        "立案时抓拍，作为证据留存并随推送显示。"
    ),
    selector="{entity: {filter: [{domain: camera}]}}",
    default='""',
)
_END: Final = "              receipt_within: !input receipt_within"
_SHOOT: Final = "              camera: !input camera"
_TIERS: Final = {
    Tier.PROPERTY: ("Property company", "物业"),
    Tier.COMMITTEE: ("Committee", "居委会"),
    Tier.DEPARTMENT: ("Department", "职能部门"),
    Tier.TOWNSHIP: ("Township", "镇主管部门"),
}
OWNED: Final = {
    "zone_by": Input(
        name="One incident per · 事件归并范围",
        description=("Alarms of one such place are one incident. 同一范围内的报警并入同一事件。"),
        selector="{select: {options: [%s]}}",
    ),
    "community": Input(
        name="Community · 社区",
        description="Needed only if there are several. 仅在有多个社区时需要。",
        selector="{config_entry: {integration: smart_community}}",
        default='""',
    ),
    "handle_within": Input(
        name="Handled within · 处置时限",
        description=(
            "From the acknowledgement on; then it is open again. 自确认起算，超时事件重新打开。"
        ),
        selector="{duration: {enable_day: true}}",
    ),
    "receipt_within": Input(
        name="Receipt within · 回执时限",
        description="Without a receipt the next channel is tried. 无回执则改用下一种方式。",
        selector=_DURATION,
    ),
    "quiet_for": Input(
        name="Over once quiet for · 恢复后观察时间",
        description=("An alarm again within it is the same incident. 期间再次报警仍属同一事件。"),
        selector="{duration: {enable_day: true}}",
    ),
    "zone_class": Input(
        name="Zone class · 功能区类别",
        description=("Sets the limits by day and by night. 决定昼间和夜间限值。"),
        selector="{select: {options: [%s]}}",
        options=_CLASSES,
    ),
}
# What a loop leaves to the community (core/defaults.py) stands in a section of its own.
_SHARED: Final = (
    "zone_class",
    *(f"{tier}_after" for tier in Tier),
    "handle_within",
    "receipt_within",
    "quiet_for",
)
_SHARED_HEAD: Final = [
    "    shared:",
    "      name: As the community says · 按社区统一设置",
    "      icon: mdi:home-city-outline",
    "      description: Left alone, these follow the community's options. 不填写则按社区选项执行。",
    "      collapsed: true",
    "      input:",
]
_MODE: Final = ["mode: parallel", "max: 100", "max_exceeded: error"]


def synced(text: str, loop: str) -> str:
    """Return a blueprint's text with everything that is owned here as it has to be.

    Raises ValueError with the loop's name if its frame is not that of a blueprint of ours.
    """
    lines = joined(text)
    try:
        triggers, actions = lines.index("triggers:"), lines.index("actions:")
    except ValueError as err:
        raise ValueError(f"{loop}: no triggers or no actions: {err}") from err
    ladder = [line for line in lines[actions:] if "{tier: " in line]
    tiers = [tier for tier in Tier if any(f"{{tier: {tier}," in line for line in ladder)]
    head = next(i for i, line in enumerate(lines) if line in {"    actions:", *_MODE, "triggers:"})
    inputs = [_owned(line) for line in lines[:triggers]]
    # Whoever gives one of them a value of the loop's own may leave it where it stands.
    shared = [
        line
        for at, line in enumerate(inputs)
        if _is_shared(line) or (at > head and _key(line) in _SHARED)
    ]
    # A person's report brings its own photo.
    shoots = any(line.strip().startswith("source: ") for line in lines[actions:])
    own_triggers = [line for line in lines[triggers + 1 : actions] if "_escalated" not in line]
    whole = [
        *_filled([line for line in inputs[:head] if not _is_shared(line)]),
        *_tier_inputs(tiers, camera=shoots),
        *_SHARED_HEAD,
        *sorted(shared, key=_of_community),
        *_MODE,
        "triggers:",
        *own_triggers,
        *(_escalated(loop, tier) for tier in tiers),
        *_own_actions(lines[actions:], camera=shoots),
        *(
            f"      - {{conditions: [{{condition: trigger, id: {tier}}}], "
            f"sequence: !input actions_{tier}}}"
            for tier in tiers
        ),
        "",
    ]
    return "\n".join(broken(whole))


def _filled(lines: Sequence[str]) -> Iterator[str]:
    """Leave out the sections whose inputs are all left to the community: one may not be empty."""
    starts = [at for at, line in enumerate(lines) if re.match(r" {4}[a-z]+:$", line)]
    yield from lines[: starts[0]] if starts else lines
    for at, end in pairwise([*starts, len(lines)]):
        if lines[end - 1].strip() != "input:":
            yield from lines[at:end]


def _is_shared(line: str) -> bool:
    key = _key(line)
    return _of_community(line) or (key in _SHARED and 'default: "", ' in line)


def _of_community(line: str) -> bool:
    return _key(line) == "community"


def _key(line: str) -> str:
    """Return an input's name; of any other line what is no input's name."""
    at_its_place = line.startswith("        ") and line[8:9].isalpha()
    return line.strip().partition(":")[0] if at_its_place else ""


def _owned(line: str) -> str:
    key, _, rest = line.strip().partition(":")
    if key not in OWNED or "!input" in rest or not line.startswith("        "):
        return line
    said: dict[str, Any] = yaml.safe_load(rest) or {}
    one = OWNED[key]
    default = one.default or _said(said["default"])
    selector, options = one.selector, one.options
    if key == "zone_by":
        offered = [row["value"] for row in _options(said)] or list(_ZONES)
        options = {zone: _ZONES[zone] for zone in offered}
    if options:
        selector %= ", ".join(f"{{value: {name}, label: {says}}}" for name, says in options.items())
    return _input(key, one.name, one.description, default, selector)


def _said(default: Any) -> str:
    return (
        '""' if default == "" else yaml.safe_dump(default, default_flow_style=True).split("\n")[0]
    )


def _options(said: dict[str, Any]) -> Sequence[dict[str, str]]:
    options: list[dict[str, str]] = said.get("selector", {}).get("select", {}).get("options", [])
    return options


def _input(key: str, name: str, description: str, default: str, selector: str) -> str:
    return (
        f"        {key}: {{name: {name}, description: {description}, "
        f"default: {default}, selector: {selector}}}"
    )


def _own_actions(lines: Sequence[str], *, camera: bool) -> Iterator[str]:
    """Keep the loop's own branches; a signal ends with the camera that looks on."""
    for line in lines:
        if "sequence: !input actions_" not in line and line != _SHOOT:
            yield line
            if line == _END and camera:
                yield _SHOOT


def _shared(key: str, one: Input) -> str:
    return _input(key, one.name, one.description, str(one.default), one.selector)


def _tier_inputs(tiers: Sequence[Tier], *, camera: bool) -> list[str]:
    rows = [
        "    actions:",
        "      name: What else to do · 联动动作",
        "      icon: mdi:play-circle-outline",
        "      collapsed: true",
        "      input:",
    ]
    if camera:
        rows.append(_shared("camera", _CAMERA))
    for tier in tiers:
        en, zh = _TIERS[tier]
        name = _ACTION.name.format(en=en, zh=zh)
        key = f"actions_{tier}"
        rows.append(_input(key, name, _ACTION.description, "[]", _ACTION.selector))
    return rows


def _escalated(loop: str, tier: Tier) -> str:
    return (
        f"  - {{trigger: smart_community.incident_escalated, id: {tier}, "
        f"options: {{loop: [{loop}], tier: [{tier}]}}}}"
    )


def _blueprints() -> dict[Path, str]:
    paths = {loop: FOLDER / f"{loop}.yaml" for loop in LOOPS}
    return {path: synced(path.read_text(), loop) for loop, path in paths.items()}


def main(arguments: Sequence[str]) -> int:
    """Write what differs; with --check only name it, and fail."""
    check = "--check" in arguments
    stale = 0
    # The pages are made from the blueprints as they are afterwards.
    for made in (_blueprints, pages):
        for path, wanted in made().items():
            if path.exists() and path.read_text() == wanted:
                continue
            stale += 1
            print(f"{path.relative_to(ROOT)}: {'differs' if check else 'written'}")
            if not check:
                path.write_text(wanted)
    if check and stale:
        print("run script/sync_blueprints")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
