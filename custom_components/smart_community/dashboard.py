"""The dashboard in the side bar, without anybody editing a configuration.

Plain ES modules are served from `frontend/` as they are: there is nothing to build, and what the
browser runs is what stands here. Their address carries a digest of their content, so that a browser
never mixes an old module with a new one and may keep each as long as it likes.
"""

import hashlib
from pathlib import Path
from typing import Any, Final, override

from homeassistant.components import frontend
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.components.lovelace.const import LOVELACE_DATA, MODE_YAML
from homeassistant.components.lovelace.dashboard import LovelaceConfig
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.json import json_fragment
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .core.message import DASHBOARD_PATH
from .data import communities

FOLDER: Final = Path(__file__).parent / "frontend"
STRATEGY: Final = {"strategy": {"type": "custom:smart-community"}}
_ICON: Final = "mdi:shield-home"
_DATA_MODULE: HassKey[str] = HassKey(f"{DOMAIN}_module")


async def async_serve_modules(hass: HomeAssistant) -> None:
    """Serve the modules and have the frontend load the first; nothing without a frontend.

    Once for a run of Home Assistant: what is served cannot be taken back, and costs nothing.
    """
    if not {"frontend", "lovelace"} <= hass.config.components:
        return
    url = f"/{DOMAIN}/{await hass.async_add_executor_job(_digest)}"
    await hass.http.async_register_static_paths([StaticPathConfig(url, str(FOLDER))])
    hass.data[_DATA_MODULE] = f"{url}/main.js"


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@callback
def async_show_dashboard(hass: HomeAssistant) -> None:
    """Put the dashboard into the side bar; again for a further community changes nothing."""
    if (module := hass.data.get(_DATA_MODULE)) is None:
        return
    frontend.add_extra_js_url(hass, module)
    hass.data[LOVELACE_DATA].dashboards[DASHBOARD_PATH] = _Dashboard(
        hass, DASHBOARD_PATH, {"mode": MODE_YAML}
    )
    frontend.async_register_built_in_panel(
        hass,
        "lovelace",
        sidebar_title="智慧社区" if hass.config.language.startswith("zh") else "Smart Community",
        sidebar_icon=_ICON,
        frontend_url_path=DASHBOARD_PATH,
        config={"mode": MODE_YAML},
        update=True,
    )


@callback
def async_hide_dashboard(hass: HomeAssistant) -> None:
    """Take it away with the last community."""
    if communities(hass) or (module := hass.data.get(_DATA_MODULE)) is None:
        return
    frontend.remove_extra_js_url(hass, module)
    frontend.async_remove_panel(hass, DASHBOARD_PATH, warn_if_unknown=False)
    hass.data[LOVELACE_DATA].dashboards.pop(DASHBOARD_PATH, None)


class _Dashboard(LovelaceConfig):
    """A dashboard that a strategy makes in the browser: there is nothing to edit or to store."""

    @property
    @override
    def mode(self) -> str:
        return MODE_YAML

    @override
    async def async_get_info(self) -> dict[str, Any]:
        return {"mode": MODE_YAML, "views": 0}

    @override
    async def async_load(self, force: bool) -> dict[str, Any]:
        return STRATEGY

    @override
    async def async_json(self, force: bool) -> json_fragment:
        return json_fragment(b'{"strategy":{"type":"custom:smart-community"}}')
