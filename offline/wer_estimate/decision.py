"""Whether a recording is worth a second, slower listening. Pure."""

from typing import Final

from offline.wer_estimate.estimate import WerEstimate

SECOND_LISTENING_THRESHOLD: Final = 0.20
"""Estimated word error rate above which a recording is listened to again."""


def needs_second_listening(estimate: WerEstimate, threshold: float = SECOND_LISTENING_THRESHOLD) -> bool:
    """Say whether the estimate is above `threshold`, or the text shows plain signs of being invented.

    Raises: ValueError when `threshold` is no share.
    """
    if not 0 <= threshold <= 1:
        raise ValueError("threshold must be from 0 to 1")
    return estimate.wer > threshold or bool(estimate.suspicions)


def is_better(second: WerEstimate, first: WerEstimate) -> bool:
    """Say whether the second listening's text is to replace the first's: a slower ear is not always a better one.

    A second text that shows signs of invention never replaces one that shows none.
    """
    if second.suspicions and not first.suspicions:
        return False
    if first.suspicions and not second.suspicions:
        return True
    return second.wer <= first.wer
