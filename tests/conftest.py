"""The folder is the marker: tests/unit, tests/loopback, tests/asterisk."""

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine draws its examples is no property of our code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# A run in the background of a shell ignores Ctrl-C, and so would every program it starts, until it is told to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

TIERS = ("unit", "loopback", "asterisk")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(HERE).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
