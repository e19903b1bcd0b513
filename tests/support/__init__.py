"""What several test suites share: actors, a chain under control, strict checks of reverts and events."""
