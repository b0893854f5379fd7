"""What is known of a recording: the contents of `rec_<id>_metadata.json`, versioned, older versions included.

In come bytes of a file, out comes a checked, frozen `RecordingMetadata`, and back. It may know `vocabulary` only.
"""
