"""The listening model: encoders, projector, prompt tree, LLM, and checkpoints."""
