"""The blueprints that come with the integration, and their way into the configuration folder.

HACS installs the integration's folder only, so the blueprints travel inside it and are copied from
there. A copy that somebody has edited is theirs: it is never overwritten, only reported.
"""

import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from homeassistant.components.automation import automations_with_blueprint
from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.components.blueprint.const import DOMAIN as BLUEPRINT
from homeassistant.const import SERVICE_RELOAD
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .engine.engine import Engine
from .loops import LOOPS

_LOGGER = logging.getLogger(__name__)

_FOLDER: Final = Path(__file__).parent / "blueprints"
_STORAGE_KEY: Final = f"{DOMAIN}.blueprints"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of copying one blueprint: the digest of what is ours, and whether it is edited."""

    loop: str
    digest: str | None
    written: bool = False
    edited: bool = False
    problem: str | None = None


def blueprint_path(loop: str) -> str:
    """Return a blueprint's path as automations name it."""
    return f"{DOMAIN}/{loop}.yaml"


def loop_is_on(hass: HomeAssistant, engine: Engine, loop: str) -> bool:
    """Return whether a loop is on: as somebody has switched it, or else as it is shipped.

    One that is shipped off counts as on once an automation uses it: whoever makes an automation
    wants to hear from it, and an alarm muted by a switch that nobody has touched is lost.
    """
    shipped = LOOPS[loop].on or bool(automations_with_blueprint(hass, blueprint_path(loop)))
    return engine.loop_on(loop, default=shipped)


async def async_install_blueprints(hass: HomeAssistant) -> None:
    """Copy what is missing or outdated, report what was edited, and wake waiting automations."""
    store: Store[dict[str, str]] = Store(hass, 1, _STORAGE_KEY, atomic_writes=True)
    known = await store.async_load() or {}
    outcomes = await hass.async_add_executor_job(_install, _target(hass), known)
    for outcome in outcomes:
        _report(hass, outcome)
    ours = {one.loop: one.digest for one in outcomes if one.digest is not None}
    if ours != known:
        await store.async_save(ours)
    if any(outcome.written for outcome in outcomes):
        await _async_reload(hass)


async def async_restore_blueprint(hass: HomeAssistant, loop: str) -> None:
    """Install the shipped blueprint over an edited copy, which is kept beside it as a backup."""
    await hass.async_add_executor_job(_replace, _target(hass) / f"{loop}.yaml", loop)
    await async_install_blueprints(hass)


def _target(hass: HomeAssistant) -> Path:
    return Path(hass.config.path("blueprints", AUTOMATION, DOMAIN))


def _install(target: Path, known: dict[str, str]) -> list[Outcome]:
    return [_install_one(target / f"{loop}.yaml", loop, known.get(loop)) for loop in LOOPS]


def _install_one(path: Path, loop: str, ours: str | None) -> Outcome:
    content = (_FOLDER / f"{loop}.yaml").read_bytes()
    digest = _digest(content)
    try:
        there = _digest(path.read_bytes()) if path.exists() else None
        if there == digest:
            return Outcome(loop=loop, digest=digest)
        if there not in {None, ours}:
            return Outcome(loop=loop, digest=ours, edited=True)
        _write(path, content)
    except OSError as err:
        return Outcome(loop=loop, digest=ours, problem=str(err))
    return Outcome(loop=loop, digest=digest, written=True)


def _replace(path: Path, loop: str) -> None:
    # Not .yaml: a second blueprint in the folder would be offered to the user.
    path.replace(path.with_suffix(".yaml.edited"))
    _write(path, (_FOLDER / f"{loop}.yaml").read_bytes())


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all: half a blueprint would take its automation down."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _report(hass: HomeAssistant, outcome: Outcome) -> None:
    issue = f"blueprint_{outcome.loop}"
    if not outcome.edited and outcome.problem is None:
        ir.async_delete_issue(hass, DOMAIN, issue)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=outcome.edited,
        severity=ir.IssueSeverity.WARNING if outcome.edited else ir.IssueSeverity.ERROR,
        translation_key="blueprint_edited" if outcome.edited else "blueprint_not_written",
        translation_placeholders={
            "loop": outcome.loop,
            "path": blueprint_path(outcome.loop),
            "problem": outcome.problem or "",
        },
        data={"loop": outcome.loop},
    )


async def _async_reload(hass: HomeAssistant) -> None:
    """Automations that waited for a blueprint, or use an older one, take it up."""
    blueprints: dict[str, Any] = hass.data.get(BLUEPRINT, {})
    if (automation := blueprints.get(AUTOMATION)) is None:
        return
    await automation.async_reset_cache()
    if hass.services.has_service(AUTOMATION, SERVICE_RELOAD):
        # Not waited for: a broken configuration.yaml must not keep the community from starting.
        await hass.services.async_call(AUTOMATION, SERVICE_RELOAD)
