"""The rules in force: proposed, tried, replayed, released by a second person, and how they gate."""

from waglan.rulebook.book import Rulebook
from waglan.rulebook.replay import Counts, Replay
from waglan.rulebook.rule import Draft, Proposal, Rule
from waglan.rulebook.trial import Tried

__all__ = ["Counts", "Draft", "Proposal", "Replay", "Rule", "Rulebook", "Tried"]
