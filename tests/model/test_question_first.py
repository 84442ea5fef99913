"""The paper's prompt: how it is written, what is learnt of it, and that neighbours change no answer."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from sqllm.judge.judge import SpeechQualityLLM
from sqllm.model.base_llm import CheckpointError, add_lora
from sqllm.model.checkpoint import load_checkpoint, save_checkpoint
from sqllm.model.encoders.base import BESIDE
from sqllm.model.encoders.compact import CompactEncoder
from sqllm.model.encoders.load import load_encoder
from sqllm.model.projector import LinearProjector
from sqllm.model.question_first import IGNORED, SYSTEM, PromptBatch, answer_loss, answer_questions, write_prompt
from sqllm.model.speech_llm import SpeechQualityModel
from tests.tiny import (
    TINY_CONFIG,
    byte_tokenizer,
    random_tokens,
    save_tiny_encoder,
    save_tiny_llm,
    tiny_llm,
    tiny_model,
)

CONFIG = dataclasses.replace(TINY_CONFIG, projector="linear", prompt="question-first")
QUESTIONS = ["How is it?", "What is the MOS of this speech, all things considered?", "Loud?"]
LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}"
    "<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def paper_model(tokenizer: Any = None) -> SpeechQualityModel:
    llm = add_lora(tiny_llm(1).requires_grad_(False), CONFIG)
    llm.get_output_embeddings().weight.data.mul_(20)  # large enough that what is heard changes what is said
    torch.manual_seed(1)
    return SpeechQualityModel(CompactEncoder(), llm, tokenizer or byte_tokenizer(), CONFIG).eval()


@pytest.fixture(scope="module")
def model() -> SpeechQualityModel:
    return paper_model()


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    return random_tokens(3)


def test_the_question_stands_before_the_audio_and_the_system_before_all(model: SpeechQualityModel) -> None:
    prompt = write_prompt(model, "How good is it?", "The MOS is 3.2.")
    before = model.tokenizer.decode(prompt.before)
    assert before.index(SYSTEM) < before.index("How good is it?")
    assert model.tokenizer.decode(prompt.answer[:-1]) == "The MOS is 3.2."
    assert prompt.answer[-1] == model.encode_text(model.turns.end)[0]


def test_a_llama_template_has_one_bos_and_its_own_end_of_turn() -> None:
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<|begin|>", "eos_token": "<|eot_id|>"})
    tokenizer.chat_template = LLAMA
    text = write_prompt(_encoder_of(tokenizer), "How good is it?", "Fine.")
    whole = [*text.before, *text.after, *text.answer]
    assert whole.count(tokenizer.bos_token_id) == 1
    assert whole[0] == tokenizer.bos_token_id
    assert tokenizer.decode(text.after).endswith("assistant<|end_header_id|>\n\n")
    assert whole[-1] == tokenizer.eos_token_id


def _encoder_of(tokenizer: Any) -> Any:
    """What of a model writes prompts."""
    from sqllm.model.prompt_tree import Turns

    class Writer:
        def __init__(self) -> None:
            self.tokenizer, self.turns = tokenizer, Turns.of(tokenizer)

        def encode_text(self, text: str) -> list[int]:
            return tokenizer.encode(text, add_special_tokens=False)

    return Writer()


def test_every_token_of_an_answer_is_learnt_from_the_first_on_and_padding_is_not(model: SpeechQualityModel) -> None:
    prompts = [write_prompt(model, question, "The MOS is 3.2.") for question in QUESTIONS]
    batch = PromptBatch.of(prompts, 8)
    for row, prompt in enumerate(prompts):
        learnt = batch.labels[row][batch.labels[row] != IGNORED].tolist()
        assert learnt == list(prompt.answer)
        assert int(batch.real[row].sum()) == 8 + prompt.text_length
        assert int(batch.heard[row].sum()) == 8
    assert batch.answer_count == sum(len(prompt.answer) for prompt in prompts)


def test_the_loss_of_a_batch_is_the_sum_of_its_clips(model: SpeechQualityModel, tokens: torch.Tensor) -> None:
    prompts = [write_prompt(model, question, "The MOS is 3.2.") for question in QUESTIONS]
    with torch.no_grad():
        whole = answer_loss(model, PromptBatch.of(prompts, 16), tokens, tokens)
        alone = sum(
            answer_loss(model, PromptBatch.of([prompt], 16), tokens[row : row + 1], tokens[row : row + 1])
            for row, prompt in enumerate(prompts)
        )
    torch.testing.assert_close(whole, alone, rtol=1e-4, atol=1e-3)


def test_an_answer_does_not_change_with_what_else_is_in_its_batch(
    model: SpeechQualityModel, tokens: torch.Tensor
) -> None:
    together = answer_questions(model, QUESTIONS, tokens, most=12)
    alone = [answer_questions(model, [q], tokens[n : n + 1], most=12)[0] for n, q in enumerate(QUESTIONS)]
    assert together == alone
    other = answer_questions(model, QUESTIONS, tokens.flip(0), most=12)
    assert other != together, "the audio is not heard"


def test_one_question_for_all_clips_is_read_once_and_answered_as_for_each_alone(
    model: SpeechQualityModel, tokens: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, read = QUESTIONS[1], list[tuple[int, int]]()
    alone = [answer_questions(model, [question], tokens[n : n + 1], tokens[:1], most=12)[0] for n in range(3)]
    mixed = answer_questions(model, [question, question, "Loud?"], tokens, tokens[:1].expand(3, -1, -1), most=12)
    body = type(model.body)
    forward = body.forward

    def noted(self: Any, **given: Any) -> Any:
        if given.get("inputs_embeds") is not None:
            read.append(tuple(given["inputs_embeds"].shape[:2]))
        return forward(self, **given)

    monkeypatch.setattr(body, "forward", noted)
    together = answer_questions(model, [question] * 3, tokens, tokens[:1].expand(3, -1, -1), most=12)
    assert together == alone
    assert together[:2] == mixed[:2]
    assert len(set(together)) > 1, "the audio is not heard"
    prompt = write_prompt(model, question)
    assert read == [(1, len(prompt.before)), (3, 16 + len(prompt.after))]


def test_nothing_of_the_llms_own_generation_settings_changes_an_answer(
    model: SpeechQualityModel, tokens: torch.Tensor
) -> None:
    plain = answer_questions(model, QUESTIONS, tokens, most=12)
    kept = model.llm.generation_config
    model.llm.generation_config = GenerationConfig(do_sample=True, temperature=3.0, repetition_penalty=5.0, top_k=9)
    try:
        assert answer_questions(model, QUESTIONS, tokens, most=12) == plain
        assert model.llm.generation_config.repetition_penalty == 5.0
    finally:
        model.llm.generation_config = kept


def test_the_papers_projector_is_one_layer_and_blind_to_the_levels_beside() -> None:
    projector = LinearProjector(768, 4096)
    assert sum(p.numel() for p in projector.parameters()) == 3_151_360
    tokens = torch.randn(1, 4, 768 + BESIDE)
    changed = tokens.clone()
    changed[..., 768:] += 9
    assert torch.equal(projector(tokens), projector(changed))


def test_the_linear_projector_is_refused_where_the_audio_comes_first() -> None:
    with pytest.raises(ValueError, match="goes with prompt=question-first"):
        SpeechQualityModel(
            CompactEncoder(), tiny_llm(), byte_tokenizer(), dataclasses.replace(CONFIG, prompt="audio-first")
        )


def test_a_checkpoint_of_the_papers_prompt_is_loaded_to_measure_and_refused_to_rate(tmp_path: Path) -> None:
    model = paper_model()
    model.config = dataclasses.replace(model.config, llm_source=str(save_tiny_llm(tmp_path / "llm")))
    save_checkpoint(model, tmp_path / "saved")
    loaded, _ = load_checkpoint(tmp_path / "saved", device="cpu")
    assert isinstance(loaded.projector, LinearProjector)
    with pytest.raises(CheckpointError, match="paper=true"):
        SpeechQualityLLM.from_pretrained(tmp_path / "saved", device="cpu")


def test_a_checkpoint_that_names_no_layout_has_ours(tmp_path: Path) -> None:
    assert tiny_model().config.prompt == "audio-first"
    from sqllm.model.config import OUR_LAYOUT, ModelConfig

    values = {name: value for name, value in ModelConfig().to_json().items() if name not in OUR_LAYOUT}
    assert ModelConfig.from_json(values) == ModelConfig()


@pytest.mark.parametrize("kind", ["ast", "whisper"])
def test_frames_come_from_the_wanted_layer_and_those_above_are_left_out(tmp_path: Path, kind: str) -> None:
    source = save_tiny_encoder(kind, tmp_path / kind)
    waves, lengths = 0.1 * torch.randn(1, 8000), torch.tensor([8000])
    last, first = load_encoder(kind, source), load_encoder(kind, source, 1)
    assert len(first.queries()) == len(last.queries()) // 2
    with torch.no_grad():
        (frames, counts), (lower, lower_counts) = last(waves, lengths), first(waves, lengths)
    assert frames.shape == lower.shape
    assert counts.tolist() == lower_counts.tolist()
    assert not torch.allclose(frames, lower, atol=1e-3)
    with pytest.raises(ValueError, match="encoder_layer is 3: this encoder has the layers 1 to 2"):
        load_encoder(kind, source, 3)
    with pytest.raises(ValueError, match="leave encoder_layer at 0"):
        load_encoder("compact", "", 1)


def test_a_whisper_encoder_is_read_from_its_weights_alone(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    from transformers import WhisperModel

    folder = save_tiny_encoder("whisper", tmp_path / "whisper")
    whole = WhisperModel.from_pretrained(folder).encoder
    wider = {name: weight.half().contiguous() for name, weight in whole.state_dict().items()}
    save_file(wider, tmp_path / "encoder.safetensors")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sqllm.model.encoders.pretrained.WHISPER_HEAD", 16)
        read = load_encoder("whisper", str(tmp_path / "encoder.safetensors"))
    waves, lengths = 0.1 * torch.randn(1, 8000), torch.tensor([8000])
    with torch.no_grad():
        frames = load_encoder("whisper", folder)(waves, lengths)[0]
        torch.testing.assert_close(read(waves, lengths)[0], frames, atol=2e-2, rtol=2e-2)
    save_file({"conv1.weight": torch.zeros(4, 80, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not hold the encoder of a Whisper"):
        load_encoder("whisper", str(tmp_path / "other.safetensors"))
    with pytest.raises(FileNotFoundError, match="no file"):
        load_encoder("whisper", str(tmp_path / "gone.safetensors"))
