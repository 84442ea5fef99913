"""Which facts answer a question: a function a family."""
