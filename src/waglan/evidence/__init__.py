"""Evidence: what obligations ask, what decisions and registers answer, and a pack that proves it."""
