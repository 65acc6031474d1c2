"""Registers, incidents and their clocks, drills, suspensions: folds over the log, and the verbs that write it."""

from waglan.registers.schema import RECORDED, SCHEMAS

__all__ = ["RECORDED", "SCHEMAS"]
