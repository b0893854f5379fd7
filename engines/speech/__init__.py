"""The `speech` process and its client: ears and mouths outside the loop that carries the callers' voices.

Utterances and sentences come in over a Unix socket, transcripts and sound go out. May import `vocabulary`, `engines`.
"""
