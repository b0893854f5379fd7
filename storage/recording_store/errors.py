"""What can go wrong with kept recordings.

RecordingStoreError
├── RecordingMissing     no such file, anywhere we may look
├── RecordingDamaged     what is there is not what was put there
│   └── UploadDamaged    the same, of what has just been sent: send it again
├── RecordingErased      it was deleted for good, or its key was; nobody is to read it again
├── RecordingUnfinished  the call goes on: its files are still being written
├── UploadConflict       somebody else put another file under this name; neither has been touched
├── StoreUnavailable     the place does not answer; try again later
├── StoreRefused         the place answers, and refuses us: secret, permission, bucket
└── DiskRefused          the disk is full, read-only or broken

Messages name files and places, never what was said.
"""

from vocabulary.errors import CentralitaError


class RecordingStoreError(CentralitaError):
    """Base of this package's errors; never raised itself."""


class RecordingMissing(RecordingStoreError):
    """There is no such file."""


class RecordingDamaged(RecordingStoreError):
    """The file is not what was put there: cut, reordered, swapped or changed."""


class UploadDamaged(RecordingDamaged):
    """What arrived is not what was sent."""

    retryable = True


class RecordingErased(RecordingStoreError):
    """It was deleted for good: its key is gone, which deletes all copies of its files, or what is left is a copy."""


class RecordingUnfinished(RecordingStoreError):
    """The call goes on, or its process died moments ago; later it can be encrypted and sent."""

    retryable = True


class UploadConflict(RecordingStoreError):
    """Another file lies under this name already; a person must decide which one is right."""


class StoreUnavailable(RecordingStoreError):
    """The place does not answer, or not in time."""

    retryable = True


class StoreRefused(RecordingStoreError):
    """The place answers and refuses us; the settings must be repaired first."""


class DiskRefused(RecordingStoreError):
    """The disk does not take it; what was there before is untouched."""

    retryable = True
