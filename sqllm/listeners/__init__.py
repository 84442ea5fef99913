"""Who listens: how they hear and how they rate."""
