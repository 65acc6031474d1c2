"""Decisions: the list and its file, one decision from case to proof, what is hidden, what people do."""
