"""How good a checkpoint is: figures, tables and plots."""
