"""A scriptable SIP telephone without sound hardware: for tests, the demo, and anybody who wants to call a PBX.

SIP and RTP in, calls and PCM out, and the other way round. Knows `vocabulary` and nothing else of ours.

    phone = await Phone.open(("127.0.0.1", 5060), user="200", password="…")
    call = await phone.call("600", codecs=(ULAW,))
    await call.media.play(pcm)
    await call.hang_up()
"""

from softphone.call import Call, CallEnded, CallFailed, CallState
from softphone.codecs import ALAW, L16_16K, ULAW, Codec
from softphone.media import MediaStream
from softphone.phone import Phone

__all__ = ["ALAW", "L16_16K", "ULAW", "Call", "CallEnded", "CallFailed", "CallState", "Codec", "MediaStream", "Phone"]
