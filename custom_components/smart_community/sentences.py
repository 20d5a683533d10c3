"""What can be said to Assist: which incidents are open, and that one is taken on."""

import re
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .core.message import marked
from .core.model import Incident, Status
from .core.permits import may_read
from .data import CommunityEntry, communities
from .views import texts

OPEN: Final = (
    "what [incident|incidents|alarm|alarms] (is|are) open",
    "(which|what) (incidents|alarms) are [still] open",
    "(有什么|有哪些|还有哪些)(未处置|没处理|未关闭)的(事件|告警|报警)",
    "(现在|目前)有(什么|哪些)(事件|告警|报警)",
)
ACKNOWLEDGE: Final = (
    "acknowledge [the] {what} in [the] {where}",
    "确认{where}的{what}",
)


@callback
def async_listen_to_sentences(hass: HomeAssistant) -> list[CALLBACK_TYPE]:
    """Register the sentences; call once Assist is set up, since its library comes with it."""
    # At the top it would bring Assist's library into an installation without Assist.
    from homeassistant.components.conversation.agent_manager import (  # noqa: PLC0415
        get_agent_manager,
    )

    async def opened(said: Any, _result: Any) -> str:
        return await _open(hass, said)

    async def acknowledged(said: Any, result: Any) -> str:
        what, where = (result.entities[name].text.strip() for name in ("what", "where"))
        return await _acknowledge(hass, said, what, where)

    manager = get_agent_manager(hass)
    return [
        manager.register_trigger(list(OPEN), opened),
        manager.register_trigger(list(ACKNOWLEDGE), acknowledged),
    ]


async def _readable(hass: HomeAssistant, said: Any) -> list[tuple[CommunityEntry, Incident]]:
    """Return the running incidents that whoever speaks may see."""
    found = []
    for entry in communities(hass):
        data = entry.runtime_data
        standings = await data.people.standings_of(said.context)
        found += [(entry, one) for one in data.engine.active if may_read(standings, one)]
    return found


async def _open(hass: HomeAssistant, said: Any) -> str:
    words = texts(hass, said.language)
    spoken = words["assist"]
    found = [one for _, one in await _readable(hass, said)]
    if not found:
        return str(spoken["nothing_open"])
    named = [
        spoken["one"].format(
            loop=marked(words["loops"].get(one.loop, one.loop), words["message"], drill=one.drill),
            zone=one.zone_name,
            status=words["status"][one.status],
        )
        for one in found[:_READ_OUT]
    ]
    return str(spoken["open"]).format(count=len(found), which=spoken["comma"].join(named))


# Nobody listens to a longer list; the dashboard has it.
_READ_OUT: Final = 5


async def _acknowledge(hass: HomeAssistant, said: Any, what: str, where: str) -> str:
    words = texts(hass, said.language)
    spoken = words["assist"]
    meant = [
        (entry, one)
        for entry, one in await _readable(hass, said)
        if one.status is Status.OPEN and _named(one, what, where, words)
    ]
    if len(meant) != 1:
        return str(spoken["several" if meant else "not_found"]).format(what=what, where=where)
    entry, incident = meant[0]
    try:
        await entry.runtime_data.deeds.acknowledge(incident, said.context)
    except HomeAssistantError as err:
        key = str(err.translation_key).removeprefix("not_permitted_")
        reason = words["timeline"]["values"].get(key, str(err))
        return str(spoken["refused"]).format(reason=reason)
    return str(spoken["acknowledged"]).format(
        loop=words["loops"].get(incident.loop, incident.loop), zone=incident.zone_name
    )


def _named(incident: Incident, what: str, where: str, words: Any) -> bool:
    """Whether somebody who says these words means this incident."""
    loop = str(words["loops"].get(incident.loop, incident.loop)).casefold()
    kinds = [word for word in what.casefold().split() if word not in {"alarm", "incident"}]
    place, said = incident.zone_name.casefold(), where.casefold()
    return all(word in loop for word in kinds) and (_within(said, place) or _within(place, said))


# What a number or a Latin word goes on with: 1号楼 is neither 11号楼 nor a part of 十一号楼.
_JOINED: Final = r"[\da-z〇零一二两三四五六七八九十百]"


def _within(part: str, whole: str) -> bool:
    """Whether a place is named in other words, as itself and not as the end of another's name.

    A wrong building that is taken on is a fire that nobody goes to; a name that is not found is
    said once more.
    """
    if not part.strip():
        return False
    before = rf"(?<!{_JOINED})" if re.match(_JOINED, part) else ""
    after = rf"(?!{_JOINED})" if re.match(_JOINED, part[-1]) else ""
    return re.search(before + re.escape(part) + after, whole) is not None
