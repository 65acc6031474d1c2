"""The sample bank: seeded people and what happens to them, for demonstrations and tests."""

from waglan.harbour.applicants import write_applicants

__all__ = ["write_applicants"]
