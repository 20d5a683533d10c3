"""A trigger that knows whose it is: the audit then names the automation that hears nothing."""

from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.trigger import Trigger, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.trigger.models import TriggerAction, TriggerActionPayloadBuilder

from .const import DOMAIN
from .loops import LOOPS


class OwnedTrigger(Trigger):
    """Notes the automation that it is attached for, in `owner`: its entity id, None without one.

    `loop`: the loop whose blueprint that automation was made from.
    """

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Begin without an owner."""
        super().__init__(hass, config)
        self.owner: str | None = None
        self.loop: str | None = None

    @override
    async def async_attach_action(
        self,
        action: TriggerAction,
        action_payload_builder: TriggerActionPayloadBuilder,
        *,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach, and note whose trigger this is.

        An automation hands in its own method, and nothing else that names it: without this the
        audit could only say that some automation has no source.
        """
        owner = getattr(action, "__self__", None)
        self.owner = owner.entity_id if isinstance(owner, Entity) else None
        path = getattr(owner, "referenced_blueprint", None) or ""
        key = path.removeprefix(f"{DOMAIN}/").removesuffix(".yaml")
        self.loop = key if key in LOOPS else None
        return await super().async_attach_action(
            action, action_payload_builder, did_not_trigger=did_not_trigger
        )
