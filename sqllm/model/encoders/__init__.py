"""Audio encoders behind one interface."""
