"""Listening to a recording again, slower and better: sound comes in, words with times and confidences go out.

`port` says what a second ear is; `tiny` and `whisper` are ears; `recording` opens our files; `call` puts both sides of
a call together. Everything here blocks: it belongs in a worker process or thread, never in a loop that carries voices.
"""
