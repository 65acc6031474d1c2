"""The log: what was recorded, that nobody changed it, and how a person is erased from it."""
