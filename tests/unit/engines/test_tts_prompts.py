"""Prompts that sound when nobody is left to say them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.base import EngineUnavailable, SpeechRequest
from engines.tts.prompts import PromptCache
from engines.tts.scripted import ScriptedMouth, hum

GREETING = SpeechRequest("Buenos días, ¿en qué puedo ayudarle?", 8000)
SORRY = SpeechRequest("Un momento, por favor.", 8000)


async def test_a_prompt_is_rendered_once_and_whole() -> None:
    mouth = ScriptedMouth()
    prompts = PromptCache(mouth)
    assert prompts.get(GREETING.text, 8000) is None
    assert await prompts.warm([GREETING, SORRY, GREETING]) == []
    assert await prompts.warm([GREETING]) == []
    assert prompts.get(GREETING.text, 8000) == hum(GREETING)
    assert len(mouth.said) == 2


async def test_voice_rate_language_and_speed_are_part_of_a_prompt() -> None:
    prompts = PromptCache(ScriptedMouth())
    await prompts.warm([GREETING])
    assert prompts.get(GREETING.text, 16000) is None
    assert prompts.get(GREETING.text, 8000, voice="es-419+f2") is None
    assert prompts.get(GREETING.text, 8000, language="en") is None
    assert prompts.get(GREETING.text, 8000, speed=1.2) is None


async def test_prompts_outlive_us_and_the_mouth(tmp_path: Path) -> None:
    await PromptCache(ScriptedMouth(), tmp_path / "prompts").warm([GREETING])
    dead = PromptCache(ScriptedMouth([EngineUnavailable("speech", "dead")] * 2), tmp_path / "prompts")
    assert await dead.warm([GREETING, SORRY]) == [SORRY]
    assert dead.get(GREETING.text, 8000) == hum(GREETING)
    assert dead.get(SORRY.text, 8000) is None
    assert len(list((tmp_path / "prompts").iterdir())) == 1


async def test_what_was_missing_is_made_ready_later() -> None:
    prompts = PromptCache(ScriptedMouth([EngineUnavailable("speech", "dead"), None]))
    missing = await prompts.warm([GREETING])
    assert await prompts.warm(missing) == []
    assert prompts.get(GREETING.text, 8000) == hum(GREETING)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The greeting's file."""
    asyncio.run(warmed(tmp_path))
    [path] = tmp_path.iterdir()
    return path


async def warmed(folder: Path) -> None:
    await PromptCache(ScriptedMouth(), folder).warm([GREETING])


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda good: good[:-2], lambda good: b"x" + good[1:], lambda _: b"CPR1" + bytes(31)]
)
def test_a_damaged_file_is_rendered_again(kept: Path, damage: Callable[[bytes], bytes]) -> None:
    good = kept.read_bytes()
    kept.write_bytes(damage(good))
    mouth = ScriptedMouth()
    prompts = PromptCache(mouth, kept.parent)
    assert asyncio.run(prompts.warm([GREETING])) == []
    assert len(mouth.said) == 1
    assert prompts.get(GREETING.text, 8000) == hum(GREETING)
    assert kept.read_bytes() == good
    assert list(kept.parent.iterdir()) == [kept]


async def test_another_engine_s_prompts_are_not_ours(tmp_path: Path) -> None:
    await PromptCache(ScriptedMouth(), tmp_path, engine="espeak").warm([GREETING])
    mouth = ScriptedMouth()
    await PromptCache(mouth, tmp_path, engine="piper").warm([GREETING])
    assert len(mouth.said) == 1


async def test_a_folder_that_cannot_be_written_costs_only_the_next_start(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    prompts = PromptCache(ScriptedMouth(), blocked)
    assert await prompts.warm([GREETING]) == []
    assert prompts.get(GREETING.text, 8000) is not None
