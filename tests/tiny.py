"""A tiny seeded model with every part of the real one, made in a second: for tests of behaviour, not of accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from scipy.signal import lfilter

from sqllm.corpus.nisqa_layout import SCORE_COLUMNS, write_index
from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import add_lora
from sqllm.model.config import ModelConfig
from sqllm.model.encoders.base import BESIDE, AudioEncoder
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.speech_llm import SpeechQualityModel
from sqllm.signal.audio import SAMPLE_RATE, set_level

TINY_CONFIG = ModelConfig(audio_tokens=8, lora_rank=4)
TOKEN_WIDTH = CompactEncoder.features + BESIDE


def random_tokens(clips: int) -> torch.Tensor:
    """What the tiny model could hear of some clips, [clips, 8, TOKEN_WIDTH]."""
    return torch.randn(clips, TINY_CONFIG.audio_tokens, TOKEN_WIDTH, generator=torch.Generator().manual_seed(0))


def byte_tokenizer() -> Any:
    """Every byte is a token; the chat marks are tokens of their own."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: index for index, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    fast.chat_template = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    return fast


def tiny_llm(seed: int = 0) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(byte_tokenizer()),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
    )
    return LlamaForCausalLM(config)


def save_tiny_llm(folder: Path) -> Path:
    """The tiny LLM and its tokenizer as a folder, as any LLM of a user."""
    tiny_llm().save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def save_tiny_encoder(kind: str, folder: Path) -> str:
    """A tiny encoder of a kind as a folder, for `encoder_source`; a `compact` one has none."""
    torch.manual_seed(0)
    if kind == "ast":
        _save_tiny_ast(folder)
    elif kind == "whisper":
        _save_tiny_whisper(folder)
    return "" if kind == "compact" else str(folder)


def _save_tiny_ast(folder: Path) -> None:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTModel

    config = ASTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, num_mel_bins=36
    )
    ASTModel(config).save_pretrained(folder)
    ASTFeatureExtractor(num_mel_bins=36).save_pretrained(folder)


def _save_tiny_whisper(folder: Path) -> None:
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

    config = WhisperConfig(
        vocab_size=64,
        d_model=32,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    WhisperModel(config).save_pretrained(folder)
    WhisperFeatureExtractor().save_pretrained(folder)


def tiny_model(seed: int = 0, encoder: AudioEncoder | None = None) -> SpeechQualityModel:
    llm = tiny_llm(seed).requires_grad_(False)
    torch.manual_seed(seed)
    model = SpeechQualityModel(encoder or CompactEncoder(), add_lora(llm, TINY_CONFIG), byte_tokenizer(), TINY_CONFIG)
    return model.eval()


def tiny_judge(encoder: CompactEncoder | None = None) -> SpeechQualityLLM:
    return SpeechQualityLLM(tiny_model(encoder=encoder), {"name": "tiny", "revision": "0"})


VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))  # Hz, formants


def speech_like(seconds: float = 3.0, seed: int = 0, level: float = -26.0) -> np.ndarray:
    """Syllables of a hiss and a vowel on a moving pitch, with pauses, at an active level in dBov: [n] float32 at
    16 kHz. What finds speech takes it for some.
    """
    rng = np.random.default_rng(seed)
    samples = round(seconds * SAMPLE_RATE)
    time = np.arange(samples) / SAMPLE_RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6))
    pulses = np.diff(np.floor(np.cumsum(pitch) / SAMPLE_RATE), prepend=0) + 0.01 * rng.standard_normal(samples)
    spoken, at = 1e-5 * rng.standard_normal(samples), round(0.05 * SAMPLE_RATE)
    while at < samples:
        hiss, end = at + round(rng.uniform(0.04, 0.09) * SAMPLE_RATE), at + round(rng.uniform(0.2, 0.35) * SAMPLE_RATE)
        spoken[at:hiss] += 0.03 * np.diff(rng.standard_normal(hiss - at + 1))[: samples - at]
        vowel = pulses[hiss:end]
        for hertz in VOWELS[rng.integers(len(VOWELS))]:
            turn = 0.97 * np.exp(2j * np.pi * hertz / SAMPLE_RATE)
            vowel = lfilter([1], [1, -2 * turn.real, abs(turn) ** 2], vowel)
        loudness = rng.uniform(0.3, 1) * np.sqrt(np.sin(np.linspace(0.01, np.pi - 0.01, len(vowel))))
        spoken[hiss:end] += loudness * vowel / np.abs(vowel).max(initial=1e-9)
        at = end + round(rng.choice([0.0, 0.02, 0.25], p=[0.5, 0.3, 0.2]) * SAMPLE_RATE)
    return set_level(lfilter([1, -1], [1, -0.98], spoken).astype(np.float32), level)  # a voice has no DC


