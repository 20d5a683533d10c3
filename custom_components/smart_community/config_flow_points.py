"""Importing a point table by hand: the file, then what it would change, then it is done.

It makes no subentry of its own kind: its units are subentries like any other, new or changed.
"""

from collections.abc import Iterable
from typing import Any, Final

import probatio
from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigSubentryFlow, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.selector import FileSelector, FileSelectorConfig

from .errors import refusal
from .points_import import UnitChange, async_apply_changes, async_changes, async_parse, counts
from .points_read import async_test_read

_FILE: Final = probatio.Schema(
    {probatio.Required("file"): FileSelector(FileSelectorConfig(accept=".csv,.tsv,.txt"))}
)


class PointTableSubentryFlow(ConfigSubentryFlow):
    """Takes a table for the units of a bus; what is wrong with it is listed, all of it at once."""

    _changes: tuple[UnitChange, ...]

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the file."""
        errors: dict[str, str] = {}
        placeholders = {"errors": ""}
        if user_input is not None:
            try:
                data = await self.hass.async_add_executor_job(_take, self.hass, user_input["file"])
                tables = await async_parse(self.hass, data)
                self._changes = async_changes(self._get_entry(), tables)
            except ServiceValidationError as err:
                errors["file"] = err.translation_key or ""
                placeholders |= err.translation_placeholders or {}
            else:
                return await self.async_step_confirm()
        return self.async_show_form(
            step_id="user",
            data_schema=_FILE,
            errors=errors,
            description_placeholders={
                **placeholders,
                "errors": "".join(f"\n- {line}" for line in placeholders["errors"].splitlines()),
            },
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show what would change, and what the units say now; then change it."""
        said = _said(self._changes)
        if user_input is None:
            read = await async_test_read(self.hass, self._get_entry(), self._changes)
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({}),
                description_placeholders={**said, "read": read or "-"},
            )
        # Asked again: the bus may have been changed by somebody else since the file was read.
        try:
            changes = async_changes(self._get_entry(), [one.table for one in self._changes])
        except ServiceValidationError as err:
            return self.async_abort(
                reason=err.translation_key or "",
                description_placeholders=err.translation_placeholders,
            )
        async_apply_changes(self.hass, self._get_entry(), changes)
        return self.async_abort(reason="points_imported", description_placeholders=said)


def _said(changes: Iterable[UnitChange]) -> dict[str, str]:
    return {
        f"{what}_{how}": str(count)
        for what, counted in counts(changes).items()
        for how, count in counted.items()
    }


def _take(hass: HomeAssistant, file_id: str) -> bytes:
    """Return the uploaded file's content, and throw the file away. Blocks."""
    try:
        with process_uploaded_file(hass, file_id) as path:
            return path.read_bytes()
    except (ValueError, OSError) as err:
        raise refusal("upload_gone") from err
