"""Why a certificate was not believed, in words, and what to do about it. Pure."""

import ssl
from dataclasses import dataclass
from typing import Final

# OpenSSL, include/openssl/x509_vfy.h (X509_V_ERR_…)
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_UNKNOWN_AUTHORITY: Final = frozenset({19, 20, 21})
_WRONG_NAME: Final = frozenset({62, 64})


@dataclass(frozen=True, slots=True)
class Distrust:
    """What is the matter with it."""

    reason: str
    advice: str


def distrust(error: ssl.SSLCertVerificationError, host: str) -> Distrust:
    """Return reason and advice of a failed verification."""
    code = error.verify_code
    if code == _EXPIRED:
        return Distrust("its certificate has expired", "the carrier must renew it; until then do not send the password")
    if code == _NOT_YET_VALID:
        return Distrust("its certificate is not valid yet", "compare this machine's clock (timedatectl)")
    if code in _WRONG_NAME:
        return Distrust(
            f"its certificate is made out to another name than {host}",
            "write the host as the carrier writes it, a name and not an address",
        )
    if code == _SELF_SIGNED or code in _UNKNOWN_AUTHORITY:
        return Distrust(
            "its certificate is signed by nobody we know",
            "if the carrier uses an authority of its own, ask for its certificate and name it in ca_file",
        )
    return Distrust(f"its certificate was not believed: {error.verify_message}", "show this to the carrier")
