"""Writes a page a loop in both languages, and the README's table, from blueprint and catalogue.

What a page says of times, thresholds and people is read from the blueprint that does it, so that no
page can say what no loop does. Hand-written is only the rule behind each (docs/loops/rules.yaml).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import yaml

from script.lib.catalogue import LOOPS, PACKAGE, ROOT, SHIPPED_TIMES, SHIPPED_ZONE_CLASS

BLUEPRINTS: Final = ROOT / "blueprints" / "automation" / "smart_community"
PAGES: Final = ROOT / "docs" / "loops"
README: Final = ROOT / "README.md"
_TABLE: Final = re.compile(r"(<!-- loops -->\n).*?(<!-- /loops -->)", re.DOTALL)
_CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_IMPORT: Final = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
_BADGE: Final = "https://my.home-assistant.io/badges/blueprint_import.svg"


class Input(NamedTuple):
    """A reference to an input, where a blueprint has `!input`."""

    key: str


class _Loader(yaml.SafeLoader):
    """Reads blueprints."""


_Loader.add_constructor("!input", lambda loader, node: Input(loader.construct_scalar(node)))

WORDS: Final = {
    "en": {
        "file": "{loop}.md",
        "other": "[中文]({loop}.zh-Hans.md)",
        "index": "[All loops](../../README.md#the-28-loops)",
        "button": "Import the blueprint",
        "watches": "What it watches",
        "believes": "When it believes",
        "at_once": "At once.",
        "tells": "Who is told",
        "ladder": "| After | Who | How | Not if |",
        "now": "at once",
        "handle": "Once acknowledged it has to be handled within {handle}, else it is open again. "
        "Without a receipt within {receipt} the next channel is tried.",
        "closes": "When it closes",
        "source": "By itself once its sources have cleared, also when nobody has acted; "
        "or a person closes it.",
        "person": "Only a person closes it: sources that clear prove nothing.",
        "quiet": "Its sources have to stay quiet for {quiet} first; an alarm again within that "
        "time opens it again, also after it was reported handled.",
        "shared": "Left to the community's options (Settings, Devices & services, Smart Community, "
        "the community's gear, Defaults of the loops); a value in the automation goes before them:",
        "proof": {
            "nothing": "",
            "note": "Who reports it handled says in words what was done.",
            "photo": "Who reports it handled brings a photo.",
        },
        "rule": "The rule behind it",
        "read": "Checked against a published text: {}.",
        "unread": "Not checked against the text: {}.",
        "settings": "Settings",
        "setting": "| Input | Default | Meaning |",
        "shipped": {
            True: "Switched on as shipped.",
            False: "Switched off as shipped; making an "
            "automation from the blueprint switches it on.",
        },
        "life": "Lives may depend on it: no plan mutes it, and it is switched off only by a "
        "person's word.",
        "what": "{name}. {description}",
        "report": "Nothing: a person reports it, with a photo and the place on the floor plan.",
        "zone": "One incident per {zone}.",
        "severity": "Severity {severity}.",
        "severities": {
            "minor": "minor",
            "moderate": "moderate",
            "severe": "severe",
            "extreme": "extreme",
        },
        "unless": {"acknowledged": "acknowledged", "handled": "handled"},
        "by": "{unless} by the {tier}",
        "critical": "{ways}, critical",
        "digest": "daily at {clock}",
        "and": ", ",
        "units": {"days": "{} d", "hours": "{} h", "minutes": "{} min", "seconds": "{} s"},
        "head": "| Loop | 闭环 | Element | First told | Last tier | Shipped | Import |",
        "on": {True: "on", False: "off"},
        "elements": {
            "fire": "fire",
            "water": "water",
            "environment": "environment",
            "waste": "waste",
            "people": "people",
            "buildings": "buildings",
            "vehicles": "vehicles",
            "facilities": "facilities",
        },
        "after_sentence": " ",
    },
    "zh-Hans": {
        "file": "{loop}.zh-Hans.md",
        "other": "[English]({loop}.md)",
        "index": "[全部闭环](../../README.md#the-28-loops)",
        "button": "导入蓝图",
        "watches": "监测对象",
        "believes": "判定条件",
        "at_once": "立即判定。",
        "tells": "通知对象与时限",
        "ladder": "| 时限 | 对象 | 方式 | 不再通知的条件 |",
        "now": "立即",
        "handle": "确认后须在 {handle}内处置完毕，否则事件重新打开。"
        "{receipt}内无回执则改用下一种方式。",
        "closes": "关闭条件",
        "source": "监测对象恢复正常后自动关闭（无人处置时也是如此），也可由人员关闭。",
        "person": "只能由人员关闭：探测器恢复正常不等于险情已经排除。",
        "quiet": "监测对象须先保持正常 {quiet}；"
        "期间再次报警则事件重新打开，已报告处置完毕的也不例外。",
        "shared": "以下按社区选项执行（设置、设备与服务、智慧社区、社区的齿轮图标、闭环通用默认值）"
        "；自动化中填写的数值优先：",
        "proof": {
            "nothing": "",
            "note": "报告处置完毕时须说明处置情况。",
            "photo": "报告处置完毕时须附照片。",
        },
        "rule": "依据",
        "read": "已与公开文本核对：{}。",
        "unread": "未与文本核对：{}。",
        "settings": "设置项",
        "setting": "| 设置项 | 默认值 | 含义 |",
        "shipped": {True: "默认启用。", False: "默认停用；用蓝图创建自动化后即启用。"},
        "life": "涉及生命安全：不受任何时段计划限制，停用须经人员确认。",
        "what": "{name}。{description}",
        "report": "不监测设备：由人员上报，附照片和平面图上的位置。",
        "zone": "每个{zone}一个事件。",
        "severity": "严重程度：{severity}。",
        "severities": {
            "minor": "轻微",
            "moderate": "一般",
            "severe": "严重",
            "extreme": "特别严重",
        },
        "unless": {"acknowledged": "已确认", "handled": "已处置"},
        "by": "{tier}{unless}",
        "critical": "{ways}，紧急",
        "digest": "每日 {clock} 汇总",
        "and": "、",
        "units": {"days": "{} 天", "hours": "{} 小时", "minutes": "{} 分钟", "seconds": "{} 秒"},
        "elements": {},
        "after_sentence": "",
    },
}


@dataclass(frozen=True)
class Page:
    """One loop in one language."""

    loop: str
    language: str

    @cached_property
    def blueprint(self) -> Mapping[str, Any]:
        """What the blueprint's file holds."""
        # Read anew for each page: it is a hundredth of a second.
        return yaml.load((BLUEPRINTS / f"{self.loop}.yaml").read_text(), Loader=_Loader)  # noqa: S506  # a SafeLoader

    @property
    def words(self) -> Mapping[str, Any]:
        return WORDS[self.language]

    @cached_property
    def texts(self) -> Mapping[str, Any]:
        return json.loads((PACKAGE / "texts" / f"{self.language}.json").read_text())

    @property
    def path(self) -> Path:
        return PAGES / self.words["file"].format(loop=self.loop)

    @property
    def title(self) -> str:
        return self._own(self.blueprint["blueprint"]["name"], " · ")

    @property
    def import_link(self) -> str:
        """Where My Home Assistant imports the blueprint."""
        return _IMPORT + quote(self.blueprint["blueprint"]["source_url"], safe="")

    def _own(self, text: str, between: str | None = None) -> str:
        """Return this language's part of a text that says everything in both."""
        if between is not None:
            english, _, chinese = text.partition(between)
        else:
            first = _CHINESE.search(text)
            cut = first.start() if first else len(text)
            english, chinese = text[:cut], text[cut:]
        return (english if self.language == "en" else chinese).strip()

    def _inputs(self, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield from self.blueprint["blueprint"]["input"].get(section, {}).get("input", {}).items()

    def _default(self, value: Any) -> Any:
        """Return what a value is by default: an input's, or itself."""
        if not isinstance(value, Input):
            return value
        for section in ("watch", "believe", "tell", "actions", "shared"):
            for key, row in self._inputs(section):
                if key == value.key:
                    said = row.get("default")
                    return self._communitys(key) if said == "" else said
        raise LookupError(f"{self.loop}: no input {value.key}")

    def _communitys(self, key: str) -> Any:
        """Return what a community that has changed nothing says, as a blueprint would write it."""
        if key == "zone_class":
            return SHIPPED_ZONE_CLASS
        seconds = int(SHIPPED_TIMES[LOOPS[self.loop].severity][key].total_seconds())
        for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if seconds % length == 0:
                return {unit: seconds // length}
        return {"seconds": seconds}

    def _said(self, value: Any, row: Mapping[str, Any]) -> str:
        """Write a default as a person reads it."""
        if isinstance(value, Mapping):
            return self._duration(value)
        if isinstance(value, list):
            return ", ".join(f"`{one}`" for one in value) or "–"
        unit = row["selector"].get("number", {}).get("unit_of_measurement", "")
        options = row["selector"].get("select", {}).get("options", ())
        for option in options:
            if isinstance(option, Mapping) and option["value"] == value:
                return self._own(option["label"], " · ")
        return f"{value} {unit}".strip() or "–"

    def _duration(self, value: Any) -> str:
        if not value:
            return str(self.words["now"])
        return " ".join(self.words["units"][unit].format(n) for unit, n in value.items())

    @cached_property
    def signals(self) -> list[Mapping[str, Any]]:
        """The calls of `signal` in the blueprint's branches."""
        return [
            step["data"]
            for branch in self.blueprint["actions"][0]["choose"]
            if isinstance(branch["sequence"], list)
            for step in branch["sequence"]
            if step.get("action") == "smart_community.signal"
        ]

    def ladder(self) -> list[tuple[str, str, str, str]]:
        """Return the ladder's rows: after, who, how, unless."""
        rows = []
        for step in self.signals[0]["ladder"]:
            ways = self.words["and"].join(self.texts["channels"][way] for way in step["channels"])
            if step.get("critical"):
                ways = self.words["critical"].format(ways=ways)
            unless = self.words["unless"][step.get("unless", "handled")]
            if "by" in step:
                unless = self.words["by"].format(
                    unless=unless, tier=self.texts["tiers"][step["by"]]
                )
            after = self._duration(self._default(step["after"]))
            if "digest" in step:
                clock = self._default(step["digest"]).removesuffix(":00")
                after = self.words["digest"].format(clock=clock)
            rows.append((after, self.texts["tiers"][step["tier"]], ways, unless))
        return rows

    def _settings(self, section: str) -> list[str]:
        rows = []
        for key, row in self._inputs(section):
            if key in {"detectors", "zone_by", "community", "camera"} or key.startswith("actions_"):
                continue
            name, meaning = self._own(row["name"], " · "), self._own(row["description"])
            shown = self._said(self._default(Input(key)), row)
            rows.append(f"| {name} | {shown} | {meaning} |")
        return [self.words["setting"], "|---|---|---|", *rows] if rows else []

    def _watched(self, watch: Mapping[str, Any]) -> Iterator[str]:
        if "detectors" in watch:
            detectors, zone = watch["detectors"], watch["zone_by"]
            yield self.words["what"].format(
                name=self._own(detectors["name"], " · "),
                description=self._own(detectors["description"]),
            )
            yield self.words["zone"].format(zone=self._said(zone["default"], zone).lower())

    def text(self, rule: Mapping[str, Any]) -> str:
        """Return the page."""
        words, loop = self.words, LOOPS[self.loop]
        said = "en" if self.language == "en" else "zh"
        described = dict(
            zip(
                ("en", "zh-Hans"),
                self.blueprint["blueprint"]["description"].split("\n\n"),
                strict=True,
            )
        )
        watch = dict(self._inputs("watch"))
        signal = self.signals[0]
        sep = words["after_sentence"]
        facts = [
            words["severity"].format(severity=words["severities"][loop.severity.value]),
            words["shipped"][loop.on],
            *([words["life"]] if loop.life_safety else []),
        ]
        believes = self._settings("believe") or [words["at_once"]]
        closing = [words[loop.closes.value], words["proof"][loop.proof.value]]
        if "quiet_for" in signal:
            quiet = self._duration(self._default(signal["quiet_for"]))
            closing.insert(1, words["quiet"].format(quiet=quiet))
        blocks = [
            f"# {self.title}",
            f"{words['index']} · {words['other'].format(loop=self.loop)}",
            f"[![{words['button']}]({_BADGE})]({self.import_link})",
            described[self.language],
            sep.join(facts),
            f"## {words['watches']}",
            sep.join(self._watched(watch)) or words["report"],
            "\n".join(self._settings("watch")),
            f"## {words['believes']}",
            "\n".join(believes),
            f"## {words['tells']}",
            "\n".join(
                [
                    words["ladder"],
                    "|---|---|---|---|",
                    *(f"| {' | '.join(row)} |" for row in self.ladder()),
                ]
            ),
            words["handle"].format(
                handle=self._duration(self._default(signal["handle_within"])),
                receipt=self._duration(self._default(signal["receipt_within"])),
            ),
            "\n".join([words["shared"], "", *self._settings("shared")])
            if self._settings("shared")
            else "",
            f"## {words['closes']}",
            sep.join(one for one in closing if one),
            f"## {words['rule']}",
            rule[said],
            sep.join(
                words[key].format(rule[key][said]) for key in ("read", "unread") if key in rule
            ),
        ]
        return "\n\n".join(block for block in blocks if block) + "\n"


def _readme_table() -> str:
    words = WORDS["en"]
    rows = [words["head"], "|---|---|---|---|---|---|---|"]
    for loop, facts in LOOPS.items():
        page, chinese = Page(loop, "en"), Page(loop, "zh-Hans")
        ladder = page.ladder()
        cells = (
            f"[{page.title}](docs/loops/{page.path.name})",
            f"[{chinese.title}](docs/loops/{chinese.path.name})",
            words["elements"][facts.element],
            ladder[0][1],
            f"{ladder[-1][1]}, {ladder[-1][0]}",
            words["on"][facts.on],
            f"[import]({page.import_link})",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Return every file that is written here, with what it has to hold."""
    rules = yaml.safe_load((PAGES / "rules.yaml").read_text())
    wanted = {
        page.path: page.text(rules[loop])
        for loop in LOOPS
        for page in (Page(loop, "en"), Page(loop, "zh-Hans"))
    }
    table = _readme_table()
    wanted[README] = _TABLE.sub(lambda found: found[1] + table + found[2], README.read_text())
    return wanted
