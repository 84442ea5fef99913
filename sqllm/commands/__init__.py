"""The commands of `sqllm`, a file each: `add(commands)` says what one takes, `run(arguments)` does it."""
