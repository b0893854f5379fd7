"""The floor with a conversation: the least a server can do that is talked to. Loudness is voice, silence ends a turn.

Same stubs, same silence and same 20 ms clock as the product under the same load; no model, no words, no recording.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import ClassVar, cast

import uvloop

from bench.fixed_engines import Delays
from bench.pinning import allow_many_files, pin
from bench.voices import VOICED_PEAK, messages
from conversation.turn_settings import TurnSettings
from vocabulary.audio import FRAMES_PER_SECOND

SILENCE = b"\x10\x01\x40" + bytes(320)
SILENCE_FRAMES = round(TurnSettings().base_silence_seconds * FRAMES_PER_SECOND)
ENGINES_SECONDS, BARGE_IN_FRAMES = Delays().llm + Delays().tts, 4


class TalkingLeg(asyncio.Protocol):
    legs: ClassVar[set["TalkingLeg"]] = set()
    answer: ClassVar[list[bytes]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.position, self.voiced, self.quiet = cast(asyncio.Transport, transport), 0, 0, 0

    def data_received(self, data: bytes) -> None:
        if data[0] == 0x01:
            self.legs.add(self)  # and the answer is the greeting, too
        else:
            for start in range(0, len(data), 323):
                self.frame_heard(memoryview(data)[start + 3 : start + 323].cast("h"))

    def frame_heard(self, frame: "memoryview[int]") -> None:
        if max(frame) >= VOICED_PEAK or min(frame) <= -VOICED_PEAK:
            self.voiced, self.quiet = self.voiced + 1, 0
            if self.voiced >= BARGE_IN_FRAMES:
                self.position = len(self.answer)
        elif self.voiced:
            self.quiet += 1
            if self.quiet == SILENCE_FRAMES:
                self.voiced = 0
                asyncio.get_running_loop().call_later(ENGINES_SECONDS, setattr, self, "position", 0)

    def next_message(self) -> bytes:
        self.position += 1
        return self.answer[self.position - 1] if self.position <= len(self.answer) else SILENCE

    def connection_lost(self, exc: Exception | None) -> None:
        self.legs.discard(self)


async def run_talking_floor(port: int) -> None:
    """Serve until cancelled."""
    start, ticks = time.perf_counter(), 0
    async with await asyncio.get_running_loop().create_server(TalkingLeg, "127.0.0.1", port, backlog=512):
        while True:
            for leg in tuple(TalkingLeg.legs):
                leg.transport.write(leg.next_message())
            ticks += 1
            await asyncio.sleep(start + ticks * 0.02 - time.perf_counter())


if __name__ == "__main__":
    pin(int(sys.argv[3]))
    allow_many_files()
    TalkingLeg.answer = messages(Path(sys.argv[2]).read_bytes())
    uvloop.run(run_talking_floor(int(sys.argv[1])))
