"""Clips with truth: clean speech in, degraded clips with their exact degradations and teachers' labels out."""
