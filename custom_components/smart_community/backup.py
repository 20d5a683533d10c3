"""A backup while alarms go on: the incident databases are written, but their files stand still.

Home Assistant copies files as they are, an SQLite database and its write-ahead log at different
moments. While no log is folded into its database, the one does not change and the other only grows:
whatever moment each was copied at, together they are a database.
"""

from homeassistant.core import HomeAssistant

from .data import communities
from .engine.store import StoreError
from .errors import failure


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Fold what there is, then fold nothing until the backup is over."""
    for entry in communities(hass):
        try:
            await entry.runtime_data.engine.hold_files(still=True)
        except StoreError as err:
            raise failure("backup_impossible", community=entry.title, problem=err.problem) from err


async def async_post_backup(hass: HomeAssistant) -> None:
    """Fold again as usual."""
    for entry in communities(hass):
        await entry.runtime_data.engine.hold_files(still=False)
