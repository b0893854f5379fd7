"""The second listening, as the settings want it: what it works with, and what `worker` does of it."""

import asyncio

from centralita.agents import configured_agents
from centralita.errands import Errands
from centralita.profiles import BANKS
from centralita.settings import SecondOpinionSettings, Settings
from centralita.storehouse import recordings_of
from offline.analysis.second_opinion.chat import ChatAddress
from offline.batch.equipment import AgentWords, Equipment
from offline.batch.jobs import add_process_handler, add_upload_handler
from offline.batch.listeners import InProcesses, Listener
from offline.batch.results import Results
from offline.gleaning import Gleaner
from storage.database.database import Database
from storage.jobs.handlers import Handlers
from storage.jobs.queue import JobQueue
from storage.recording_store.both import BothRecordings
from storage.recording_store.encrypted import EncryptedRecordings
from storage.recording_store.local import LocalRecordings
from storage.recording_store.opening import AnyRecordings
from storage.recording_store.uploading import UploadingStore
from vocabulary.errors import ConfigurationError


def equipment_of(settings: Settings, ear: str | None = None, threshold: float | None = None) -> Equipment:
    """Return what the stages work with: every agent's banks and hints; `ear` and `threshold` stand above the settings.

    Raises: Misconfigured, ConfigurationError.
    """
    banks = settings.agents.folder / BANKS
    agents = {
        name: AgentWords(tuple(banks / f"{bank}.toml" for bank in agent.proofreading), agent.hints, agent.language)
        for name, agent in configured_agents(settings).items()
    }
    wanted = settings.offline
    return Equipment(
        ear=wanted.ear if ear is None else ear,
        threshold=wanted.threshold if threshold is None else threshold,
        agents=agents,
        time_zone=wanted.time_zone,
        country=wanted.country,
        voice_model=settings.voice.model,
        second_opinion=_second_opinion(settings.second_opinion),
    )


def _second_opinion(wanted: SecondOpinionSettings) -> ChatAddress | None:
    """Return whom to ask; None when nobody is to be asked. Raises: ConfigurationError for a key that is not there."""
    if not wanted.enabled:
        return None
    try:
        key = wanted.api_key.resolve() if wanted.api_key is not None else ""
    except ConfigurationError as exc:
        raise ConfigurationError(f"second_opinion.api_key: {exc}") from exc
    return ChatAddress(
        wanted.url, wanted.model, key, deadline_seconds=wanted.timeout_seconds, max_tokens=wanted.max_tokens
    )


def uploading(store: AnyRecordings) -> UploadingStore | None:
    """Return the store if recordings are brought from here to a bucket."""
    if isinstance(store, EncryptedRecordings):
        return store if isinstance(store.inner, BothRecordings) else None
    return store if isinstance(store, BothRecordings) else None


class WorkAfterCalls:
    """What a worker does for calls that have ended; `close` it when the worker is done."""

    def __init__(self, settings: Settings, database: Database, queue: JobQueue) -> None:
        """Does file I/O. Raises: ConfigurationError for a bucket, key or ear that the settings do not name well."""
        self._settings = settings
        self._equipment = equipment_of(settings)
        self._listener: Listener | None = None
        store = recordings_of(settings, database=str(database.url))
        LocalRecordings(settings.storage.local_path).sweep()  # drafts of processes that were killed
        self._results = Results(store, database)
        self._errands = Errands(settings, database)
        self.gleaner = Gleaner(
            Results(recordings_of(settings, only_here=True), database),
            queue,
            listens=settings.offline.after_calls,
            uploads=uploading(store),
            frees=settings.storage.backend == "s3",
            everywhere=self._results,
        )

    def add_to(self, handlers: Handlers) -> None:
        """Enter what it can do."""
        add_process_handler(handlers, self._results, self._listening)
        add_upload_handler(handlers, self._results)

    async def look_round(self) -> None:
        """Take up once what lies there. Raises: DatabaseUnavailable, StoreUnavailable."""
        await self._errands.run()
        await self.gleaner.glean()

    async def look_round_for_ever(self) -> None:
        """Take up what comes; whatever is down is tried again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._errands.run_for_ever(), name="errands")
            tasks.create_task(self.gleaner.glean_for_ever(), name="gleaning")

    def close(self) -> None:
        """End the processes that listen; blocks until they have."""
        if self._listener is not None:
            self._listener.close()

    def _listening(self) -> Listener:
        """One for all jobs, made when the first one comes: it loads models."""
        if self._listener is None:
            self._listener = InProcesses(self._equipment, self._settings.offline.concurrency)
        return self._listener
