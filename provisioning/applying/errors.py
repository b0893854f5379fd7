"""What can go wrong beyond a refusal, which is a report and no error.

ApplyError                  never raised itself
├── FolderLocked            somebody else is at it; says who and since when
├── JournalUnreadable       the record of what we did is damaged, foreign or not ours to read
├── DiskTrouble             a write failed; says what the disk holds now
└── NothingToUndo           no such entry in the journal, or none at all
AsteriskUnreachable         nobody answers on Asterisk's console
"""

from vocabulary.errors import CentralitaError


class ApplyError(CentralitaError):
    """Base of what applying raises; never raised itself."""


class FolderLocked(ApplyError):
    """Another process is changing this configuration folder."""

    retryable = True


class JournalUnreadable(ApplyError):
    """The journal cannot be read, or a file in it is not what we wrote."""


class DiskTrouble(ApplyError):
    """The disk refused a write; the message says which, and which state the files are in now."""


class NothingToUndo(ApplyError):
    """The journal holds no such state to go back to."""


class AsteriskUnreachable(CentralitaError):
    """Asterisk's console gave no answer; the message says what was tried."""

    retryable = True
