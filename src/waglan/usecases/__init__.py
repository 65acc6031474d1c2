"""What AI is used for: one folder per use case; none imports another."""
