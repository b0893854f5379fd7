"""The folder is the marker: tests/unit, tests/loopback, tests/asterisk."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine draws its examples is no property of our code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

TIERS = ("unit", "loopback", "asterisk")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(HERE).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
