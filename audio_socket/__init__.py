"""Sound in, sound out: the caller's voice as 20 ms frames, and ours back to the caller, one frame every 20 ms.

In come TCP connections of Asterisk and sentences to be spoken; out go frames and what was really played.
`protocol`, `playout`, `hearing` and `clock` are pure; `connection`, `ticker` and `server` are their thin shell.
It may know `vocabulary` only.
"""
