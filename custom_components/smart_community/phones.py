"""Whether the phones of a responder's users still receive what is pushed to them.

Home Assistant's push says "done" whatever the relay answers: that the phone was given up, that its
token is void, that the day's 500 are used up. What is left to go by is told of each user:

    no_phone        none is registered any more
    not_connected   every one receives over the local network alone, and none is connected
    silent          alarms of several incidents in a row came to nothing on Android, whose app says
                    of each that it came; any word of the user's phone ends this

An iPhone says nothing of what the relay brings, so its silence is no sign: a person who answers at
the desk instead of on the phone would be a fault every week.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from homeassistant.components.mobile_app.const import (
    ATTR_APP_DATA,
    ATTR_OS_NAME,
    ATTR_PUSH_URL,
    DATA_PUSH_CHANNEL,
)
from homeassistant.components.mobile_app.const import DOMAIN as MOBILE_APP
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_time_interval

from .channels.companion import registrations
from .const import DOMAIN
from .core.model import ChannelKind
from .engine.engine import Engine
from .people import People

# The translation key of the entity that shows it, by which the device_fault loop finds it.
PHONE: Final = "phone"
# In a lift or a cellar one alarm is missed, at times two.
UNCONFIRMED: Final = 3
# Whether a phone holds its local channel is told to nobody; it has to be looked at.
LOOK_EVERY: Final = timedelta(minutes=1)
# What the app says of a notice: it has come, a button was pressed, it was wiped away.
_WORDS: Final = tuple(
    f"mobile_app_notification_{word}" for word in ("received", "action", "cleared")
)
_CONFIRMS: Final = "Android"
_KEPT: Final = "phone:"


class PhoneFault(StrEnum):
    """Why nothing that is pushed reaches a user."""

    NO_PHONE = "no_phone"
    NOT_CONNECTED = "not_connected"
    SILENT = "silent"


class Phones:
    """Watches the phones of every user whom some responder is told through by push."""

    def __init__(self, hass: HomeAssistant, people: People, engine: Engine) -> None:
        """Take whose phones they are, and what keeps a verdict over a restart."""
        self._hass = hass
        self._people = people
        self._engine = engine
        self._unconfirmed: dict[str, set[str]] = {}
        self.changed: list[Callable[[], None]] = []

    @callback
    def start(self) -> CALLBACK_TYPE:
        """Watch until the returned function is called."""
        undo = [self._hass.bus.async_listen(word, self._said) for word in _WORDS]
        undo.append(async_track_time_interval(self._hass, self._look, LOOK_EVERY))

        @callback
        def stop() -> None:
            for one in undo:
                one()

        return stop

    @property
    def users(self) -> set[str]:
        """Whose phones they are."""
        return {
            user
            for one in self._people.responders.values()
            if ChannelKind.PUSH in (*one.channels, *one.urgent_channels, *one.night_channels)
            for user in one.users
        }

    def fault(self, user: str) -> PhoneFault | None:
        """Why a user receives no push; None as far as anybody can tell that they do."""
        phones = registrations(self._hass, {user})
        if not phones:
            return PhoneFault.NO_PHONE
        connected = self._hass.data.get(MOBILE_APP, {}).get(DATA_PUSH_CHANNEL, {})
        if not any(
            phone.data[CONF_WEBHOOK_ID] in connected
            or ATTR_PUSH_URL in phone.data.get(ATTR_APP_DATA, {})
            for phone in phones
        ):
            return PhoneFault.NOT_CONNECTED
        return PhoneFault.SILENT if self._engine.kept_as(f"{_KEPT}{user}") else None

    @callback
    def pushed(self, user: str, incident: str) -> None:
        """Note that a push about an incident is on its way to a user's phones."""
        phones = registrations(self._hass, {user})
        if not all(phone.data.get(ATTR_OS_NAME) == _CONFIRMS for phone in phones):
            return
        waiting = self._unconfirmed.setdefault(user, set())
        if len(waiting - {incident}) >= UNCONFIRMED:
            self._conclude(user, PhoneFault.SILENT)
        else:
            waiting.add(incident)

    @callback
    def heard(self, user: str) -> None:
        """Note that a phone of a user has shown that it receives."""
        self._unconfirmed.pop(user, None)
        self._conclude(user, "")

    @callback
    def _said(self, event: Event[Any]) -> None:
        if event.context.user_id is not None:
            self.heard(event.context.user_id)

    @callback
    def _look(self, _now: datetime) -> None:
        for changed in self.changed:
            changed()

    def _conclude(self, user: str, verdict: str) -> None:
        """Keep a verdict: forgotten by a restart, the fault would clear with nothing mended."""
        key = f"{_KEPT}{user}"
        if self._engine.kept_as(key) != verdict:
            self._hass.async_create_task(self._keep(key, verdict), "smart_community phone")

    async def _keep(self, key: str, verdict: str) -> None:
        await self._engine.keep(key, verdict)
        for changed in self.changed:
            changed()


def is_phone(entity: er.RegistryEntry) -> bool:
    """Whether an entity is one that shows whether a user's phone receives."""
    return entity.platform == DOMAIN and entity.translation_key == PHONE


def shows_phone(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an entity id is one of these."""
    entity = er.async_get(hass).async_get(entity_id)
    return entity is not None and is_phone(entity)


def phones_of(hass: HomeAssistant, community: str) -> Iterable[str]:
    """Return the entities that show it, of a community or ("") of all."""
    registry = er.async_get(hass)
    for entry in hass.config_entries.async_entries(DOMAIN):
        if community in {"", entry.entry_id}:
            for one in er.async_entries_for_config_entry(registry, entry.entry_id):
                if is_phone(one) and one.disabled_by is None:
                    yield one.entity_id
