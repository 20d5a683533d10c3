"""Setting up a community."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    AreaSelector,
    AreaSelectorConfig,
    BooleanSelector,
    FloorSelector,
    FloorSelectorConfig,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import slugify
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from .config_flow_rehearsals import default_options
from .const import (
    CONF_AREAS,
    CONF_FLOORS,
    CONF_KIND,
    CONF_PHOTO_POSITION,
    CONF_SHOW_PLACES,
    KIND_COMMUNITY,
)
from .engine.store import Store, StoreError

CONF_DATABASE_URL: Final = "database_url"
SECTION_DATABASE: Final = "database"

EXAMPLE_URL: Final = "postgresql+psycopg2://user:password@host/database"
# A database host that is switched off would otherwise hold the form for two minutes.
DATABASE_WITHIN: Final = 10.0

_CHOICES: Final = (CONF_PHOTO_POSITION, CONF_SHOW_PLACES)
_COMMUNITY = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Optional(CONF_FLOORS): FloorSelector(FloorSelectorConfig(multiple=True)),
        probatio.Optional(CONF_AREAS): AreaSelector(AreaSelectorConfig(multiple=True)),
        probatio.Optional(CONF_PHOTO_POSITION, default=False): BooleanSelector(),
        probatio.Optional(CONF_SHOW_PLACES, default=False): BooleanSelector(),
        probatio.Required(SECTION_DATABASE): section(
            probatio.Schema(
                {
                    probatio.Optional(CONF_DATABASE_URL): TextSelector(
                        TextSelectorConfig(autocomplete="off")
                    )
                }
            ),
            {"collapsed": True},
        ),
    }
)


class CommunityFlow(ConfigFlow):
    """The steps of a community in the entry's flow."""

    async def async_step_community(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new community's name, and for its database if it has its own."""
        errors: dict[str, str] = {}
        problem = ""
        if user_input is not None:
            name, data = _community(user_input)
            errors, problem = await self._check(name, data, "")
            if not errors:
                taken = {entry.unique_id for entry in self._async_current_entries()}
                await self.async_set_unique_id(free_slug(name, taken))
                return self.async_create_entry(title=name, data=data, options=default_options())
        return self._community_form("community", user_input, errors, problem)

    async def async_step_reconfigure_community(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Rename the community, or move it to another database."""
        entry = self._get_reconfigure_entry()
        url = entry.data.get(CONF_DATABASE_URL, "")
        shown = user_input or {
            CONF_NAME: entry.title,
            **{key: entry.data[key] for key in (CONF_FLOORS, CONF_AREAS) if key in entry.data},
            **{key: entry.data.get(key, False) for key in _CHOICES},
            SECTION_DATABASE: {CONF_DATABASE_URL: url},
        }
        errors: dict[str, str] = {}
        problem = ""
        if user_input is not None:
            name, data = _community(user_input)
            errors, problem = await self._check(name, data, url, entry.entry_id)
            if not errors:
                moved = data.get(CONF_DATABASE_URL, "") != url
                result = self.async_update_and_abort(entry, title=name, data=data)
                if moved:
                    # A new name stops no clock; only another database needs a new start.
                    self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return result
        return self._community_form("reconfigure_community", shown, errors, problem)

    def _community_form(
        self, step: str, shown: Mapping[str, Any] | None, errors: dict[str, str], problem: str
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(_COMMUNITY, shown),
            errors=errors,
            description_placeholders={"problem": problem, "example": EXAMPLE_URL},
        )

    async def _check(
        self, name: str, data: Mapping[str, Any], url_now: str, but: str = ""
    ) -> tuple[dict[str, str], str]:
        """Return the errors, and what the database said about itself."""
        others = [
            entry
            for entry in self._async_current_entries()
            if entry.entry_id != but and entry.data[CONF_KIND] == KIND_COMMUNITY
        ]
        if error := name_error(name, (entry.title for entry in others)):
            return {CONF_NAME: error}, ""
        url = data.get(CONF_DATABASE_URL, "")
        if url == url_now:
            return {}, ""
        if any(_same_database(url, entry.data.get(CONF_DATABASE_URL)) for entry in others):
            return {SECTION_DATABASE: "database_taken"}, ""
        error, problem = await _check_database(self.hass, url) if url else (None, "")
        return {SECTION_DATABASE: error} if error else {}, problem


def _community(user_input: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    data: dict[str, Any] = {CONF_KIND: KIND_COMMUNITY}
    data |= {key: list(user_input[key]) for key in (CONF_FLOORS, CONF_AREAS) if user_input.get(key)}
    data |= {key: True for key in _CHOICES if user_input.get(key)}
    if url := user_input[SECTION_DATABASE].get(CONF_DATABASE_URL, "").strip():
        data[CONF_DATABASE_URL] = url
    return user_input[CONF_NAME].strip(), data


def name_error(name: str, others: Iterable[str]) -> str | None:
    """Return the error's key if the name is empty or another one's."""
    if not name:
        return "name_missing"
    if name.casefold() in {other.casefold() for other in others}:
        return "already_configured"
    return None


def free_slug(name: str, taken: Iterable[str | None]) -> str:
    """Return the name in Latin letters, numbered when taken: Chinese names may sound the same."""
    slug, number, used = slugify(name), 1, set(taken)
    candidate = slug
    while candidate in used:
        number += 1
        candidate = f"{slug}_{number}"
    return candidate


def _same_database(url: str, other: str | None) -> bool:
    """Whether two communities would write over each other's incidents."""
    if not url or not other:
        return False
    try:
        return make_url(url) == make_url(other)
    except ArgumentError, ValueError:
        return False


async def _check_database(hass: HomeAssistant, url: str) -> tuple[str | None, str]:
    """Return the error's key, if any, and what the database said."""
    try:
        async with asyncio.timeout(DATABASE_WITHIN):
            return await hass.async_add_executor_job(_open_database, url)
    except TimeoutError:
        return "database_unreachable", f"{DATABASE_WITHIN:.0f} s"


def _open_database(url: str) -> tuple[str | None, str]:
    """Open the database as the engine will. Blocks: it imports drivers and opens sockets."""
    try:
        parsed = make_url(url)
        durable = parsed.database not in {None, "", ":memory:"}
        if parsed.get_backend_name() not in {"sqlite", "postgresql"} or not durable:
            return "database_unsupported", parsed.drivername
        dialect = parsed.get_dialect()
        if dialect.is_async:
            return "database_unsupported", parsed.drivername
        dialect.import_dbapi()
    except (NoSuchModuleError, ImportError) as err:
        return "database_driver_missing", str(err)
    except (ArgumentError, ValueError) as err:
        return "database_url_invalid", str(err)
    store = Store(url)
    try:
        store.open()
    except StoreError as err:
        return err.key, err.problem
    finally:
        store.close()
    return None, ""
