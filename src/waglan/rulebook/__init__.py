"""The rules in force: proposed, tried, replayed, released by a second person, and how they gate."""
