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
LONGEST_FIRST = (
    "loopback/test_batch_machines.py",
    "loopback/test_retranscribe.py",
    "loopback/test_batch_workers.py",
    "loopback/provisioning/test_cut_apply.py",
    "loopback/test_batch_command.py",
    "loopback/test_batch_crashes.py",
    "loopback/test_jobs_processes.py",
    "asterisk/test_log_words.py",
    "asterisk/test_ami_wired.py",
    "asterisk/test_carriers.py",
    "asterisk/test_apply.py",
    "asterisk/test_transfers.py",
    "asterisk/test_conversation.py",
    "asterisk/test_engine_trouble.py",
    "asterisk/test_up.py",
    "asterisk/test_second_listening.py",
    "asterisk/test_freepbx.py",
    "asterisk/test_install_commands.py",
    "asterisk/test_understanding.py",
    "asterisk/test_crashes.py",
    "asterisk/test_barge_in.py",
    "asterisk/test_wideband.py",
    "asterisk/test_provisioned_office.py",
    "asterisk/test_ari_cut.py",
)
"""Files of half a minute and more: when files run side by side, none of them shall be the last to begin."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(HERE).parts[0]
        if tier in TIERS:
            item.add_marker(getattr(pytest.mark, tier))
    places = {HERE / name: place for place, name in enumerate(LONGEST_FIRST)}
    missing = [str(path) for path in places if not path.exists()]
    assert not missing, f"LONGEST_FIRST names files that are gone: {missing}"
    items.sort(key=lambda item: places.get(item.path, len(places)))