def buzz(seconds: float = 3.0, seed: int = 0, level: float = -26.0) -> np.ndarray:
    """Bursts of a buzz with pauses, which is no speech, at an active level in dBov: [n] float32 at 16 kHz."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * time + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    tone = sum(np.sin(h * phase) / h for h in range(1, 25))
    knots = rng.uniform(0, 1, max(4, int(seconds * 8))) * (rng.uniform(0, 1, max(4, int(seconds * 8))) > 0.3)
    envelope = np.interp(time, np.linspace(0, seconds, len(knots)), knots) + 1e-4
    return set_level((tone * envelope).astype(np.float32), level)


def write_corpus(
    folder: Path,
    seconds: Sequence[float],
    splits: Sequence[str] = ("TRAIN",),
    langs: Sequence[str] = ("en",),
    faults: Sequence[Sequence[str]] = (),
    reference_every: int = 1,
) -> Path:
    """A corpus in the NISQA layout: a clip a length, 0.wav on, splits and languages in turn, scores that differ a clip
    and a dimension. The last of every so many clips has a reference: itself. `faults` are kinds a clip, all slight.
    """
    rows: list[dict[str, object]] = []
    for number, length in enumerate(seconds):
        name = f"{number}.wav"
        soundfile.write(folder / name, speech_like(length, number), SAMPLE_RATE, subtype="FLOAT")
        row: dict[str, object] = {"db": f"X_{splits[number % len(splits)]}_SIM", "lang": langs[number % len(langs)]}
        row |= dict(zip(SCORE_COLUMNS.values(), np.roll([1.5, 2, 3, 4, 5], number).tolist(), strict=True))
        reference = {"filepath_ref": name} if (number + 1) % reference_every == 0 else {}
        rows.append(row | {"filepath_deg": name} | reference)
    truths = [
        {"file": f"{n}.wav", "artifacts": [{"kind": kind, "severity": "slight", "spans": []} for kind in kinds]}
        for n, kinds in enumerate(faults)
    ]
    write_index(folder, rows, truths)
    return folder


def sentence(seconds: float = 4.0, seed: int = 0, level: float = -26.0) -> np.ndarray:
    """Made-up syllables of a voice of its own: gliding formants and pitch, hisses and pauses, [n] float32 at 16 kHz.

    Unlike `speech_like`, two seeds have nothing in common.
    """
    from scipy.signal import lfilter

    rng = np.random.default_rng([0x5E, seed])
    parts: list[np.ndarray] = []
    pitch, length = rng.uniform(90, 220), 0
    while length < seconds * SAMPLE_RATE:
        samples = int(rng.uniform(0.08, 0.3) * SAMPLE_RATE)
        kind = rng.choice(["voice", "voice", "voice", "hiss", "pause"])
        hertz = pitch * np.linspace(rng.uniform(0.8, 1.25), rng.uniform(0.8, 1.25), samples)
        pulses = np.diff(np.floor(np.cumsum(hertz) / SAMPLE_RATE), prepend=0)
        source = pulses if kind == "voice" else 0.03 * rng.standard_normal(samples) * (kind == "hiss")
        for formant in (rng.uniform(250, 850), rng.uniform(900, 2300), rng.uniform(2400, 3800)):
            pole = 0.97 * np.exp(2j * np.pi * (formant * (1 if kind == "voice" else 1.8)) / SAMPLE_RATE)
            source = lfilter([1 - abs(pole)], [1, -2 * pole.real, abs(pole) ** 2], source)
        parts.append(source * np.hanning(samples) ** 0.5)
        length += samples
    whole = np.concatenate(parts)[: round(seconds * SAMPLE_RATE)]
    return set_level((whole + 1e-5 * rng.standard_normal(len(whole))).astype(np.float32), level)


def tone(hertz: float, level: float = 0.0) -> torch.Tensor:
    """A second of a tone, its amplitude in dB of full scale: [1, samples]."""
    phases = 2 * np.pi * hertz * np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return torch.from_numpy(10 ** (level / 20) * np.sin(phases)).float()[None]
