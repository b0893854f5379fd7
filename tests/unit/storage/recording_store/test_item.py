"""Names of files: the same in a folder and in a bucket, and read back as what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.recording_store.item import Artefact, Item, item_of, items_of

IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}", fullmatch=True)


@given(IDS, st.sampled_from(Artefact), st.booleans())
def test_a_key_leads_back_to_its_item(call_id: str, artefact: Artefact, is_sealed: bool) -> None:
    item = Item(call_id, artefact, is_sealed)
    assert item_of(item.key) == item
    assert item in items_of(call_id)


def test_names_are_those_of_the_layout() -> None:
    assert [item.key for item in items_of("12345")] == [
        "audio/rec_12345.wav",
        "audio/rec_12345.wav.enc",
        "transcripts/rec_12345_transcript.json",
        "transcripts/rec_12345_transcript.json.enc",
        "metadata/rec_12345_metadata.json",
        "metadata/rec_12345_metadata.json.enc",
    ]


@pytest.mark.parametrize("key", ["", "audio/", "audio/rec_.wav", "audio/.rec_1.wav.7.0.part", "uploads/rec_1.wav",
                                 "metadata/rec_1_transcript.json", "audio/rec_../x.wav", "rec_1.wav"])  # fmt: skip
def test_other_files_are_none_of_ours(key: str) -> None:
    assert item_of(key) is None


@pytest.mark.parametrize("call_id", ["", ".", "..", "../x", "a/b", "a b", "ñ", "a" * 129])
def test_an_id_that_is_no_plain_name_is_refused(call_id: str) -> None:
    with pytest.raises(ValueError, match="id"):
        Item(call_id, Artefact.AUDIO)
