"""A language model's opinion of a finished call, behind the same port as the rules: asked, checked, and compared."""
