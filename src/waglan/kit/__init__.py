"""Instruments that use cases share."""
