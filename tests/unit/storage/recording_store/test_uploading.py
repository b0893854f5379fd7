"""What may be put over what lies in a bucket, and what is still to be sent; no bucket needed to decide."""

from pathlib import Path

import pytest

from storage.recording_store.item import Artefact, Item
from storage.recording_store.local import Signature
from storage.recording_store.port import Stored
from storage.recording_store.s3 import ETags, Fingerprint, S3Place
from storage.recording_store.upload_ledger import CallReceipts, Receipt, UploadLedger
from storage.recording_store.uploading import replaceable
from vocabulary.errors import ConfigurationError

ITEM = Item("1", Artefact.METADATA)
V1, V2 = Signature(10, 1_000, 5), Signature(10, 1_001, 6)
OURS = Fingerprint(10, "aa", ETags("m", "p-1"))
RECEIPT = Receipt(V1, "bb", '"e1"', 1.0)


@pytest.mark.parametrize(
    ("found", "receipt", "intent", "condition"),
    [
        (None, None, None, "create"),
        (Stored(ITEM, 9, "aa", '"e9"'), None, None, '"e9"'),  # ours by its sum, but damaged there
        (Stored(ITEM, 9, "bb", '"e1"'), RECEIPT, None, '"e1"'),  # our last version
        (Stored(ITEM, 9, "", '"e1"'), RECEIPT, None, '"e1"'),  # the same, on a server that forgets attributes
        (Stored(ITEM, 9, "cc", '"e2"'), RECEIPT, "cc", '"e2"'),  # sent before we died, receipt not written
        (Stored(ITEM, 9, "dd", '"e3"'), RECEIPT, "cc", None),  # a stranger's
        (Stored(ITEM, 9, "", '"e3"'), None, None, None),
        (Stored(ITEM, 9, "", ""), None, "", None),
    ],
)
def test_only_our_own_files_are_replaced(
    found: Stored | None, receipt: Receipt | None, intent: str | None, condition: str | None
) -> None:
    assert replaceable(found, receipt, intent, OURS) == condition


def test_a_file_is_pending_until_this_very_version_has_a_receipt() -> None:
    none = CallReceipts()
    assert none.pending([(ITEM, V1)]) == (ITEM,)
    done = none.with_intent(ITEM, "bb").with_receipt(ITEM, RECEIPT)
    assert done.pending([(ITEM, V1)]) == ()
    assert done.intents == {}
    assert done.pending([(ITEM, V2)]) == (ITEM,)
    assert done.without(ITEM).pending([(ITEM, V1)]) == (ITEM,)


def test_receipts_survive_and_a_damaged_ledger_only_costs_time(tmp_path: Path) -> None:
    ledger = UploadLedger(tmp_path)
    receipts = CallReceipts().with_receipt(ITEM, RECEIPT).with_intent(Item("1", Artefact.AUDIO), "ff")
    ledger.save("1", receipts)
    assert ledger.load("1") == receipts
    for damage in ("", "{", "[]", '{"files": {"x": {"size": "1"}}, "intents": []}', '{"files": 7}'):
        ledger.path("1").write_text(damage)
        assert ledger.load("1") == CallReceipts()
    ledger.forget("1")
    assert ledger.load("1") == CallReceipts()


def test_a_place_without_sense_is_refused_by_the_name_of_its_setting() -> None:
    with pytest.raises(ConfigurationError, match="S3_BUCKET"):
        S3Place("")
    with pytest.raises(ConfigurationError, match="s3_endpoint"):
        S3Place("b", endpoint="minio:9000")
    with pytest.raises(ConfigurationError, match="go together"):
        S3Place("b", access_key_id="x")
    assert "hidden" not in repr(S3Place("b", access_key_id="x", secret_access_key="hidden"))
