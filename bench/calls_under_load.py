"""The process under test: `centralita.calls` as in production, with engines of fixed delay in place of `speech`."""

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from bench.fixed_engines import Delays, FixedEar, FixedMind, FixedMouth
from bench.pinning import pin
from bench.voices import ANSWER, SENTENCES
from centralita.calls import Engines, serve
from centralita.logs import set_up_logging
from centralita.settings import Settings, load_settings


def fixed_engines(answer: bytes, delays: Delays) -> Engines:
    """Return engines that hear a caller's sentence in everything and answer with `answer` (PCM of 8 kHz)."""
    mind = FixedMind(ANSWER, delays.llm)
    return Engines(
        ear=FixedEar(SENTENCES[0], delays.stt),
        mouth=FixedMouth(answer, ANSWER, delays.tts),
        connected=_at_once,
        make_mind=lambda agents: mind,
    )


async def _at_once() -> None:
    """The mouth can always be asked."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.calls_under_load")
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True, help="what the agent says: PCM, 8 kHz")
    parser.add_argument("--core", type=int, default=-1, help="the only core to use; -1: all")
    found = parser.parse_args(arguments)
    pin(found.core)
    settings = load_settings(found.settings)
    set_up_logging(settings.run.log_level)
    answer = found.answer.read_bytes()

    @asynccontextmanager
    async def engines_of(settings: Settings) -> AsyncIterator[Engines]:
        yield fixed_engines(answer, Delays())

    uvloop.run(serve(settings, engines_of))


if __name__ == "__main__":
    main()
