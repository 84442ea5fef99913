"""The prompt tree: who sees whom, where positions restart, and that a branch reads as if it stood alone."""

from __future__ import annotations

import pytest
import torch

from sqllm.model.prompt_tree import ROOT, PromptTree, TreeBatch, Turns
from sqllm.model.speech_llm import SpeechQualityModel
from tests.tiny import byte_tokenizer, tiny_model


@pytest.fixture(scope="module")
def model() -> SpeechQualityModel:
    return tiny_model()


@pytest.fixture
def tree() -> PromptTree:
    """Two stems; the first has two branches, one of which goes on."""
    tree = PromptTree()
    stem = tree.add([10, 11, 12], ROOT)
    left = tree.add([20, 21], stem)
    tree.add([30], stem)
    tree.add([40, 41], left)
    tree.add([50, 51], ROOT)
    return tree


def test_positions_go_on_from_the_parent_and_restart_at_every_stem(tree: PromptTree) -> None:
    assert tree.ids == [10, 11, 12, 20, 21, 30, 40, 41, 50, 51]
    assert tree.positions == [0, 1, 2, 3, 4, 3, 5, 6, 0, 1]
    assert [tree.last(node) for node in range(5)] == [2, 4, 5, 7, 9]
    assert len(tree) == 10


def test_tokens_see_themselves_their_past_and_their_ancestors_only(tree: PromptTree) -> None:
    sight = tree.sight()
    seen = {tree.ids[row]: {tree.ids[column] for column in sight[row].nonzero().flatten()} for row in range(len(tree))}
    assert seen == {
        10: {10},
        11: {10, 11},
        12: {10, 11, 12},
        20: {10, 11, 12, 20},
        21: {10, 11, 12, 20, 21},
        30: {10, 11, 12, 30},
        40: {10, 11, 12, 20, 21, 40},
        41: {10, 11, 12, 20, 21, 40, 41},
        50: {50},
        51: {50, 51},
    }


def test_every_token_sees_the_whole_prefix(tree: PromptTree) -> None:
    batch = TreeBatch.of([tree], prefix=4)
    assert batch.mask.shape == (1, 1, 10, 14)
    assert (batch.mask[..., :4] == 0).all()
    assert ((batch.mask[0, 0, :, 4:] == 0) == tree.sight()).all()
    assert batch.positions.tolist() == [[4, 5, 6, 7, 8, 7, 9, 10, 4, 5]]


def test_the_prefix_sees_neither_its_future_nor_any_question(tree: PromptTree) -> None:
    mask = TreeBatch.of([tree], prefix=4, with_prefix_rows=True).mask
    assert mask.shape == (1, 1, 14, 14)
    assert ((mask[0, 0, :4] == 0) == torch.ones(4, 14).tril().bool()).all()


def test_trees_of_different_sizes_are_padded_behind(tree: PromptTree) -> None:
    short = PromptTree()
    short.add([7, 8])
    batch = TreeBatch.of([short, tree], prefix=3)
    assert batch.ids[0].tolist() == [7, 8] + [0] * 8
    assert batch.ids[1].tolist() == tree.ids
    assert (batch.mask[0, 0, :2, 5:] < -1e30).all()


def test_the_state_of_a_node_equals_that_of_the_plain_sequence(model: SpeechQualityModel, tree: PromptTree) -> None:
    torch.manual_seed(0)
    prefix = torch.randn(1, 6, 64)
    lines = {3: [10, 11, 12, 20, 21, 40, 41], 2: [10, 11, 12, 30], 4: [50, 51]}
    with torch.inference_mode():
        together = model(prefix, [tree])[0]
        for node, ids in lines.items():
            embedded = model.llm.get_input_embeddings()(torch.tensor([ids]))
            plain = model.body(inputs_embeds=torch.cat([prefix, embedded], dim=1), use_cache=False).last_hidden_state
            torch.testing.assert_close(together[tree.last(node)], plain[0, -1], atol=1e-4, rtol=1e-4)


def test_what_a_branch_says_is_not_heard_by_another(model: SpeechQualityModel) -> None:
    prefix = torch.randn(1, 5, 64, generator=torch.Generator().manual_seed(1))
    states = []
    for other in ([99, 98, 97], [3, 4, 5]):
        tree = PromptTree()
        stem = tree.add([10, 11])
        tree.add(other, stem)
        branch = tree.add([60, 61], stem)
        with torch.inference_mode():
            hidden = model(prefix, [tree])[0]
        states.append((hidden[tree.last(stem)], hidden[tree.last(branch)], hidden[tree.last(1)]))
    for one, two in zip(states[0][:2], states[1][:2], strict=True):
        torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-5)
    assert (states[0][2] - states[1][2]).abs().max() > 0.1


def test_a_tree_is_read_the_same_beside_a_longer_one(model: SpeechQualityModel, tree: PromptTree) -> None:
    torch.manual_seed(2)
    prefix, longer = torch.randn(2, 5, 64), PromptTree()
    longer.add(list(range(30)))
    with torch.inference_mode():
        alone = model(prefix[:1], [tree])[0]
        beside = model(prefix, [tree, longer])[0, : len(tree)]
    torch.testing.assert_close(alone, beside, atol=1e-5, rtol=1e-5)


def test_turns_come_from_the_chat_template() -> None:
    tokenizer = byte_tokenizer()
    chat = Turns("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "<|im_end|>")
    assert Turns.of(tokenizer) == chat
    tokenizer.chat_template = "{% for m in messages %}[INST]{{ m.content }}[/INST]{% endfor %}"
    assert Turns.of(tokenizer) == Turns("[INST]", "[/INST]", tokenizer.eos_token)


def test_an_llm_without_a_chat_template_gets_plain_text() -> None:
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = None
    assert Turns.of(tokenizer) == Turns("Listener: ", "\nAnswer: ", tokenizer.eos_token)
