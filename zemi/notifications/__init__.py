"""Text messages to people and alerts to operators."""
