"""The listening model: audio encoder, projector, and an LLM with LoRA, in one module with one forward."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sqllm.model.config import ModelConfig
from sqllm.model.encoders.base import AudioEncoder, level_beside, pool_over_time
from sqllm.model.projector import Projector
from sqllm.model.prompt_tree import PromptTree, TreeBatch, Turns
from sqllm.signal.spectra import CHANGES

MOST_CHOICES = 64  # tokens that an answer's next one is drawn from
SECOND_CLIP = "\nSecond clip: "


class SpeechQualityModel(nn.Module):
    """Encoder + projector + LLM. `turns` is the LLM's chat markup, `tokenizer` its tokenizer."""

    def __init__(self, encoder: AudioEncoder, llm: Any, tokenizer: Any, config: ModelConfig) -> None:
        super().__init__()
        self.encoder, self.llm, self.tokenizer, self.config = encoder, llm, tokenizer, config
        if config.trained_encoder != "none":
            encoder.float()  # half precision loses the small steps of training
        embeddings = llm.get_input_embeddings()
        scale = float(embeddings.weight[:1000].float().square().mean().sqrt())
        self.projector = Projector(encoder.width, embeddings.weight.shape[1], scale)
        self.turns = Turns.of(tokenizer)

    @property
    def device(self) -> torch.device:
        return self.projector.scale.device

    def encode_text(self, text: str) -> list[int]:
        """Token ids of a piece of a prompt, without special tokens of the tokenizer's own."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def audio_tokens(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """What the encoder hears, pooled, with the levels beside: [batch, tokens, width + 2]."""
        return self.listen(waveforms, lengths)[0]

    def listen(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, list[Tensor] | None]:
        """Audio tokens, and how likely each of the encoder's `located_kinds` is at each moment: a tensor [frames,
        kinds] a clip (none where the encoder can't tell).
        """
        waveforms, lengths = waveforms.to(self.device), lengths.to(self.device)
        frames, counts = self.encoder(waveforms, lengths)
        logits = self.encoder.locate(frames)
        tokens = self.pool(frames, counts, waveforms, lengths)
        if logits is None:
            return tokens, None
        return tokens, [clip[:count].sigmoid() for clip, count in zip(logits, counts.tolist(), strict=True)]

    def pool(self, frames: Tensor, counts: Tensor, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Audio tokens of an encoder's frames, where these are: [batch, tokens, width + 2]. The waveforms may be
        elsewhere.
        """
        count = self.config.audio_tokens
        beside = level_beside(waveforms, lengths, count).to(frames.device)
        return torch.cat([pool_over_time(frames, counts, count), beside], dim=-1)

    def prefix(self, degraded: Tensor, reference: Tensor | None = None, second: Tensor | None = None) -> Tensor:
        """Embeddings of the prompt up to the end of the audio, [batch, prefix, dim].

        The reference's tokens [batch, tokens, width + 2 + CHANGES] are its projection's difference to the degraded
        clip's and what changed against it, marked by a segment embedding. A second clip to compare with stands behind
        the first as it is, between words.
        """
        projected = self.projector(degraded)
        parts = [self._embed_text(self.turns.opening, projected), projected]
        if reference is not None:
            clean, changed = reference[..., :-CHANGES], self.projector.changes(reference[..., -CHANGES:])
            parts.append(self.projector(clean) - projected + changed + self.projector.reference_segment)
        if second is not None:
            parts += [self._embed_text(SECOND_CLIP, projected), self.projector(second)]
        return torch.cat(parts, dim=1)

    def _embed_text(self, text: str, beside: Tensor) -> Tensor:
        """Embeddings of a piece of text for every clip of a batch, in the type of `beside`."""
        ids = torch.tensor(self.encode_text(text), device=self.device)
        return self.llm.get_input_embeddings()(ids).expand(len(beside), -1, -1).to(beside.dtype)

    def prefix_length(self, reference: bool = False, second: bool = False) -> int:
        """How many embeddings `prefix` gives."""
        words = [*self.encode_text(self.turns.opening), *(self.encode_text(SECOND_CLIP) if second else ())]
        return len(words) + self.config.audio_tokens * (1 + reference + second)

    def forward(self, prefix: Tensor, trees: Sequence[PromptTree] | TreeBatch) -> Tensor:
        """Hidden states of the trees' tokens behind the audio, all in one pass: [batch, tokens, dim].

        A batch of trees has to be made `with_prefix_rows`.
        """
        batch = trees if isinstance(trees, TreeBatch) else TreeBatch.of(trees, prefix.shape[1], with_prefix_rows=True)
        text = self.llm.get_input_embeddings()(batch.ids.to(self.device))
        dtype = text.dtype
        positions = torch.arange(prefix.shape[1]).expand(len(batch.ids), -1)
        hidden = self.body(
            inputs_embeds=torch.cat([prefix.to(dtype), text], dim=1),
            attention_mask=batch.mask.to(self.device, dtype),
            position_ids=torch.cat([positions, batch.positions], dim=1).to(self.device),
            use_cache=False,
        ).last_hidden_state
        return hidden[:, prefix.shape[1] :]

    def remember(self, prefix: Tensor) -> Any:
        """Read one clip's prefix, [1, prefix, dim], into a new cache: what every later question builds on."""
        from transformers import DynamicCache

        cache = DynamicCache(config=self.body.config)
        self.body(inputs_embeds=prefix.to(self.body.dtype), cache=cache, use_cache=True)
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

        Each is drawn, from `seed`, among the likeliest tokens that hold `config.nucleus` of the probability (Holtzman
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
        kept = int((reached < self.config.nucleus).sum()) + 1
        return int(tokens[:kept][int((reached[:kept] < drawn * reached[:kept][-1]).sum())])

    @property
    def body(self) -> Any:
        """The LLM without its output layer (inside peft's wrapper where there is one)."""
        causal = self.llm.get_base_model() if hasattr(self.llm, "get_base_model") else self.llm
        return causal.base_model

    def logits(self, hidden: Tensor) -> Tensor:
        """Next-token logits of hidden states, float32: [..., dim] -> [..., vocabulary]."""
        return self.llm.get_output_embeddings()(hidden).float()
