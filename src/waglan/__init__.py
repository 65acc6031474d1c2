"""Waglan: use AI in a Hong Kong financial institution, and answer for it."""
