"""What a finished call means: a `CallToAnalyse` comes in, an `Analysis` goes out.

One idea a file, each pure; `analysis.analyse` puts them together. `llm` may add a language model's second opinion.
"""
