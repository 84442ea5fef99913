"""The judge: a clip heard once, and what is read, said and compared from there."""
