"""Setting up a Modbus bus: how it is reached, tried before it is saved."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.components.modbus.connection import (
    async_get_connection_info,
    async_get_temporary_unit,
)
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    SerialPortSelector,
    TextSelector,
)

from .const import CONF_KIND, KIND_MODBUS_BUS
from .field.modbus.line import ANSWER_WITHIN, Line, NoData
from .field.modbus.once import read_once
from .field.point import Kind, Point, Quality
from .modbus_link import (
    CONF_ANSWER_WITHIN,
    CONF_BAUDRATE,
    CONF_PARITY,
    CONF_SPACING,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    Transport,
    params,
)
from .modbus_twins import async_twin

# A gateway is asked once by hand: a name to look up and a cold address table may take this long.
_GATEWAY_WITHIN = 2.0
# Any answer to it says that somebody speaks Modbus there, a refusal no less than a value.
_ANY_POINT: Final = Point(key="any", kind=Kind.DISCRETE, address=0)
_TIMING: Final = "timing"
_STEPS: Final = {f"modbus_{transport}": transport for transport in Transport}

# A gateway that has no unit 1 refuses, or waits for it in vain; over RTU there is silence. Only
# what is none of this says that nobody speaks Modbus there.
_NO_GATEWAY: Final[Mapping[Quality, str]] = {
    Quality.DISCONNECTED: "cannot_connect",
    Quality.GARBLED: "no_modbus_answer",
    Quality.TRUNCATED: "no_modbus_answer",
    Quality.WRONG_TRANSACTION: "no_modbus_answer",
}


def _number(least: float, most: float, step: float, unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=most, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _choice(options: list[str], key: str | None = None) -> SelectSelector:
    config = SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
    if key is not None:
        config["translation_key"] = key
    return SelectSelector(config)


_BAUDRATE: Final = {
    probatio.Required(CONF_BAUDRATE, default="9600"): _choice(
        ["1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"]
    )
}
_NETWORK: Final = {
    probatio.Required(CONF_HOST): TextSelector(),
    probatio.Required(CONF_PORT, default=502): _number(1, 65535, 1),
}
_FIELDS: Final[Mapping[Transport, Mapping[Any, Any]]] = {
    Transport.TCP: _NETWORK,
    Transport.UDP: _NETWORK,
    Transport.RTU_OVER_TCP: {**_NETWORK, **_BAUDRATE},
    Transport.SERIAL: {
        probatio.Required(CONF_DEVICE): SerialPortSelector(),
        **_BAUDRATE,
        probatio.Required(CONF_PARITY, default="N"): _choice(["N", "E", "O"], "parity"),
        probatio.Required(CONF_STOPBITS, default="1"): _choice(["1", "2"]),
    },
}


def _schema(transport: Transport) -> probatio.Schema:
    timing = probatio.Schema(
        {
            probatio.Required(CONF_ANSWER_WITHIN, default=ANSWER_WITHIN): _number(0.1, 5, 0.1, "s"),
            probatio.Required(CONF_SPACING, default=0): _number(0, 1000, 1, "ms"),
        }
    )
    return probatio.Schema(
        {
            probatio.Required(CONF_NAME): TextSelector(),
            **_FIELDS[transport],
            probatio.Required(_TIMING, default=dict): section(timing, {"collapsed": True}),
        }
    )


class ModbusBusFlow(ConfigFlow):
    """The steps of a bus in the entry's flow: a menu of transports, and a form for each."""

    async def async_step_modbus_bus(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how the bus is reached."""
        return self.async_show_menu(step_id="modbus_bus", menu_options=list(_STEPS))

    async def async_step_reconfigure_modbus_bus(
        self, _: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Move the bus to another gateway, or change how it is reached; its units stay."""
        return self.async_show_menu(step_id="reconfigure_modbus_bus", menu_options=list(_STEPS))

    async def async_step_modbus_tcp(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a gateway that speaks Modbus TCP."""
        return await self._bus(Transport.TCP, user_input)

    async def async_step_modbus_udp(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a gateway that speaks Modbus over UDP."""
        return await self._bus(Transport.UDP, user_input)

    async def async_step_modbus_rtu_over_tcp(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a serial server that passes RTU frames on as they are."""
        return await self._bus(Transport.RTU_OVER_TCP, user_input)

    async def async_step_modbus_serial(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a serial port of this machine."""
        return await self._bus(Transport.SERIAL, user_input)

    async def _bus(
        self, transport: Transport, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        entry = self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None
        errors: dict[str, str] = {}
        other: str | None = None
        if user_input is not None:
            data = _bus_data(transport, user_input)
            other = await async_twin(self.hass, data, entry.entry_id if entry is not None else None)
            error = "line_taken" if other is not None else await _error(self.hass, data, entry)
            if error is None:
                return self._saved(entry, user_input[CONF_NAME], data)
            errors["base"] = error
        shown: Mapping[str, Any] | None = user_input
        if shown is None and entry is not None:
            shown = _form_data(entry.title, entry.data)
        return self.async_show_form(
            step_id=f"modbus_{transport}",
            data_schema=self.add_suggested_values_to_schema(_schema(transport), shown),
            errors=errors,
            description_placeholders={"other": other or ""},
        )

    def _saved(
        self, entry: ConfigEntry[Any] | None, title: str, data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        if entry is None:
            return self.async_create_entry(title=title, data=data)
        return self.async_update_and_abort(entry, title=title, data=data)


def _bus_data(transport: Transport, user_input: Mapping[str, Any]) -> dict[str, Any]:
    timing = user_input[_TIMING]
    data: dict[str, Any] = {
        CONF_KIND: KIND_MODBUS_BUS,
        CONF_TRANSPORT: transport.value,
        CONF_ANSWER_WITHIN: float(timing[CONF_ANSWER_WITHIN]),
        CONF_SPACING: int(timing[CONF_SPACING]),
    }
    if transport is Transport.SERIAL:
        data[CONF_DEVICE] = user_input[CONF_DEVICE]
        data[CONF_PARITY] = user_input[CONF_PARITY]
        data[CONF_STOPBITS] = int(user_input[CONF_STOPBITS])
    else:
        data[CONF_HOST] = user_input[CONF_HOST].strip()
        data[CONF_PORT] = int(user_input[CONF_PORT])
    if CONF_BAUDRATE in user_input:
        data[CONF_BAUDRATE] = int(user_input[CONF_BAUDRATE])
    return data


def _form_data(title: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data as its form shows it; the choices of a list are words."""
    words = {key: str(data[key]) for key in (CONF_BAUDRATE, CONF_STOPBITS) if key in data}
    timing = {key: data[key] for key in (CONF_ANSWER_WITHIN, CONF_SPACING) if key in data}
    return {CONF_NAME: title, **data, **words, _TIMING: timing}


async def _error(
    hass: HomeAssistant, data: Mapping[str, Any], entry: ConfigEntry[Any] | None
) -> str | None:
    """See whether somebody speaks Modbus there; which units it has is asked later."""
    link = params(data)
    if entry is not None and params(entry.data).endpoint == link.endpoint:
        return None  # at work with its present settings, it cannot be tried with others
    shared = any(one.endpoint == link.endpoint for one in async_get_connection_info(hass))
    try:
        async with async_get_temporary_unit(hass, link, 1) as unit:
            line = Line(within=_GATEWAY_WITHIN)
            # On a shared line it would overwrite what another integration asked for this unit.
            if not shared:
                line.use(unit)
            await read_once(line, unit, [_ANY_POINT])
    except NoData as lack:
        return _NO_GATEWAY.get(lack.quality)
    except HomeAssistantError:
        return "line_in_use"
    return None
