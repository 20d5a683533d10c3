"""The core's tests need no Home Assistant: the package's parent is a bare module without it."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from hypothesis import settings

# The same examples each time: a red CI is a fact about the change, not about the day.
settings.register_profile("stable", derandomize=True, deadline=None, max_examples=200)
settings.load_profile("stable")

if find_spec("homeassistant") is None:
    ROOT = Path(__file__).parents[2] / "custom_components"
    for name, path in (
        ("custom_components", ROOT),
        ("custom_components.smart_community", ROOT / "smart_community"),
    ):
        module = sys.modules.setdefault(name, ModuleType(name))
        module.__path__ = [str(path)]
