"""The listening model: audio encoder, projector, and an LLM with LoRA, in one module with one forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sqllm.model.config import ModelConfig
from sqllm.model.encoders.base import AudioEncoder, beside_frames, pool_over_time
from sqllm.model.language_model import LanguageModel
from sqllm.model.projector import LinearProjector, Projector
from sqllm.model.prompt_tree import PromptTree, TreeBatch
from sqllm.signal.changes import CHANGES


class SpeechQualityModel(LanguageModel):
    """Encoder + projector + LLM: what listens. `words` is the LLM that reads and writes text only, with LoRA of its
    own; None where a model has none.
    """

    words: LanguageModel | None

    def __init__(self, encoder: AudioEncoder, llm: Any, tokenizer: Any, config: ModelConfig) -> None:
        super().__init__(llm, tokenizer, config.nucleus)
        if (config.projector, config.prompt) == ("linear", "audio-first"):
            raise ValueError("The linear projector is the paper's: it goes with prompt=question-first.")
        self.encoder, self.config, self.words = encoder, config, None
        if config.trained_encoder != "none":
            encoder.float()  # half precision loses the small steps of training
        embeddings = llm.get_input_embeddings()
        scale = float(embeddings.weight[:1000].float().square().mean().sqrt())
        dim = embeddings.weight.shape[1]
        linear = config.projector == "linear"
        self.projector: Any = LinearProjector(encoder.width, dim) if linear else Projector(encoder.width, dim, scale)

    @property
    def device(self) -> torch.device:
        return next(self.projector.parameters()).device

    def audio_tokens(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """What the encoder hears, pooled, and what stands beside: [batch, tokens, width + BESIDE]."""
        return self.listen(waveforms, lengths)[0]

    def listen(self, waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, list[Tensor] | None]:
        """Audio tokens, and how likely each of the encoder's `located_kinds` is at each moment: a tensor [frames,
        kinds] a clip (none where the encoder can't tell).
        """
        if not self.encoder.takes_from_cpu:
            waveforms, lengths = waveforms.to(self.device), lengths.to(self.device)
        frames, counts = self.encoder(waveforms, lengths)
        logits = self.encoder.locate(frames)
        tokens = self.pool(frames, counts, waveforms, lengths)
        if logits is None:
            return tokens, None
        return tokens, [clip[:count].sigmoid() for clip, count in zip(logits, counts.tolist(), strict=True)]

    def pool(self, frames: Tensor, counts: Tensor, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Audio tokens of an encoder's frames, where these are: [batch, tokens, width + BESIDE]. The waveforms may be
        elsewhere.
        """
        count = self.config.audio_tokens
        beside = beside_frames(waveforms, lengths, count).to(frames.device)
        return torch.cat([pool_over_time(frames, counts, count), beside], dim=-1)

    def prefix(self, degraded: Tensor, reference: Tensor | None = None) -> Tensor:
        """Embeddings of the prompt up to the end of the audio, [batch, prefix, dim].

        The reference's tokens [batch, tokens, width + BESIDE + CHANGES] are its projection's difference to the degraded
        clip's and what changed against it, marked by a segment embedding.
        """
        projected = self.projector(degraded)
        parts = [self._embed_text(self.turns.opening, projected), projected]
        if reference is not None:
            clean, changed = reference[..., :-CHANGES], self.projector.changes(reference[..., -CHANGES:])
            parts.append(self.projector(clean) - projected + changed + self.projector.reference_segment)
        return torch.cat(parts, dim=1)

    def _embed_text(self, text: str, beside: Tensor) -> Tensor:
        """Embeddings of a piece of text for every clip of a batch, in the type of `beside`."""
        ids = torch.tensor(self.encode_text(text), device=self.device)
        return self.llm.get_input_embeddings()(ids).expand(len(beside), -1, -1).to(beside.dtype)

    def prefix_length(self, reference: bool = False) -> int:
        """How many embeddings `prefix` gives."""
        return len(self.encode_text(self.turns.opening)) + self.config.audio_tokens * (1 + reference)

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
        return self._remember(prefix)
