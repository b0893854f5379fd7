"""The espeak-ng shared library, as little of it as we use.

Its state is global to the process and not safe between threads: one `EspeakLibrary` is made, and used, by one thread.
Constants and structures are those of espeak-ng's `speak_lib.h`, API revision 12. The library is GPL-3, so only the
`speech` process loads it.
"""

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final

_OUTPUT_SYNCHRONOUS: Final = 2
_CHARS_UTF8: Final = 1
_EVENT_LIST_TERMINATED: Final = 0
_EVENT_WORD: Final = 1
_PARAMETERS: Final = {"speed": 1, "volume": 2, "pitch": 3, "range": 4, "gap": 7}
_DEFAULTS: Final = {"volume": 100, "pitch": 50, "range": 50, "gap": 0}
_LIMITS: Final = {"speed": (80, 450), "volume": (0, 200), "pitch": (0, 99), "range": (0, 99), "gap": (0, 500)}


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakError(Exception):
    """The library refused something."""


class VoiceUnknown(EspeakError):
    """No voice has that name, or its settings make no sense."""


@dataclass(frozen=True, slots=True)
class WordSpoken:
    """The library's word event."""

    text_offset: int
    """Characters from the beginning of the text it was given."""
    sample: int
    """At the library's own rate."""


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """A voice and how it is to sound."""

    name: str
    """The library's own, with a variant after `+`: `es-419`, `es-419+f2`."""
    settings: tuple[tuple[str, int], ...] = ()
    """Of pitch, range (0-99), volume (0-200), gap (units of 10 ms between words), each at most once."""

    @classmethod
    def parse(cls, text: str) -> "EspeakVoice":
        """Read `es-419+f2 pitch=60 range=40`.

        Raises: VoiceUnknown.
        """
        name, *words = text.split()
        settings: dict[str, int] = {}
        for word in words:
            key, _, value = word.partition("=")
            if key not in _DEFAULTS or not value.isdecimal():
                raise VoiceUnknown(f"{word!r} is none of {', '.join(_DEFAULTS)} with a number")
            settings[key] = int(value)
        return cls(name, tuple(settings.items()))


SoundListener = Callable[[bytes, list[WordSpoken]], bool]
"""Takes the next buffer of sound and the words found meanwhile; False stops the synthesis."""


class EspeakLibrary:
    """espeak-ng, initialised; synthesis calls back with about 60 ms of sound at a time. One at a time in a process."""

    _is_in_use: ClassVar = False

    def __init__(self) -> None:
        """Load and initialise the library.

        Raises: ImportError when the extra `espeak` is not installed, EspeakError when the library does not start.
        """
        import espeakng_loader  # GPL-3 and optional: touched only when somebody wants to speak

        if EspeakLibrary._is_in_use:
            raise EspeakError("another mouth of this process uses it")
        library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        library.espeak_Info.restype = ctypes.c_char_p
        self.rate: int = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        """Hertz of what it speaks."""
        if self.rate <= 0:
            raise EspeakError("espeak-ng does not initialise: is its data complete?")
        EspeakLibrary._is_in_use = True
        self.version: str = library.espeak_Info(None).decode()
        self._library = library
        self._voice: EspeakVoice | None = None
        self._listener: SoundListener | None = None
        self._error: BaseException | None = None
        # the library keeps only the address: without this reference Python would free the callback
        self._callback = _SynthCallback(self._heard)
        library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: EspeakVoice, words_per_minute: int, listener: SoundListener) -> None:
        """Synthesise `text` as it stands, on this thread, calling `listener` as the sound is made.

        Raises: VoiceUnknown, EspeakError, and whatever `listener` raises.
        """
        self._choose(voice)
        self._set("speed", words_per_minute)
        self._listener, self._error = listener, None
        encoded = text.encode("utf-8", "replace")
        try:
            code = self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
        finally:
            self._listener = None
        if self._error is not None:
            raise self._error
        if code != 0:
            raise EspeakError(f"synthesis ended with code {code}")

    def close(self) -> None:
        """Let go of the library, so that another may initialise it."""
        self._library.espeak_Terminate()
        EspeakLibrary._is_in_use = False

    def _choose(self, voice: EspeakVoice) -> None:
        if voice == self._voice:
            return
        self._voice = None
        if self._library.espeak_SetVoiceByName(voice.name.encode("utf-8", "replace")) != 0:
            raise VoiceUnknown(f"no voice {voice.name!r}")
        for name, value in (_DEFAULTS | dict(voice.settings)).items():
            self._set(name, value)
        self._voice = voice

    def _set(self, name: str, value: int) -> None:
        low, high = _LIMITS[name]
        self._library.espeak_SetParameter(_PARAMETERS[name], max(low, min(high, value)), 0)

    def _heard(self, sound: Any, samples: int, events: Any) -> int:
        """Called by the library; 0 goes on, 1 stops. An exception must not leave a C callback, so it is kept."""
        if self._listener is None:
            return 1
        try:
            pcm = ctypes.string_at(sound, samples * 2) if sound and samples > 0 else b""
            return 0 if self._listener(pcm, list(_words(events))) else 1
        except BaseException as error:  # noqa: BLE001 - raised again by `say`, on the other side of the C code
            self._error = error
            return 1


def _words(events: Any) -> Iterator[WordSpoken]:
    place = 0
    while (event := events[place]).type != _EVENT_LIST_TERMINATED:
        if event.type == _EVENT_WORD:
            yield WordSpoken(event.text_position - 1, event.sample)  # the library counts characters from one
        place += 1
