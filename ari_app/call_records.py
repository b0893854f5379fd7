"""What a call leaves behind: its recording while it lasts, its state after every turn, its files at the end."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ari_app.call_file import CallFile, CallFolder
from ari_app.call_log import CallLog
from ari_app.house import AgentProfile, House
from storage.recording_store.item import SEALED_SUFFIX
from storage.recordings import CallRecorder, RecordingError, RecordingLayout, write_json
from vocabulary.call import CallIdentity, Ending

logger = logging.getLogger(__name__)


class CallRecords:
    """The files of one call; nothing here ever blocks the loop or ends a call."""

    def __init__(self, house: House, identity: CallIdentity, log: CallLog, resumed: CallFile | None) -> None:
        """`resumed`: the call's state as an earlier process left it; its recording is gone on with."""
        self._house = house
        self._identity = identity
        self._log = log
        self.recorder = self._open_recorder(resumed)

    def save(self, file: CallFile) -> None:
        """Keep the call as it stands, for whoever takes it over should we die now."""
        self._house.disk.submit(_quietly, self._house.folder.save, file)

    async def finish(self, ending: Ending, profile: AgentProfile) -> None:
        """Seal the recording, write transcript and metadata, and say in one line what kind of call it was."""
        house, call_id = self._house, self._identity.call_id
        recording = await asyncio.wrap_future(self.recorder.close())
        is_kept = await self._on_disk(write_json, house.layout.transcript(call_id), self._log.transcript())
        checksum = await asyncio.get_running_loop().run_in_executor(house.disk, _checksum, recording.path)
        metadata = self._log.metadata(ending, recording, profile.language, checksum)
        await self._on_disk(write_json, house.layout.metadata(call_id), metadata)
        if is_kept:  # else it is all that is left of what was said: `keep_what_was_said` tries again
            await self._on_disk(house.folder.forget, call_id)
        logger.info("call ended", extra={"call_id": call_id, "agent": profile.name, **self._log.figures(ending)})

    async def pause(self) -> None:
        """Close the recording without an end: another process goes on with the call."""
        await asyncio.wrap_future(self.recorder.close())

    async def _on_disk(self, work: Callable[..., Any], *arguments: Any) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._house.disk, _quietly, work, *arguments)

    def _open_recorder(self, resumed: CallFile | None) -> CallRecorder:
        house = self._house
        path = house.layout.audio(self._identity.call_id)
        if resumed is not None:
            try:
                return CallRecorder.reopen(path, house.recordings)
            except RecordingError:
                logger.warning("recording not reopened", extra={"call_id": self._identity.call_id})
                path = path.with_name(f"{path.stem}-{int(time.time())}{path.suffix}")
        return CallRecorder(path, house.audio.rate, house.recordings)


def _checksum(path: Path) -> str:
    """Return what the metadata say of the sound, to be held against every copy of it; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return ""


def keep_what_was_said(folder: CallFolder, layout: RecordingLayout, file: CallFile) -> None:
    """Write the transcript of a call that ended while nobody could, and only then forget its state. Does file I/O.

    Its recording, if there is one, is taken in by `worker` with it. A transcript that is there already stays.
    """
    identity = file.identity
    path = layout.transcript(identity.call_id)
    is_there = any(one.exists() for one in (path, path.with_name(path.name + SEALED_SUFFIX)))
    common = {"call_id": identity.call_id, "agent": identity.agent, "did": identity.did, "caller": identity.caller}
    told = {**common, "started_at": file.started_at, "turns": list(file.turns)}
    if is_there or not file.turns or _quietly(write_json, path, told):
        _quietly(folder.forget, identity.call_id)


def _quietly(work: Callable[..., Any], *arguments: Any) -> bool:
    """A disk that refuses costs the record, never the call; return whether it was done."""
    try:
        work(*arguments)
    except OSError as error:
        logger.error("record not written", extra={"error": error.strerror})
        return False
    return True
