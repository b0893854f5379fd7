"""An encrypted file gives back what was put in, or says that it is damaged; never anything else."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.encryption.data_key import DataKey, WrappedKey, unwrap, wrap
from storage.encryption.errors import CiphertextDamaged, WrongMasterKey
from storage.encryption.master_key import MasterKey, MasterKeys, new_master_key
from storage.encryption.sealed_file import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SEALED_CHUNK_BYTES,
    Opener,
    RangeOpener,
    chunk_count,
    open_whole,
    original_size,
    seal,
)
from vocabulary.errors import ConfigurationError

KEY = DataKey.new("call-1")
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 17)
THREE_CHUNKS = os.urandom(2 * CHUNK_BYTES + 1000)


def sealed(original: bytes, key: DataKey = KEY, name: str = "audio") -> bytes:
    return b"".join(seal(key, name, [original]))


SEALED_THREE = sealed(THREE_CHUNKS)


def chunks(file: bytes) -> tuple[bytes, list[bytes]]:
    body = file[HEADER_BYTES:]
    return file[:HEADER_BYTES], [body[i : i + SEALED_CHUNK_BYTES] for i in range(0, len(body), SEALED_CHUNK_BYTES)]


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    original = os.urandom(size)
    file = sealed(original)
    assert open_whole(KEY, "audio", file) == original
    assert original_size(len(file)) == size
    assert len(original) < 16 or original[:100] not in file, "a byte or two may come out by chance"


@settings(max_examples=20)
@given(st.lists(st.integers(0, 700_000), max_size=6), st.integers(1, 700_000))
def test_neither_side_depends_on_how_the_bytes_are_cut(sizes: list[int], cut: int) -> None:
    pieces = [os.urandom(size) for size in sizes]
    file = b"".join(seal(KEY, "audio", pieces))
    opener = Opener(KEY, "audio")
    opened = b"".join(opener.feed(file[i : i + cut]) for i in range(0, len(file), cut)) + opener.end()
    assert opened == b"".join(pieces)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda head, body: head + b"".join(body[:-1]), id="last chunk cut off"),
        pytest.param(lambda head, body: head + body[0], id="all but the first chunk cut off"),
        pytest.param(lambda head, body: head, id="all chunks cut off"),
        pytest.param(lambda head, body: head[:10], id="cut within the header"),
        pytest.param(lambda head, body: head + b"".join(body)[:-1], id="last byte cut off"),
        pytest.param(lambda head, body: head + body[1] + body[0] + body[2], id="two chunks exchanged"),
        pytest.param(lambda head, body: head + body[0] + body[0] + body[1] + body[2], id="one chunk doubled"),
        pytest.param(lambda head, body: head + body[0] + body[2], id="one chunk left out"),
        pytest.param(lambda head, body: head + b"".join(body) + b"x", id="a byte added"),
        pytest.param(lambda head, body: b"RIFF" + head[4:] + b"".join(body), id="another kind of file"),
        pytest.param(lambda head, body: head[:-1] + bytes([head[-1] ^ 1]) + b"".join(body), id="salt changed"),
        pytest.param(lambda head, body: head + chunks(sealed(THREE_CHUNKS))[1][0] + body[1] + body[2],
                     id="a chunk of another file of the same call"),
    ],
)  # fmt: skip
def test_damage_is_seen(damage: Callable[[bytes, list[bytes]], bytes]) -> None:
    head, body = chunks(sealed(THREE_CHUNKS))
    with pytest.raises(CiphertextDamaged):
        open_whole(KEY, "audio", damage(head, body))


@settings(max_examples=40)
@given(st.integers(0, len(THREE_CHUNKS) + HEADER_BYTES + 47), st.integers(0, 7))
def test_any_bit_that_flips_is_seen(position: int, bit: int) -> None:
    file = bytearray(SEALED_THREE)
    file[position] ^= 1 << bit
    with pytest.raises(CiphertextDamaged):
        open_whole(KEY, "audio", bytes(file))


def test_another_calls_file_and_another_file_of_the_call_are_refused() -> None:
    with pytest.raises(CiphertextDamaged):
        open_whole(KEY, "transcript", sealed(b"x"))
    with pytest.raises(CiphertextDamaged):
        open_whole(DataKey("call-2", KEY.secret), "audio", sealed(b"x"))
    with pytest.raises(CiphertextDamaged):
        open_whole(DataKey.new("call-1"), "audio", sealed(b"x"))


def test_the_same_file_twice_looks_different() -> None:
    assert sealed(b"the same")[HEADER_BYTES:] != sealed(b"the same")[HEADER_BYTES:]


def test_single_chunks_can_be_opened() -> None:
    opener = RangeOpener(KEY, "audio", SEALED_THREE[:HEADER_BYTES], len(SEALED_THREE))
    assert (opener.size, opener.last, chunk_count(len(SEALED_THREE))) == (len(THREE_CHUNKS), 2, 3)
    for number in (2, 0, 1):
        start, end = opener.place(number)
        chunk = opener.open(number, SEALED_THREE[start:end])
        assert chunk == THREE_CHUNKS[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
    with pytest.raises(CiphertextDamaged):
        opener.open(0, SEALED_THREE[slice(*opener.place(1))])


@pytest.mark.parametrize("size", [0, HEADER_BYTES, HEADER_BYTES + 15, HEADER_BYTES + SEALED_CHUNK_BYTES + 15])
def test_no_file_has_these_sizes(size: int) -> None:
    with pytest.raises(CiphertextDamaged):
        original_size(size)


def test_a_wrapped_key_opens_for_its_call_and_master_only() -> None:
    old, new = MasterKey.parse(new_master_key()), MasterKey.parse(new_master_key())
    wrapped = WrappedKey.from_json(wrap(KEY, MasterKeys(old)).as_json())
    assert unwrap("call-1", wrapped, MasterKeys(old)).secret == KEY.secret
    assert unwrap("call-1", wrapped, MasterKeys(new, [old])).secret == KEY.secret
    with pytest.raises(WrongMasterKey, match=old.name):
        unwrap("call-1", wrapped, MasterKeys(new))
    with pytest.raises(WrongMasterKey):
        unwrap("call-2", wrapped, MasterKeys(old))
    with pytest.raises(WrongMasterKey):
        unwrap("call-1", WrappedKey(old.name, wrapped.wrapped[:-1]), MasterKeys(old))


def test_no_key_shows_itself() -> None:
    text = new_master_key()
    master = MasterKey.parse(text)
    shown = f"{master!r} {KEY!r} {wrap(KEY, MasterKeys(master))!r}"
    assert text not in shown
    assert repr(master.secret)[2:-1] not in shown
    assert KEY.secret.hex() not in shown
    assert repr(KEY.secret)[2:-1] not in shown


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31, "zz" * 32, "0" * 63])
def test_what_is_no_master_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        MasterKey.parse(text)
    assert not text or text not in str(refused.value).replace("openssl rand", "")
