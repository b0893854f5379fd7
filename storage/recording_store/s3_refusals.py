"""What an S3 server's answer means, and what to do about it, in our own words.

obstore tells little by its types (a wrong secret in a listing and a dead server are both `GenericError`), so the
error code of S3's XML is looked for in the text (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

import re
from typing import TYPE_CHECKING, Final

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from storage.recording_store.errors import (
    RecordingMissing,
    RecordingStoreError,
    StoreRefused,
    StoreUnavailable,
)

if TYPE_CHECKING:
    from storage.recording_store.s3 import S3Place

_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_STATUS: Final = re.compile(r"non-2xx status code: (\d{3})")
_KEYS: Final = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_WAYS_OUT: Final = {
    "SignatureDoesNotMatch": f"the secret is wrong: {_KEYS}",
    "InvalidAccessKeyId": f"the access key is not known there: {_KEYS}",
    "InvalidToken": f"the session token is not valid: {_KEYS}",
    "ExpiredToken": "the session token has expired: get a new one",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it (timedatectl set-ntp true)",
    "AccessDenied": "the key is known but may not do this: allow it s3:GetObject, s3:PutObject, s3:DeleteObject on "
    "the bucket's objects and s3:ListBucket on the bucket",
    "NoSuchBucket": "there is no such bucket: create it, or correct storage.s3_bucket (S3_BUCKET)",
    "PermanentRedirect": "the bucket is in another region: correct storage.s3_region (S3_REGION)",
    "AuthorizationHeaderMalformed": "the bucket is in another region: correct storage.s3_region (S3_REGION)",
    "QuotaExceeded": "its quota is used up: make room there",
}


def refusal(error: Exception, place: "S3Place", where: str = "") -> RecordingStoreError:
    """Return the error of ours that says what happened; `where` names the object a 404 is about."""
    text = str(error)
    found, status = _CODE.search(text), _STATUS.search(text)
    code = found[1] if found else ""
    name = f"S3 bucket {place.bucket!r} at {place.endpoint or f'Amazon, {place.region}'}"
    if code in _WAYS_OUT:
        return StoreRefused(f"{name} refuses: {_WAYS_OUT[code]}")
    if code == "NoSuchUpload":  # a 404 that is not about the object: the server has forgotten the parts sent so far
        return StoreUnavailable(f"{name} has lost an upload half-way: it is sent again")
    if isinstance(error, FileNotFoundError):
        return RecordingMissing(f"there is no {where or 'such object'}")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError) or (status and status[1] in ("401", "403")):
        return StoreRefused(f"{name} refuses ({status[1] if status else 'no permission'}): {_KEYS} and its permissions")
    if status and status[1].startswith("4") and status[1] not in ("408", "429"):
        return StoreRefused(f"{name} does not accept the request ({status[1]} {code}".rstrip() + ")")
    return StoreUnavailable(f"{name} does not answer as it should" + (f" ({status[1]} {code})" if status else ""))


def is_past_the_end(error: Exception) -> bool:
    """Return whether the server says that the range begins behind the object's last byte."""
    status = _STATUS.search(str(error))
    return status is not None and status[1] == "416"
