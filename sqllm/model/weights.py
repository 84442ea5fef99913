"""Weights and where they belong, by name."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def check_fit(places: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """Raises `ValueError` naming the first weight that is missing, has no place or has another shape than its place; a
    single number fits whatever the shape it is stored in.
    """
    for name in places:
        if name not in weights:
            raise ValueError(f"{name} is missing")
    for name, weight in weights.items():
        if name not in places:
            raise ValueError(f"{name} has no place")
        if weight.shape != places[name].shape and not weight.numel() == places[name].numel() == 1:
            raise ValueError(f"{name} is {list(weight.shape)}, not {list(places[name].shape)}")


def fill(places: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
    """Copy weights that fit into the tensors of the same names, such as those of a module's `state_dict()`.

    Raises `ValueError` as `check_fit` does, before anything is copied.
    """
    check_fit(places, weights)
    for name, place in places.items():
        place.copy_(weights[name].reshape(place.shape))
