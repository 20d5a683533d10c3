"""Looking at a coordinator, and changing what network it has: only when a person said so.

Each function connects, does one thing and disconnects. What was on the coordinator is written to a
file before it is overwritten (open coordinator backup format, which ZHA and Zigbee2MQTT read too).
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zha.application.const import RadioType
from zigpy.application import ControllerApplication
from zigpy.backups import NetworkBackup
from zigpy.exceptions import (
    CannotWriteNetworkSettings,
    DestructiveWriteNetworkSettings,
    NetworkNotFormed,
)

from .file import look_at, with_whole_database
from .guard import identity_of, radio_config, trouble_of
from .model import Coordinator, Identity, NetworkError, Trouble

_LOGGER = logging.getLogger(__name__)

# A name to look up and a bridge that wakes; a port that is closed says so at once.
_REACHED_WITHIN: Final = 5.0
# A network coordinator is given 2 s for its reset frame, a mute one shows after 13.
_ANSWER_WITHIN: Final = 25.0
# Forming scans the channels and resets the radio five times.
_CHANGE_WITHIN: Final = 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a coordinator has. `identity` is None if it has no network.

    `changed`: its settings are not those of the last backup, so a start would be refused.
    """

    identity: Identity | None
    channel: int = 0
    changed: bool = False


async def probe(coordinator: Coordinator, database: Path | None = None) -> Found:
    """Look which network a coordinator has, changing nothing. Raises NetworkError.

    `database`: of the network that should be there, to compare with; nobody may have it open.
    """
    kept = None if database is None else await last_backup(coordinator, database)
    async with _connected(coordinator, _ANSWER_WITHIN) as app:
        return await _look(app, kept)


# What changes a coordinator is told what a person was shown on it (`shown`, None: no network), and
# does nothing if that is no longer there: between question and answer, cables get moved.


async def form(coordinator: Coordinator, backups: Path, shown: Identity | None) -> Identity:
    """Form a new network, on a quiet channel; what was there is backed up. Raises NetworkError."""
    async with _connected(coordinator, _CHANGE_WITHIN) as app:
        await _back_up(app, backups, shown)
        await app.form_network()
        await app.load_network_info(load_devices=False)
        return identity_of(app.state)


async def restore(
    coordinator: Coordinator, backup: NetworkBackup, backups: Path, shown: Identity | None
) -> Identity:
    """Write a network onto another coordinator: its devices then need not be paired again.

    Raises NetworkError with CANNOT_RESTORE if the radio cannot take the network's address, or could
    only once in its life.
    """
    async with _connected(coordinator, _CHANGE_WITHIN) as app:
        await _back_up(app, backups, shown)
        try:
            await app.backups.restore_backup(backup)
        except (CannotWriteNetworkSettings, DestructiveWriteNetworkSettings, ValueError) as err:
            raise NetworkError(Trouble.CANNOT_RESTORE, str(err)) from err
        return identity_of(app.state)


async def last_backup(coordinator: Coordinator, database: Path) -> NetworkBackup | None:
    """Return the last backup in a network's database; nobody else may have it open.

    A damaged database has none: it must not keep a coordinator from being moved.
    """
    if not await asyncio.to_thread(database.exists):
        return None
    try:
        app = await _opened(coordinator, database)
    except NetworkError as err:
        _LOGGER.warning("The database %s cannot be read: %s", database, err.detail)
        return None
    try:
        backup: NetworkBackup | None = app.backups.most_recent_backup()
        return backup
    finally:
        await app.shutdown()


async def _opened(coordinator: Coordinator, database: Path) -> Any:
    """Return a controller with its database, not connected. Raises NetworkError."""
    await asyncio.to_thread(look_at, database)
    controller = with_whole_database(RadioType[coordinator.radio_type].controller)
    return await controller.new(radio_config(coordinator, database), start_radio=False)


@asynccontextmanager
async def _connected(
    coordinator: Coordinator, within: float
) -> AsyncIterator[ControllerApplication]:
    controller: Any = RadioType[coordinator.radio_type].controller
    app: ControllerApplication = controller(radio_config(coordinator))
    try:
        async with asyncio.timeout(within):
            await app.connect()
            yield app
    except NetworkError:
        raise
    except Exception as err:
        # Only now, and not before: many coordinators serve one client, and need a moment after it.
        reached = await _reached(coordinator)
        trouble = Trouble.NO_RADIO if reached else Trouble.CANNOT_CONNECT
        # Libraries reach for a transport that is gone: that the far end hung up is what it means.
        detail = "connection closed" if isinstance(err, AttributeError) else str(err)
        raise NetworkError(trouble, detail or type(err).__name__) from err
    finally:
        with suppress(Exception):
            await app.shutdown(db=False)


async def _reached(coordinator: Coordinator) -> bool:
    """See whether anything is there at all: a wrong port must not be called a broken radio."""
    address = coordinator.address
    if address is None:
        return await asyncio.to_thread(os.access, coordinator.path, os.R_OK | os.W_OK)
    try:
        async with asyncio.timeout(_REACHED_WITHIN):
            _reader, writer = await asyncio.open_connection(*address)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def _look(app: ControllerApplication, kept: NetworkBackup | None) -> Found:
    try:
        await app.load_network_info(load_devices=False)
    except NetworkNotFormed:
        return Found(identity=None)
    present = app.backups.from_network_state()
    return Found(
        identity=identity_of(app.state),
        channel=int(app.state.network_info.channel),
        changed=kept is not None and not present.is_compatible_with(kept),
    )


async def _still_there(app: ControllerApplication, shown: Identity | None) -> None:
    """See that a coordinator has what a person was shown, with its keys. Raises NetworkError."""
    found = None
    with suppress(NetworkNotFormed):
        await app.load_network_info(load_devices=True)
        found = identity_of(app.state)
    if found != shown:
        name = found.extended_pan_id if found is not None else "-"
        raise NetworkError(Trouble.OTHER_NETWORK, name, found)


async def _back_up(app: ControllerApplication, folder: Path, shown: Identity | None) -> None:
    """Write down the network that is about to be overwritten, if there is one."""
    await _still_there(app, shown)
    if shown is None:
        return
    backup = app.backups.from_network_state()
    name = str(backup.network_info.extended_pan_id).replace(":", "")
    stamp = backup.backup_time.strftime("%Y%m%dT%H%M%SZ")
    text = json.dumps(backup.as_open_coordinator_json(), indent=2)
    await asyncio.to_thread(_write_private, folder / f"{name}-{stamp}.json", text)


def _write_private(path: Path, text: str) -> None:
    """Write a file that holds a network key: for the owner alone, and whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


async def adopt(coordinator: Coordinator, database: Path, shown: Identity) -> Identity:
    """Take the coordinator's present settings as the right ones of a network that is known.

    They become the newest backup in its database, which zigpy compares with at each start.
    Raises NetworkError.
    """
    app = await _opened(coordinator, database)
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            await app.connect()
            await _still_there(app, shown)
            await app.backups.create_backup()
        return identity_of(app.state)
    except NetworkError:
        raise
    except Exception as err:
        raise NetworkError(trouble_of(err)[0], str(err) or type(err).__name__) from err
    finally:
        with suppress(Exception):
            await app.shutdown()
