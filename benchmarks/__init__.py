"""How fast the program is, beside published models on the same machine."""
