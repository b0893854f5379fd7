"""The `tiny` ear: sound of a synthetic caller comes in, Spanish words with times and confidences go out.

It was trained on espeak-ng voices alone and serves the demo and the tests. May import `vocabulary` and `engines.base`.
"""

from engines.stt.tiny.ear import TinyEar

__all__ = ["TinyEar"]
