"""Three real calls to listen to: a private Asterisk, the whole product, and synthetic callers with a SIP phone.

Nothing is pretended: sound goes caller → SIP/RTP → Asterisk → AudioSocket → us, and back. The callers' voices are
synthetic, and so is the ear (`tiny`) that understands them; it is for the demo and the tests, not for people.
"""
