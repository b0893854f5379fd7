"""Nose for voices: the caller's 20 ms frames come in, "a voice" or "no voice" goes out.

`webrtc` is a gate that costs microseconds, `silero` a model beside the loop for all calls at once, `fake` for tests.
"""
