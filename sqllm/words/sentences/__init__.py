"""Sentences that facts would say: what training teaches, and the last resort of what rating says."""
