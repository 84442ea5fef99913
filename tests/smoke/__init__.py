"""What takes minutes: every recipe at tiny size, several processes, Ray. Run by `make smoke`, not by `make test`."""
