"""How fast the program is, beside published models on the same machine."""

from sqllm.cores import share_cores

share_cores()  # as the commands and the page do
