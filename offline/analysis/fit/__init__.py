"""Learns the models of intents and topics from the sentences beside it: `python -m offline.analysis.fit`."""
