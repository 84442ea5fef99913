"""Fit the linear reader of questions to the wordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sqllm.training.asked_questions import AskedLesson, Asker
from sqllm.words.understanding import CHOICES
from sqllm.words.wording_reader import BUCKETS, OTHERS, SLOT_BUCKETS, WordingReader, as_steps, hashed
from sqllm.words.wordings.grammar import Wording

BATCH, LEARNING_RATE, DECAY = 256, 0.05, 1e-6


def fit_reader(wordings: Sequence[Wording], lessons: int, seed: int = 0) -> WordingReader:
    """A reader that learnt from so many random lessons, each seen once: Adam, its rate going down to zero."""
    torch.manual_seed(seed)
    rng, asker = np.random.default_rng(seed), Asker.of(wordings)
    sizes = [len(CHOICES[name]) for name in OTHERS]
    family = torch.nn.EmbeddingBag(BUCKETS, len(CHOICES["family"]), mode="sum")
    others = torch.nn.EmbeddingBag(SLOT_BUCKETS, sum(sizes), mode="sum")
    for table in (family, others):
        torch.nn.init.zeros_(table.weight)
    steps = lessons // BATCH
    optimizer = torch.optim.Adam([family.weight, others.weight], lr=LEARNING_RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(steps):
        drawn = [asker.draw(rng) for _ in range(BATCH)]
        codes, values, starts = _packed(drawn)
        logits = [
            family(codes % BUCKETS, starts, per_sample_weights=values),
            *others(codes % SLOT_BUCKETS, starts, per_sample_weights=values).split(sizes, dim=1),
        ]
        named = zip(("family", *OTHERS), logits, strict=True)
        loss = torch.stack([_loss(scores, name, drawn) for name, scores in named]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    (of_family, family_steps), (of_others, other_steps) = (
        as_steps(table.weight.detach().numpy()) for table in (family, others)
    )
    return WordingReader(of_family, of_others, family_steps, other_steps)


def _packed(drawn: Sequence[AskedLesson]) -> tuple[Tensor, Tensor, Tensor]:
    """The hashed n-grams of lessons behind one another, how much each counts, and where each lesson begins."""
    found = [hashed(lesson.text, lesson.previous) for lesson in drawn]
    starts = np.cumsum([0, *(len(codes) for codes, _ in found[:-1])])
    codes, values = (np.concatenate(part) for part in zip(*found, strict=True))
    return torch.from_numpy(codes), torch.from_numpy(values), torch.from_numpy(starts)


def _loss(logits: Tensor, name: str, drawn: Sequence[AskedLesson]) -> Tensor:
    """Cross-entropy of a choice in those lessons that teach it, [lessons, options]; a share of the whole batch."""
    rows = [row for row, lesson in enumerate(drawn) if name in lesson.choices]
    if not rows:
        return logits.sum() * 0
    wanted = torch.tensor([CHOICES[name].index(drawn[row].choices[name]) for row in rows])
    return torch.nn.functional.cross_entropy(logits[rows], wanted, reduction="sum") / len(drawn)
