"""What S3's answers mean."""

import pytest

from storage.recording_store.errors import RecordingMissing, StoreRefused, StoreUnavailable
from storage.recording_store.s3 import S3Place
from storage.recording_store.s3_refusals import refusal

PLACE = S3Place(bucket="calls", region="eu-west-1", endpoint="http://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (FileNotFoundError("404: <Code>NoSuchKey</Code>"), RecordingMissing, "there is no audio/x.wav"),
        (FileNotFoundError("404: <Code>NoSuchUpload</Code>"), StoreUnavailable, "half-way"),
        (FileNotFoundError("404: <Code>NoSuchBucket</Code>"), StoreRefused, "create it"),
    ],
)
def test_a_404_is_about_an_object_an_upload_or_the_bucket(error: Exception, kind: type[Exception], words: str) -> None:
    said = refusal(error, PLACE, "audio/x.wav")
    assert type(said) is kind
    assert words in str(said)
