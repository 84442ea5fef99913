"""An LLM that reads token trees and writes text: what listening adds audio to, and what words alone need."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.model.prompt_tree import PromptTree, TreeBatch, Turns

MOST_CHOICES = 64  # tokens that an answer's next one is drawn from


class LanguageModel(nn.Module):
    """A causal LLM with its `tokenizer` and `turns`, its chat markup. `nucleus` is the share of the probability that
    the tokens of an answer are drawn from (0: always the likeliest).
    """

    def __init__(self, llm: Any, tokenizer: Any, nucleus: float = 0.0) -> None:
        super().__init__()
        self.llm, self.tokenizer, self.nucleus = llm, tokenizer, nucleus
        self.turns = Turns.of(tokenizer)

    @property
    def device(self) -> torch.device:
        return self.llm.get_input_embeddings().weight.device

    def encode_text(self, text: str) -> list[int]:
        """Token ids of a piece of a prompt, without special tokens of the tokenizer's own."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def read_trees(self, trees: Sequence[PromptTree]) -> Tensor:
        """Hidden states of trees of text with nothing before them, all in one pass: [trees, tokens, dim]."""
        batch = TreeBatch.of(trees, 0)
        text = self.llm.get_input_embeddings()(batch.ids.to(self.device))
        return self.body(
            inputs_embeds=text,
            attention_mask=batch.mask.to(self.device, text.dtype),
            position_ids=batch.positions.to(self.device),
            use_cache=False,
        ).last_hidden_state

    def remember_text(self, text: str) -> Any:
        """Read text into a new cache, for `continue_from` and `answer_tokens` to go on behind it."""
        return self.remember_tokens(self.encode_text(text))

    def remember_tokens(self, ids: Sequence[int]) -> Any:
        """Read the tokens of a text into a new cache."""
        return self._remember(self.llm.get_input_embeddings()(torch.tensor([ids], device=self.device)))

    def _remember(self, embedded: Tensor) -> Any:
        """Read embeddings, [1, tokens, dim], into a new cache."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.body.config)
        self.body(inputs_embeds=embedded.to(self.body.dtype), cache=cache, use_cache=True)
        return cache

    def continue_from(self, cache: Any, tree: PromptTree) -> Tensor:
        """Hidden states of a tree behind a remembered prefix, [tokens, dim]; the cache is left as it was."""
        heard = cache.get_seq_length()
        batch = TreeBatch.of([tree], heard)
        text = self.llm.get_input_embeddings()(batch.ids.to(self.device))
        hidden = self.body(
            inputs_embeds=text,
            attention_mask=batch.mask.to(self.device, text.dtype),
            position_ids=batch.positions.to(self.device),
            cache=cache,
            use_cache=True,
        ).last_hidden_state
        cache.crop(-len(tree))
        return hidden[0]

    def answer_tokens(self, cache: Any, ids: list[int], most: int, seed: int) -> Generator[int, None, None]:
        """The tokens of an answer behind a remembered prefix and a question's tokens, up to the end mark.

        Each is drawn, from `seed`, among the likeliest tokens that hold `nucleus` of the probability (Holtzman
        et al., ICLR 2020): what must be said is said, and how it is said varies, the same way every time. The cache is
        left as it was when the generator ends or is closed.
        """
        heard = cache.get_seq_length()
        end = self.encode_text(self.turns.end)[0]
        draw = np.random.default_rng(seed)
        try:
            for _ in range(most):
                token = self._next_token(cache, ids, float(draw.random()))
                if token == end:
                    return
                yield token
                ids = [token]
        finally:
            cache.crop(heard - cache.get_seq_length())

    @torch.inference_mode()
    def _next_token(self, cache: Any, ids: list[int], drawn: float) -> int:
        """Read tokens into the cache; the next one, by a number drawn from 0-1."""
        text = self.llm.get_input_embeddings()(torch.tensor([ids], device=self.device))
        hidden = self.body(inputs_embeds=text, cache=cache, use_cache=True).last_hidden_state
        likely, tokens = torch.softmax(self.logits(hidden[0, -1]).double(), dim=-1).topk(MOST_CHOICES)
        reached = likely.cumsum(0)
        kept = int((reached < self.nucleus).sum()) + 1
        return int(tokens[:kept][int((reached[:kept] < drawn * reached[:kept][-1]).sum())])

    @property
    def body(self) -> Any:
        """The LLM without its output layer (inside peft's wrapper where there is one)."""
        causal = self.llm.get_base_model() if hasattr(self.llm, "get_base_model") else self.llm
        return causal.base_model

    def logits(self, hidden: Tensor) -> Tensor:
        """Next-token logits of hidden states, float32: [..., dim] -> [..., vocabulary]."""
        return self.llm.get_output_embeddings()(hidden).float()
