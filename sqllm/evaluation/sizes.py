"""What a recipe's model weighs and needs, without a GPU and without its weights: counted and run on meta tensors, which
have shapes and no values.

What trains is in float32 and computes in bfloat16, as under autocast: it is run in bfloat16, and what float32 gradients
and the copies in bfloat16 take beside is added.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from sqllm.model.base_llm import add_lora
from sqllm.model.checkpoint import choose_trained_parameters
from sqllm.model.config import ModelConfig
from sqllm.model.encoders.base import AudioEncoder
from sqllm.model.encoders.pretrained import AstEncoder, WhisperEncoder
from sqllm.model.speech_llm import SpeechQualityModel

GIB = 2**30
# bitsandbytes: half a byte a weight, a byte of scale for 64 of them, and for 256 scales one float32 of their own.
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
RUNTIME_GIB = (
    0.8  # the CUDA context, cuBLAS's workspaces and what its allocator leaves unused: an allowance, not measured
)
CARDS = (("RTX 3060", 12), ("T4, RTX 4080", 16), ("RTX 4090, L4", 24), ("A100 40 GB", 40), ("L40S", 48), ("H100", 80))
# The paper's parts by the names that the recipes give them.
LLAMA_8B = {
    "vocab_size": 128256,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131072,
}
WHISPER_LARGE_V2 = {
    "d_model": 1280,
    "encoder_layers": 32,
    "encoder_attention_heads": 20,
    "encoder_ffn_dim": 5120,
    "num_mel_bins": 80,
}


@dataclass(frozen=True)
class Counts:
    """Parameters of a model's parts: all of them, and those that train."""

    llm: int
    lora: int
    projector: int
    encoder: int
    encoder_trained: int

    @property
    def trained(self) -> int:
        return self.lora + self.projector + self.encoder_trained


@dataclass(frozen=True)
class Memory:
    """Bytes that a step holds at its peak: all of them, of which the weights that are always there, and the optimizer's
    two moments.
    """

    peak: float
    weights: float
    optimizer: float

    @property
    def on_a_card(self) -> float:
        """What a card must hold, in GiB."""
        return self.peak / GIB + RUNTIME_GIB

    @property
    def card(self) -> str:
        """The smallest of the common cards that holds it with a twentieth to spare."""
        return next((f"{name} ({size})" for name, size in CARDS if self.on_a_card < 0.95 * size), "none of one card")


