"""A to-do list per responder: the incidents that it was told of. Ticking one off handles it."""

from typing import override

from homeassistant.components.todo.const import TodoItemStatus, TodoListEntityFeature
from homeassistant.components.todo.entity import TodoItem, TodoListEntity
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .core.message import headed, marked
from .core.model import Incident, Responder, Status
from .data import CommunityEntry, public_zone
from .entity import FollowingEntity
from .errors import refusal
from .views import texts

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: CommunityEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a list per responder, also for those that are added later."""
    known: set[str] = set()

    @callback
    def add() -> None:
        people = entry.runtime_data.people
        known.intersection_update(people.responders)
        for key in people.responders.keys() - known:
            known.add(key)
            async_add_entities([WorkOrders(entry, key)], config_subentry_id=people.subentries[key])

    entry.runtime_data.responders_added.append(add)
    add()


class WorkOrders(FollowingEntity, TodoListEntity):
    """The open incidents of one responder."""

    _attr_translation_key = "work_orders"
    _attr_supported_features = (
        TodoListEntityFeature.UPDATE_TODO_ITEM | TodoListEntityFeature.SET_DESCRIPTION_ON_ITEM
    )

    def __init__(self, entry: CommunityEntry, key: str) -> None:
        """Take the responder."""
        super().__init__(entry, f"work_orders_{key}")
        self._key = key
        # A device belongs to one subentry, so each responder is a device of its own.
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, f"{entry.entry_id}_{key}")},
            entry_type=DeviceEntryType.SERVICE,
            name=self._responder.name,
        )

    @property
    def _responder(self) -> Responder:
        return self.entry.runtime_data.people.responders[self._key]

    @property
    @override
    def available(self) -> bool:
        return self._key in self.entry.runtime_data.people.responders

    @property
    @override
    def todo_items(self) -> list[TodoItem]:
        return [self._item(one) for one in self.engine.active if self._key in one.told]

    @override
    async def async_update_todo_item(self, item: TodoItem) -> None:
        """Handle an incident by ticking it off; its description is the note."""
        incident = self.engine.running(item.uid or "")
        if incident is None:
            raise refusal("incident_ended", incident=item.summary or "")
        if item.status != TodoItemStatus.COMPLETED:
            raise refusal("todo_only_handles")
        # The form shows what stands there already; what a person writes comes behind it.
        note = (item.description or "").removeprefix(self._item(incident).description or "")
        context = self._context or Context()
        await self.entry.runtime_data.deeds.handle(incident, context, note.strip())

    def _item(self, incident: Incident) -> TodoItem:
        words = texts(self.hass, self._responder.language)
        loop = words["loops"].get(incident.loop, incident.loop)
        since = dt_util.as_local(incident.first_alarm_at).strftime("%H:%M:%S")
        handled = incident.status is Status.HANDLED
        summary = headed(incident.number, loop, public_zone(self.entry, incident))
        return TodoItem(
            uid=incident.id,
            summary=marked(summary, words["message"], drill=incident.drill),
            status=TodoItemStatus.COMPLETED if handled else TodoItemStatus.NEEDS_ACTION,
            due=incident.handle_by,
            description=f"{words['status'][incident.status]} · {since}",
        )
