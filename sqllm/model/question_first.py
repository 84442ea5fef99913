"""The paper's prompt (arXiv 2512.08238): the system's words, the question, then the audio, then the answer.

    system, user: question [degraded tokens] [reference tokens], assistant: answer

The audio stands behind the question, so nothing that was read of a clip serves a second question (a question serves
any number of clips): for its recipes, and to compare with; the product asks the audio first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from sqllm.model.speech_llm import SpeechQualityModel

SYSTEM = (
    "You are an audio quality evaluation expert. You listen to a speech clip and answer questions about its quality."
)
MARK = "\u241f"  # stands for the audio while a chat template is filled in
IGNORED = -100  # the label of a token that is not to be learnt, as in transformers


@dataclass(frozen=True)
class Prompt:
    """Token ids of one exchange: `before` the audio (system and question), `after` it (to where the answer begins), and
    the `answer` with the end of its turn (empty where it is still to be given).
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    answer: tuple[int, ...] = ()

    @property
    def text_length(self) -> int:
        """How many tokens it has beside the audio's."""
        return len(self.before) + len(self.after) + len(self.answer)


@dataclass(frozen=True)
class PromptBatch:
    """Prompts padded to one length, [batch, tokens]: `ids` (0 where audio or padding stands), which of them are `heard`
    and which are `real` (bool), and `labels`, the token itself where it is to be learnt and IGNORED elsewhere.
    """

    ids: Tensor
    heard: Tensor
    real: Tensor
    labels: Tensor

    @classmethod
    def of(cls, prompts: Sequence[Prompt], audio_tokens: int, left: bool = False) -> PromptBatch:
        """Prompts with so many audio tokens each, padded on the right to learn from, on the `left` to be answered."""
        longest = audio_tokens + max(prompt.text_length for prompt in prompts)
        shape = (len(prompts), longest)
        ids, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORED)
        heard, real = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            length = audio_tokens + prompt.text_length
            start = longest - length if left else 0
            at = start + len(prompt.before)
            ids[row, start:at] = torch.tensor(prompt.before)
            heard[row, at : at + audio_tokens] = True
            at += audio_tokens
            ids[row, at : start + length] = torch.tensor([*prompt.after, *prompt.answer])
            real[row, start : start + length] = True
            if prompt.answer:
                labels[row, start + length - len(prompt.answer) : start + length] = torch.tensor(prompt.answer)
        return cls(ids, heard, real, labels)

    @property
    def positions(self) -> Tensor:
        """Of each token in its prompt, from 0 on: padding moves nothing."""
        return (self.real.long().cumsum(1) - 1).clamp(min=0)

    @property
    def answer_count(self) -> int:
        """How many tokens are to be learnt."""
        return int((self.labels != IGNORED).sum())


def write_prompt(model: SpeechQualityModel, question: str, answer: str | None = None) -> Prompt:
    """An exchange in the chat markup of the model's LLM. What stands before the audio is one piece of text, and so is
    what stands behind it: no token (a second BOS least of all) is there that one text would not have.
    """
    before, after = _markup(model.tokenizer)
    opening, _, closing = before.partition(MARK)
    written = () if answer is None else (*model.encode_text(answer), _end_of_turn(model))
    text = f"{opening}{question.strip()}\n{closing}"
    return Prompt(tuple(model.encode_text(text)), tuple(model.encode_text(after)), written)


def _end_of_turn(model: SpeechQualityModel) -> int:
    """The token that ends an answer: that of the LLM's turns."""
    return model.encode_text(model.turns.end)[0]


@lru_cache(maxsize=8)
def _markup(tokenizer: Any) -> tuple[str, str]:
    """A chat's text before the audio, with MARK where the question goes, and behind it; plain text without a template.

    A template that knows no system turn gets the system's words in front of the question.
    """
    if not getattr(tokenizer, "chat_template", None):
        return f"{SYSTEM}\nListener: {MARK}", "\nAnswer: "
    audio = "\u241e"
    user = {"role": "user", "content": f"{MARK}{audio}"}
    try:
        text = tokenizer.apply_chat_template(
            [{"role": "system", "content": SYSTEM}, user], tokenize=False, add_generation_prompt=True
        )
    except Exception:  # a template raises what it likes, by jinja2
        user["content"] = f"{SYSTEM}\n{user['content']}"
        text = tokenizer.apply_chat_template([user], tokenize=False, add_generation_prompt=True)
    before, _, after = text.partition(audio)
    return before, after


def embed(model: SpeechQualityModel, batch: PromptBatch, degraded: Tensor, reference: Tensor | None = None) -> Tensor:
    """Prompts with their audio in place, [batch, tokens, dim]: clips' tokens, [batch, audio tokens, width + BESIDE],
    and those of their references behind them.
    """
    audio = [model.projector(tokens.to(model.device)) for tokens in (degraded, reference) if tokens is not None]
    text = model.llm.get_input_embeddings()(batch.ids.to(model.device))
    return text.masked_scatter(batch.heard[..., None].to(model.device), torch.cat(audio, dim=1).to(text.dtype))


def answer_loss(
    model: SpeechQualityModel, batch: PromptBatch, degraded: Tensor, reference: Tensor | None = None
) -> Tensor:
    """The cross-entropy of all answers' tokens, summed, from the first token of an answer on."""
    hidden = model.body(
        inputs_embeds=embed(model, batch, degraded, reference),
        attention_mask=batch.real.to(model.device, torch.long),
        position_ids=batch.positions.to(model.device),
        use_cache=False,
    ).last_hidden_state
    wanted = batch.labels[:, 1:] != IGNORED  # the token before each of these is what predicts it
    logits = model.logits(hidden[:, :-1][wanted.to(hidden.device)])
    return torch.nn.functional.cross_entropy(logits, batch.labels[:, 1:][wanted].to(hidden.device), reduction="sum")


@torch.inference_mode()
def answer_questions(
    model: SpeechQualityModel,
    questions: Sequence[str],
    degraded: Tensor,
    reference: Tensor | None = None,
    most: int = 96,
) -> list[str]:
    """Greedy answers to a question a clip, all at once, of `most` tokens: degraded [batch, tokens, width + BESIDE]. One
    question for all is read once.

    transformers decodes, with nothing of what the LLM's own generation settings would change.
    """
    from transformers import GenerationConfig

    prompts = [write_prompt(model, question) for question in questions]
    batch = PromptBatch.of(prompts, degraded.shape[1] * (1 if reference is None else 2), left=True)
    shared, end = {prompt.before for prompt in prompts}, _end_of_turn(model)
    greedy = GenerationConfig(
        max_new_tokens=most,
        do_sample=False,
        num_beams=1,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        eos_token_id=end,
        pad_token_id=end,
    )
    settings, model.llm.generation_config = model.llm.generation_config, greedy
    try:
        written = model.llm.generate(
            inputs_embeds=embed(model, batch, degraded, reference),
            attention_mask=batch.real.to(model.device, torch.long),
            generation_config=greedy,
            **({} if len(shared) > 1 else {"cache": _read_for_all(model, shared.pop(), len(prompts))}),
        )
    finally:
        model.llm.generation_config = settings
    return [model.tokenizer.decode(row, skip_special_tokens=True).strip() for row in written]


def _read_for_all(model: SpeechQualityModel, before: Sequence[int], count: int) -> Any:
    """A cache of what stands before the audio of `count` clips, read once."""
    cache = model.remember_tokens(before)
    cache.batch_repeat_interleave(count)
    return cache
