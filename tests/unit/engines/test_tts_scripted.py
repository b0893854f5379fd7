"""The mouth that hums."""

from contextlib import aclosing

import pytest

from engines.base import EngineFailed, SpeechRequest
from engines.tts.scripted import ScriptedMouth, cut, hum


def test_a_sentence_lasts_as_long_as_its_letters_and_marks_its_words() -> None:
    sentence = hum(SpeechRequest("hola qué tal", 8000), seconds_a_character=0.1)
    assert len(sentence.pcm) == 2 * 8000 * 1.2
    assert [(mark.text_offset, mark.sample) for mark in sentence.marks] == [(0, 0), (5, 4000), (9, 7200)]


def test_the_same_request_sounds_the_same_and_silence_lies_between_words() -> None:
    request = SpeechRequest("a b", 8000)
    sentence = hum(request, seconds_a_character=0.1)
    assert sentence == hum(request, seconds_a_character=0.1)
    assert not any(sentence.pcm[2 * 800 : 2 * 1600])


def test_pieces_are_the_sentence() -> None:
    sentence = hum(SpeechRequest("hola qué tal", 16000))
    pieces = cut(sentence, 16000, 0.1)
    assert b"".join(piece.pcm for piece in pieces) == sentence.pcm
    assert tuple(mark for piece in pieces for mark in piece.marks) == sentence.marks


def test_speed_shortens() -> None:
    assert len(hum(SpeechRequest("hola", 8000, speed=2.0)).pcm) * 2 == len(hum(SpeechRequest("hola", 8000)).pcm)


async def test_troubles_come_after_the_first_piece_in_their_turn() -> None:
    mouth = ScriptedMouth([EngineFailed("tts", "told to"), None])
    pieces = mouth.speak(SpeechRequest("hola", 8000))
    assert (await anext(pieces)).pcm
    with pytest.raises(EngineFailed):
        await anext(pieces)
    assert [piece async for piece in mouth.speak(SpeechRequest("hola", 8000))]
    assert [request.text for request in mouth.said] == ["hola", "hola"]


async def test_closing_ends_the_work() -> None:
    mouth = ScriptedMouth()
    async with aclosing(mouth.speak(SpeechRequest("una frase larga", 8000))) as pieces:
        await anext(pieces)
        assert mouth.speaking == 1
    assert mouth.speaking == 0


async def test_nothing_to_say_is_no_sound() -> None:
    assert [piece async for piece in ScriptedMouth().speak(SpeechRequest("  ", 8000))] == []
