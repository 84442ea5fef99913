"""Learning from a corpus: questions with truth, dataset, trainer, probe and evaluation."""
