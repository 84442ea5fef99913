"""How a prompt is laid out: the audio first, then a tree of questions that all hang on the same audio.

A tree node is a run of tokens that continues its parent. Nodes see themselves and their ancestors, never their
siblings; positions go on from the parent. So any number of questions, listeners and answer branches is asked in one
forward pass behind one audio prefix, each as if it stood alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

ROOT = -1  # the parent of nodes that continue the audio prefix


@dataclass(frozen=True)
class Turns:
    """The chat markup of an LLM: `opening` audio question `to_answer` answer `end`."""

    opening: str
    to_answer: str
    end: str

    @classmethod
    def of(cls, tokenizer: object) -> Turns:
        """From the tokenizer's chat template, without a system prompt; plain text where it has none."""
        template = getattr(tokenizer, "chat_template", None)
        if template and "<|im_start|>" in template:
            return cls("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>")
        if template:
            mark = "\u241f"
            text = tokenizer.apply_chat_template(  # type: ignore[attr-defined]
                [{"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True
            )
            opening, _, to_answer = text.partition(mark)
            return cls(opening, to_answer, tokenizer.eos_token)  # type: ignore[attr-defined]
        return cls("Listener: ", "\nAnswer: ", getattr(tokenizer, "eos_token", None) or "\n")


@dataclass
class PromptTree:
    """Token ids of all nodes in one sequence, each with its parent node and its position behind the prefix."""

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ids: Sequence[int], parent: int = ROOT) -> int:
        """Append a node of one token or more; returns its number."""
        start = len(self.ids)
        offset = 0 if parent == ROOT else self.positions[self.last(parent)] + 1
        self.ids += ids
        self.positions += range(offset, offset + len(ids))
        self.spans.append((start, start + len(ids)))
        self.parents.append(parent)
        return len(self.spans) - 1

    def last(self, node: int) -> int:
        """Where in the sequence a node's last token is: its logits are what follows the node."""
        return self.spans[node][1] - 1

    def sight(self) -> Tensor:
        """Which token sees which: bool [tokens, tokens]."""
        seen = torch.zeros(len(self), len(self), dtype=torch.bool)
        for node, (start, stop) in enumerate(self.spans):
            seen[start:stop, start:stop] = torch.ones(stop - start, stop - start, dtype=torch.bool).tril()
            parent = self.parents[node]
            while parent != ROOT:
                seen[start:stop, slice(*self.spans[parent])] = True
                parent = self.parents[parent]
        return seen


@dataclass(frozen=True)
class TreeBatch:
    """Trees behind prefixes of one length, right-padded: ids and positions [batch, tokens], mask [batch, 1, tokens,
    prefix + tokens] (additive, float32)."""

    ids: Tensor
    positions: Tensor
    mask: Tensor

    @classmethod
    def of(cls, trees: Sequence[PromptTree], prefix: int, with_prefix_rows: bool = False) -> TreeBatch:
        """Batch trees. `with_prefix_rows` adds the prefix's own causal rows to the mask (the uncached path)."""
        longest, batch = max(map(len, trees)), len(trees)
        ids = torch.zeros(batch, longest, dtype=torch.long)
        positions = torch.zeros(batch, longest, dtype=torch.long)
        seen = torch.zeros(batch, longest, prefix + longest, dtype=torch.bool)
        seen[:, :, :prefix] = True
        for row, tree in enumerate(trees):
            ids[row, : len(tree)] = torch.tensor(tree.ids)
            positions[row, : len(tree)] = torch.tensor(tree.positions)
            seen[row, : len(tree), prefix : prefix + len(tree)] = tree.sight()
        padding = torch.arange(longest)
        seen[:, padding, prefix + padding] = True  # what sees nothing at all would be no number
        if with_prefix_rows:
            causal = torch.ones(prefix, prefix, dtype=torch.bool).tril()
            rows = torch.nn.functional.pad(causal, (0, longest)).expand(batch, -1, -1)
            seen = torch.cat([rows, seen], dim=1)
        mask = torch.zeros(seen.shape).masked_fill(~seen, torch.finfo(torch.float32).min)
        return cls(ids, prefix + positions, mask[:, None])
