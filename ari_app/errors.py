"""What can go wrong between us and Asterisk's REST interface.

AriError
├── AriRefused          Asterisk answered, and the answer was no
│   ├── BadRequest      400: a parameter is missing or makes no sense
│   ├── Forbidden       401, 403: wrong user or password, or a read-only user
│   ├── NotFound        404: channel, bridge or application is gone
│   ├── Conflict        409, 412: it is there, but not in a state (or not in our application) that allows this
│   │   └── NotInStasis 422: the channel is not in a Stasis application, or not yet
│   └── ServerFailed    5xx: Asterisk tried and failed                                  retryable
├── AriSilent           no answer: whether it was done is unknown                       retryable
│   ├── Unreachable     no connection, or it broke before the answer
│   └── TimedOut        no answer, or no awaited event, before the deadline
├── BadAnswer           an answer that is not what Asterisk's own description promises
├── BadEvent            an event that is not what Asterisk's own description promises
└── ChannelGone         the channel we waited for was destroyed before it reached us
"""

from vocabulary.errors import CentralitaError


class AriError(CentralitaError):
    """Base of everything in this tree; never raised itself."""


class AriRefused(AriError):
    """Asterisk answered with an error status; never raised itself."""

    def __init__(self, request: str, status: int, reason: str) -> None:
        super().__init__(f"{request}: {status} {reason}")
        self.request = request
        """Method and path, without query: queries carry telephone numbers."""
        self.status = status
        self.reason = reason
        """Asterisk's own words."""


class BadRequest(AriRefused):
    """A parameter is missing or makes no sense."""


class Forbidden(AriRefused):
    """Wrong user or password, or the user is read-only."""


class NotFound(AriRefused):
    """The channel, bridge, playback or application does not exist (any longer)."""


class Conflict(AriRefused):
    """It exists, but its state does not allow this: most often a channel that has just left our application."""


class NotInStasis(Conflict):
    """The channel is not in a Stasis application: it has left, or its StasisStart has not come yet."""


class ServerFailed(AriRefused):
    """Asterisk tried and failed; for `externalMedia` this also means that nobody listens at the media address."""

    retryable = True


class AriSilent(AriError):
    """No answer at all: whether Asterisk did what was asked is unknown; never raised itself."""

    retryable = True

    def __init__(self, request: str, reason: str) -> None:
        super().__init__(f"{request}: {reason}")
        self.request = request
        self.reason = reason


class Unreachable(AriSilent):
    """Asterisk cannot be reached, or the connection broke before the answer."""


class TimedOut(AriSilent):
    """No answer, or no awaited event, before the deadline."""


class BadAnswer(AriError):
    """An answer that is not what Asterisk's own description promises."""


class BadEvent(AriError):
    """A message on the event stream that is no event; the message names what is wrong, never the content."""


class ChannelGone(AriError):
    """The channel we were waiting for was destroyed before it entered our application."""

    def __init__(self, channel_id: str, cause: int) -> None:
        super().__init__(f"channel {channel_id} was destroyed, cause {cause}")
        self.channel_id = channel_id
        self.cause = cause
        """Q.850 cause: 17 busy, 19 no answer, 21 rejected; 0 unknown."""
