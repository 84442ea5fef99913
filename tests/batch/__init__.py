"""Many clips: sources, tables, resuming."""
