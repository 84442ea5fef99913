"""A listening test from predictions: what a panel tells, how many it takes, the files to run it, its results."""
