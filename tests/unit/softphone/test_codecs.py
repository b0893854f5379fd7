"""G.711 by table and linear PCM: what goes out comes back."""

import numpy as np
import pytest

from softphone.codecs import ALAW, CODECS, L16_16K, ULAW, Codec


def all_samples() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.arange(-32768, 32768).astype("<i2")


@pytest.mark.parametrize("codec", [ULAW, ALAW], ids=lambda codec: codec.name)
def test_every_code_survives_decoding_and_encoding(codec: Codec) -> None:
    codes = bytes(range(256))
    again = codec.encode(codec.decode(codes))
    # mu-law has two zeros; the negative one comes back as the positive one
    differing = {code for code, other in zip(codes, again, strict=True) if code != other}
    assert differing <= {0x7F}


@pytest.mark.parametrize(("codec", "share"), [(ULAW, 1 / 16), (ALAW, 1 / 16)], ids=["PCMU", "PCMA"])
def test_the_error_is_a_small_share_of_the_sample(codec: Codec, share: float) -> None:
    samples = all_samples().astype(np.int32)
    back = np.frombuffer(codec.decode(codec.encode(all_samples().tobytes())), "<i2").astype(np.int32)
    loud = np.abs(samples) < 32000  # G.711 cannot write the very loudest
    assert np.all(np.abs(back - samples)[loud] <= np.abs(samples)[loud] * share + 16)


@pytest.mark.parametrize(
    ("codec", "known"),
    [(ULAW, {0xFF: 0, 0x80: 32124, 0x00: -32124}), (ALAW, {0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256})],
    ids=["PCMU", "PCMA"],
)
def test_decodes_the_standard_s_landmarks(codec: Codec, known: dict[int, int]) -> None:
    decoded = np.frombuffer(codec.decode(bytes(known)), "<i2")
    assert decoded.tolist() == list(known.values())


def test_linear_samples_travel_in_network_order() -> None:
    assert L16_16K.encode(b"\x01\x02") == b"\x02\x01"
    assert L16_16K.decode(b"\x02\x01") == b"\x01\x02"


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_a_frame_lasts_twenty_milliseconds(codec: Codec) -> None:
    assert len(codec.encode(bytes(2 * codec.frame_samples))) == codec.frame_bytes
    assert codec.frame_samples * 50 == codec.rate


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_the_level_is_the_root_mean_square(codec: Codec) -> None:
    square_wave = np.tile(np.array([4000, -4000], "<i2"), codec.frame_samples // 2)
    assert codec.level(codec.encode(square_wave.tobytes())) == pytest.approx(4000, rel=0.05)
    assert codec.level(codec.silence_byte * 160) < 10
    assert codec.level(b"") == 0