class Blank:
    """Stands for a tokenizer where nothing is to be read."""

    chat_template, eos_token, pad_token = None, "\n", "\n"

    def encode(self, text: str, **_: Any) -> list[int]:
        return [0] * max(1, len(text) // 4)


def blank_encoder(kind: str, sizes: dict[str, int] | None = None) -> AudioEncoder:
    """An encoder of the paper's, or of other sizes, where tensors are made: on meta or fake ones it weighs nothing."""
    from transformers import ASTConfig, ASTModel, WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder as Published

    if kind == "ast":
        return AstEncoder(ASTModel(ASTConfig(**cast(Any, sizes or {}))), None)
    if kind == "whisper":
        return WhisperEncoder(Published(WhisperConfig(**cast(Any, sizes or WHISPER_LARGE_V2))), None)
    raise ValueError(f"The sizes of {kind!r} are not known here; choose ast or whisper.")


def blank_model(
    config: ModelConfig, llm: dict[str, int] | None = None, encoder: dict[str, int] | None = None
) -> SpeechQualityModel:
    """The model of a configuration without its weights; of the paper's sizes unless others are given."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    sizes = LlamaConfig(**cast(Any, llm or LLAMA_8B), tie_word_embeddings=False)
    causal = AutoModelForCausalLM.from_config(sizes, dtype=torch.bfloat16).requires_grad_(False)
    if config.quantize == "nf4":
        pack(causal)
    ears = blank_encoder(config.encoder, encoder)
    model = SpeechQualityModel(ears, add_lora(causal, config), Blank(), config)
    choose_trained_parameters(model)
    return model


def count_parameters(config: ModelConfig, **sizes: Any) -> Counts:
    """Counted on meta tensors, the LLM not yet packed."""
    with torch.device("meta"), _scale_of_meta():
        model = blank_model(replace(config, quantize=""), **sizes)
    encoder = list(model.encoder.parameters())
    return Counts(
        llm=sum(p.numel() for n, p in model.llm.named_parameters() if "lora_" not in n),
        lora=sum(p.numel() for n, p in model.llm.named_parameters() if "lora_" in n),
        projector=sum(p.numel() for p in model.projector.parameters()),
        encoder=sum(p.numel() for p in encoder),
        encoder_trained=sum(p.numel() for p in encoder if p.requires_grad),
    )


@contextmanager
def _scale_of_meta() -> Iterator[None]:
    """A projector's scale is read off the embeddings, which have no values here."""
    whole = Tensor.__float__
    try:
        Tensor.__float__ = lambda one: 1.0 if one.is_meta else whole(one)  # type: ignore
        yield
    finally:
        Tensor.__float__ = whole  # type: ignore[method-assign]


class _Unpacked(torch.autograd.Function):
    """A product with a 4-bit matrix: it is unpacked for the product, forth and back, and never kept."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, packed: Tensor, shape: tuple[int, int]) -> Tensor:
        ctx.shape, ctx.dtype = shape, inputs.dtype
        return inputs @ inputs.new_empty(shape).T

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = gradients
        return gradient @ gradient.new_empty(ctx.shape), None, None


class PackedLinear(nn.Linear):
    """A linear layer as bitsandbytes' NF4 with double quantisation weighs and computes it."""

    def __init__(self, plain: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = plain.in_features, plain.out_features
        weights = self.in_features * self.out_features
        self.weight = nn.Parameter(torch.empty(round(weights * NF4_BYTES), dtype=torch.uint8), requires_grad=False)
        self.bias = None  # type: ignore[assignment]

    def forward(self, inputs: Tensor) -> Tensor:
        return _Unpacked.apply(inputs.to(torch.bfloat16), self.weight, (self.out_features, self.in_features))


def pack(causal: nn.Module) -> None:
    """Put 4-bit layers in the place of an LLM's linear ones, as transformers does: all but the output's."""
    for module in list(causal.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Linear and name != "lm_head":
                setattr(module, name, PackedLinear(child))


def weight_bytes(model: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in [*model.parameters(), *model.buffers()])


def training_memory(
    config: ModelConfig, clips: int, text: int, answer: int, double_ended: bool, checkpointing: bool, **sizes: Any
) -> Memory:
    """The peak of a training step on so many clips, each with `text` tokens of which `answer` are learnt."""
    with torch.device("meta"), _scale_of_meta():
        model = blank_model(config, **sizes).train()
        if checkpointing:
            model.llm.gradient_checkpointing_enable({"use_reentrant": False})
        trained = [p for p in model.parameters() if p.requires_grad]
        count = sum(p.numel() for p in trained)
        held, moments = weight_bytes(model), 8.0 * count  # two float32 a weight
        _in_half(model)
        peak = _peak_of(model, lambda: _answer_loss(model, clips, text, answer, double_ended).backward())
        return Memory(held + moments + peak + 4.0 * count, held, moments)


def rating_memory(config: ModelConfig, clips: int, text: int, double_ended: bool, **sizes: Any) -> Memory:
    """The peak of rating so many clips at once, each with a prompt of `text` tokens."""
    with torch.device("meta"), _scale_of_meta():
        model = blank_model(config, **sizes).eval()
        held = weight_bytes(model)
        _in_half(model)

        def read() -> None:
            with torch.no_grad():
                _answer_loss(model, clips, text, 1, double_ended)

        return Memory(held + _peak_of(model, read), held, 0.0)


def _answer_loss(model: SpeechQualityModel, clips: int, text: int, answer: int, double_ended: bool) -> Tensor:
    """What a pass of a recipe computes, without its tokenizer and its spectra: encoder, projector, LLM, loss."""
    listens = torch.enable_grad if model.config.trained_encoder != "none" and torch.is_grad_enabled() else torch.no_grad
    with listens():
        heard = [_frames(model.encoder, clips) for _ in range(1 + double_ended)]
    tokens = [nn.functional.adaptive_avg_pool1d(f.mT, model.config.audio_tokens).mT for f in heard]
    beside = [torch.cat([one, one[..., :2]], dim=-1) for one in tokens]
    audio = torch.cat([model.projector(one) for one in beside], dim=1)
    words = model.llm.get_input_embeddings()(torch.zeros(clips, text, dtype=torch.long))
    embedded = torch.cat([audio.to(words.dtype), words], dim=1)
    tokens_in = embedded.shape[1]
    mask = torch.zeros(clips, 1, tokens_in, tokens_in, dtype=embedded.dtype)
    hidden = model.body(inputs_embeds=embedded, attention_mask=mask, use_cache=False).last_hidden_state
    logits = model.logits(hidden[:, -answer:].flatten(0, 1))
    return nn.functional.cross_entropy(logits, torch.zeros(clips * answer, dtype=torch.long))


def _in_half(model: SpeechQualityModel) -> None:
    """Put what computes in bfloat16 under autocast into bfloat16."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(torch.bfloat16)


def _frames(encoder: AudioEncoder, clips: int) -> Tensor:
    """What an encoder makes of the spectra of clips that last as long as it can hear."""
    inner = cast(Any, encoder).model
    if isinstance(encoder, AstEncoder):
        spectra = torch.zeros(clips, inner.config.max_length, inner.config.num_mel_bins, dtype=torch.bfloat16)
        return inner(spectra).last_hidden_state[:, 2:].unflatten(1, (encoder.bands, -1)).mean(dim=1)
    spectra = torch.zeros(clips, inner.config.num_mel_bins, 2 * inner.config.max_source_positions, dtype=torch.bfloat16)
    return inner(spectra).last_hidden_state


class _Flash(torch.autograd.Function):
    """Attention as GPUs compute it: its scores are never kept, only what goes in, what comes out, and their sums."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        given, sums = query.new_empty(query.shape), query.new_empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, given, sums)
        return given

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.empty_like(one) for one in ctx.saved_tensors[:3])


@contextmanager
def _flash_attention() -> Iterator[None]:
    plain = nn.functional.scaled_dot_product_attention
    try:
        nn.functional.scaled_dot_product_attention = lambda q, k, v, *_, **__: _Flash.apply(q, k, v)
        yield
    finally:
        nn.functional.scaled_dot_product_attention = plain


class _Tracker(TorchDispatchMode):
    """Follows the storages that operations make beside a model's own, and when they go."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0.0
        self.known = {one.untyped_storage()._cdata for one in (*model.parameters(), *model.buffers())}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = func(*args, **(kwargs or {}))
        for one in tree_leaves(given):
            if isinstance(one, Tensor):
                self._see(one.untyped_storage())
        return given

    def _see(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self.known:
            return
        size = storage.nbytes()
        self.known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: float) -> None:
        self.known.discard(key)
        self.now -= size


def _peak_of(model: nn.Module, run: Callable[[], object]) -> float:
    """The most bytes that a run holds at once beside the model's weights."""
    with _flash_attention(), _Tracker(model) as tracker:
        run()
    return tracker.peak
