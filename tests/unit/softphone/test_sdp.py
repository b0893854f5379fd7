"""What is offered and what is chosen."""

from softphone.codecs import ALAW, L16_16K, ULAW
from softphone.sdp import AudioDescription

THEIRS = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=x\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 9 8 127 101\r\nc=IN IP4 10.0.0.2\r\n"
    b"a=rtpmap:9 G722/8000\r\na=rtpmap:127 L16/16000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def theirs() -> AudioDescription:
    description = AudioDescription.parse(THEIRS)
    assert description is not None
    return description


def test_the_stream_s_own_address_wins() -> None:
    assert (theirs().address, theirs().port) == ("10.0.0.2", 4000)


def test_their_order_decides_among_the_codecs_we_want() -> None:
    assert theirs().choose((L16_16K, ALAW)) == (8, ALAW)
    assert theirs().choose((L16_16K,)) == (127, L16_16K)
    assert theirs().choose((ULAW,)) is None


def test_an_answer_keeps_their_payload_types() -> None:
    answer = AudioDescription.parse(theirs().answer("127.0.0.1", 5000, (127, L16_16K)).serialize())
    assert answer is not None
    assert answer.codecs == ((127, L16_16K),)
    assert answer.event_types == ((101, 8000),)


def test_an_offer_has_keys_on_the_codec_s_own_clock() -> None:
    offer = AudioDescription.parse(AudioDescription.offer("127.0.0.1", 5000, (L16_16K, ULAW)).serialize())
    assert offer is not None
    assert [codec for _, codec in offer.codecs] == [L16_16K, ULAW]
    assert offer.event_type(16000) == (102, 16000)
    assert offer.event_type(8000) == (101, 8000)


def test_no_sound_is_no_description() -> None:
    assert AudioDescription.parse(b"") is None
    assert AudioDescription.parse(b"v=0\r\nm=video 4000 RTP/AVP 96\r\n") is None
