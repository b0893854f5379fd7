"""What we keep of a call: its recording, its metadata and its transcript, as files that survive a crash.

In come frames and plain values; out go files in a fixed layout. It may know `vocabulary` only.
"""
