"""What the recipes of `train.large` weigh and need, without a GPU: parameters, and memory at the peak.

    python -m train.sizes [paper_ast_frozen.yaml full.yaml ...]

Prints Markdown; of all recipes where none is named, in some minutes. Counted and run on meta tensors, which have shapes
and no values (`sqllm.evaluation.sizes`): what a card's kernels and allocator add is an allowance of 0.8 GiB, not
measured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqllm.evaluation.sizes import GIB, Counts, Memory, count_parameters, rating_memory, training_memory
from sqllm.evaluation.tables import markdown_table
from sqllm.training.settings import read_settings, run_command
from train.large import LargeSettings

RECIPES = tuple(f"paper_{kind}_{how}.yaml" for kind in ("ast", "whisper") for how in ("frozen", "finetuned"))
PROMPT_TOKENS, ANSWER_TOKENS = 96, 40  # beside the audio, of the longest of the paper's tasks
LESSON_TOKENS, LESSON_TARGETS = 320, 90  # of a lesson of ours: five score blocks, faults, an answer
RATED_AT_ONCE = 16


def sizes(arguments: Sequence[str]) -> None:
    """Print both tables, a row as it is made."""
    names = list(arguments) if arguments != ["all"] else [*RECIPES, "full.yaml"]
    recipes = {name.removesuffix(".yaml"): read_settings(LargeSettings, [name]) for name in names}
    heads = ("recipe", "LLM", "LoRA", "projector", "encoder", "of which train", "trained in all")
    counts = [[name, *_millions(count_parameters(recipe.model_config))] for name, recipe in recipes.items()]
    print("\n".join(markdown_table(heads, counts)), flush=True)
    heads = ("recipe", "LLM in", "blocks kept", "training, GiB", "smallest card", "rating, GiB", "smallest card")
    print("\n" + "\n".join(markdown_table(heads, [])), flush=True)
    for name, recipe in recipes.items():
        for row in memory_rows(name, recipe):
            print(f"| {' | '.join(row)} |", flush=True)


def memory_rows(name: str, recipe: LargeSettings, **shapes: object) -> Iterator[list[str]]:
    """A row a choice of NF4 and checkpointing: a step of the recipe's own batch a pass, both modes at their longest."""
    ours = recipe.prompt == "audio-first"
    text, answer = (LESSON_TOKENS, LESSON_TARGETS) if ours else (PROMPT_TOKENS, ANSWER_TOKENS)
    clips = recipe.micro_batch or recipe.batch
    for quantize in ("nf4", ""):
        config = replace(recipe.model_config, quantize=quantize)
        rated = rating_memory(config, RATED_AT_ONCE, text, True, **shapes)
        for checkpointing in (False, True):
            step = training_memory(config, clips, text, answer, True, checkpointing, **shapes)
            kept = "none but their inputs" if checkpointing else "all"
            yield [name, quantize or "bfloat16", kept, *_of_memory(step), *_of_memory(rated)]


def _of_memory(memory: Memory) -> tuple[str, str]:
    return f"{memory.on_a_card:.1f} (weights {memory.weights / GIB:.1f})", memory.card


def _millions(counts: Counts) -> list[str]:
    figures = (counts.llm, counts.lora, counts.projector, counts.encoder, counts.encoder_trained, counts.trained)
    return [f"{figure / 1e6:,.2f} M" for figure in figures]


if __name__ == "__main__":
    run_command(__doc__, sys.argv[1:] or ["all"], sizes)
