"""Setting up a unit of a Modbus bus: what it is, what is wired to it, and what it answers."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .entity_modbus import platform_of
from .field.modbus.families import FAMILIES, POINT_TABLE, points_of
from .field.modbus.line import NoData
from .field.point import Point, Quality, Value
from .modbus_bus import async_read_unit
from .point_words import figure

# Whoever looks at what a unit says wants to recognise it, not to read a thousand values.
_MOST_SHOWN: Final = 20

WHY_NO_DATA: Final[Mapping[Quality, str]] = {
    Quality.REFUSED: "unit_refused",
    Quality.GARBLED: "unit_garbled",
    Quality.TRUNCATED: "unit_garbled",
    Quality.WRONG_TRANSACTION: "unit_garbled",
    Quality.DISCONNECTED: "cannot_connect",
    Quality.LINE_TAKEN: "line_taken",
    Quality.BUSY: "unit_busy",
    Quality.NO_ANSWER: "unit_silent",
}

_UNIT: Final = {
    probatio.Required(CONF_NAME): TextSelector(),
    probatio.Required("unit", default=1): NumberSelector(
        NumberSelectorConfig(min=1, max=247, mode=NumberSelectorMode.BOX)
    ),
}
_FAMILY: Final = {
    probatio.Required("family", default="fire_panel"): SelectSelector(
        SelectSelectorConfig(
            options=list(FAMILIES), mode=SelectSelectorMode.DROPDOWN, translation_key="family"
        )
    ),
}


def _wired_schema(counts: Mapping[str, int]) -> probatio.Schema:
    numbers = {
        probatio.Required(key, default=min(most, 8)): NumberSelector(
            NumberSelectorConfig(min=1, max=most, mode=NumberSelectorMode.BOX)
        )
        for key, most in counts.items()
    }
    names = TextSelector(TextSelectorConfig(multiline=True))
    return probatio.Schema({**numbers, probatio.Optional("names"): names})


class UnitSubentryFlow(ConfigSubentryFlow):
    """Adds or changes a unit. A unit of a point table keeps its table: that is imported."""

    _title: str
    _data: dict[str, Any]
    _answer: dict[str, Value | None]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new unit."""
        return await self._unit("user", user_input, {}, {**_UNIT, **_FAMILY})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the changed unit."""
        subentry = self._get_reconfigure_subentry()
        shown = {CONF_NAME: subentry.title, **subentry.data}
        if subentry.data["family"] == POINT_TABLE:
            return await self._unit("reconfigure_table", user_input, shown, _UNIT)
        return await self._unit("reconfigure", user_input, shown, {**_UNIT, **_FAMILY})

    async def async_step_reconfigure_table(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the changed name or address of a unit with a point table."""
        return await self.async_step_reconfigure(user_input)

    async def _unit(
        self,
        step: str,
        user_input: dict[str, Any] | None,
        shown: Mapping[str, Any],
        fields: Mapping[Any, Any],
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            self._title = user_input[CONF_NAME]
            self._data = {**self._kept(), "unit": int(user_input["unit"])}
            if "family" in user_input:
                self._data["family"] = user_input["family"]
            if self._address_taken():
                errors["unit"] = "unit_taken"
            elif self._data["family"] != POINT_TABLE and FAMILIES[self._data["family"]].counts:
                return await self.async_step_wired()
            elif (error := await self._test(placeholders)) is None:
                return await self.async_step_confirm()
            else:
                errors["base"] = error
        schema = self.add_suggested_values_to_schema(
            probatio.Schema(dict(fields)), user_input or shown
        )
        return self.async_show_form(
            step_id=step,
            data_schema=schema,
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_wired(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask how many of what is wired, and what the contractor calls it."""
        counts = FAMILIES[self._data["family"]].counts
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            names = [name.strip() for name in (user_input.get("names") or "").splitlines()]
            self._data |= {key: int(user_input[key]) for key in counts}
            self._data["names"] = [name for name in names if name]
            if len(self._data["names"]) > self._data[next(iter(counts))]:
                errors["names"] = "more_names_than_inputs"
            elif (error := await self._test(placeholders)) is None:
                return await self.async_step_confirm()
            else:
                errors["base"] = error
        shown = user_input or {**self._data, "names": "\n".join(self._data.get("names", ()))}
        return self.async_show_form(
            step_id="wired",
            data_schema=self.add_suggested_values_to_schema(_wired_schema(counts), shown),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show what the unit answered, then save."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders=await self._shown(),
            )
        counts = FAMILIES[self._data["family"]].counts if self._data["family"] in FAMILIES else {}
        kept = {"unit", "family", "points", "unit_name", *counts, *(("names",) if counts else ())}
        data = {key: value for key, value in self._data.items() if key in kept}
        unique_id = f"unit:{data['unit']}"
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=self._title, data=data, unique_id=unique_id)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=self._title,
            data=data,
            unique_id=unique_id,
        )

    def _kept(self) -> dict[str, Any]:
        if self.source == SOURCE_RECONFIGURE:
            return dict(self._get_reconfigure_subentry().data)
        return {}

    def _address_taken(self) -> bool:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return any(
            subentry.data.get("unit") == self._data["unit"]
            for key, subentry in self._get_entry().subentries.items()
            if key != own
        )

    async def _test(self, placeholders: dict[str, str]) -> str | None:
        """Read the unit once; returns the error. What was read is in `_answer`."""
        try:
            self._answer = await async_read_unit(
                self.hass, self._get_entry(), self._data["unit"], points_of(self._data)
            )
        except NoData as lack:
            placeholders["problem"] = lack.reason
            return WHY_NO_DATA[lack.quality]
        except HomeAssistantError as err:
            placeholders["problem"] = str(err)
            return "line_in_use"
        return None

    async def _shown(self) -> dict[str, str]:
        """Return what the unit says, for a person who stands beside it."""
        language = self.hass.config.language
        words = await async_get_translations(self.hass, language, "entity", {DOMAIN})
        points = points_of(self._data)
        on = [_label(one, words) for one in points if self._answer[one.key] is True]
        figures = [
            f"- {_label(one, words)}: {_figure(one, self._answer[one.key])}"
            for one in points
            if not isinstance(self._answer[one.key], bool)
        ]
        return {
            "points": str(len(points)),
            "on": _some(on, "、" if language.startswith("zh") else ", ") or "-",
            "figures": _some(figures, "\n"),
        }


def _some(said: list[str], between: str) -> str:
    more = ["…"] if len(said) > _MOST_SHOWN else []
    return between.join([*said[:_MOST_SHOWN], *more])


def _figure(point: Point, value: Value | None) -> str:
    return "-" if value is None else figure(point, value)


def _label(point: Point, words: Mapping[str, str]) -> str:
    if point.name is not None:
        return point.name
    key = point.key.removesuffix(f"_{point.number}")
    name = words.get(f"component.{DOMAIN}.entity.{platform_of(point)}.{key}.name", point.key)
    return name.replace("{number}", str(point.number))
