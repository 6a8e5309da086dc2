"""The engine's speed beside other ways of doing the same work, and what learning costs; run from a clone."""
