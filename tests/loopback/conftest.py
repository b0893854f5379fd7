"""What all tests of real processes share."""

import pytest


@pytest.fixture(autouse=True)
def _eager_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other tests a worker that stands back would wait for minutes: no voice is there to stand back for."""
    monkeypatch.setenv("CENTRALITA_OFFLINE__NICENESS", "0")
