"""People, places and detectors under numbers, so that a report shows who is the same, not who.

A responder's key is made of its name, an entity's of whatever it was called: 王芳 is `wang_fang` in
both. To leave them out would hide whether the one who was told is the one it is assigned to.
"""

from collections.abc import Mapping
from typing import Any, Final

# What stands in a field: a responder's key, or where something is and what it is called there.
_FIELDS: Final = {
    "responder": "responder",
    "assignee": "responder",
    "deputies": "responder",
    "zone": "zone",
    "floors": "floor",
    "areas": "area",
    "floor": "floor",
    "area": "area",
    "labels": "label",
    "target": "target",
}
# Fields whose own keys say what they hold.
_KEYED: Final = {"sources": "source"}


class Anonymous:
    """Gives numbers within one report: the same name in the same role has the same number."""

    def __init__(self) -> None:
        """Begin at 1 for each role."""
        self._given: dict[str, dict[str, str]] = {}

    def called(self, role: str, name: str) -> str:
        """Return what a name is called in this role, as in `responder_1`."""
        given = self._given.setdefault(role, {})
        return given.setdefault(name, f"{role}_{len(given) + 1}")

    def known(self, role: str, name: str) -> str:
        """Return what a name is called in this role; itself if it has no number yet."""
        return self._given.get(role, {}).get(name, name)

    def told(self, value: Any, field: str = "") -> Any:
        """Return plain values with what their fields are known to name under numbers."""
        if isinstance(value, Mapping):
            if role := _KEYED.get(field):
                return {self.called(role, key): self.told(one) for key, one in value.items()}
            return {key: self.told(one, key) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.told(one, field) for one in value]
        role = _FIELDS.get(field)
        return self.called(role, value) if role and isinstance(value, str) and value else value
