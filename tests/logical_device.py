"""A device that is no hardware: its tensors are CPU tensors in a wrapper that must not meet others, as on a GPU.

    with LogicalDevice():
        model.to("logical")
        model(torch.ones(1))  # raises RuntimeError: the input is on the CPU

PyTorch's free slot for backends (`privateuse1`) lends it a name, so that `.device`, `.to`, `device=`, autograd and
optimizers know it as they know `cuda`. What CUDA refuses is refused: operations that mix devices (numbers, tensors
without dimensions on the CPU, indices on the CPU and copies are allowed, as there), `.numpy()`, and any use in a
process that was forked after the device was first used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

NAME = "logical"
_aten = torch.ops.aten
_COPIES = (_aten.copy_, _aten._to_copy)
_INDEXING = (_aten.index, _aten.index_put, _aten.index_put_, _aten._index_put_impl_, _aten._unsafe_index_put)


class LogicalTensor(Tensor):
    """A tensor on the logical device; `held` are its values, on the CPU."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, held: Tensor) -> LogicalTensor:
        wrapper = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device(NAME, 0),
        )
        wrapper.held = held
        return wrapper

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return _run(func, args, kwargs or {})

    def tolist(self) -> Any:
        return self.held.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        if not force:
            raise TypeError(f"can't convert {NAME} device type tensor to numpy: copy it to host memory first")
        return self.held.detach().numpy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickled, as by `torch.save`, it is its values."""
        return self.held.detach().__reduce_ex__(protocol)

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"{type(self).__name__}({self.held!r})"


class LogicalDevice(TorchDispatchMode):
    """While entered, `device="logical"` and `.to("logical")` work and mixed devices raise `RuntimeError`."""

    def __enter__(self) -> LogicalDevice:
        _register()
        _Backend.process = os.getpid()
        # As with CUDA, a module that moves keeps its parameters' identity.
        self._swapped = torch.__future__.get_swap_module_params_on_conversion()
        torch.__future__.set_swap_module_params_on_conversion(True)
        torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(..., device=)` comes by way of the CPU, and by here
        return super().__enter__()

    def __exit__(self, *problem: Any) -> None:
        super().__exit__(*problem)
        torch._C._set_only_lift_cpu_tensors(False)
        torch.__future__.set_swap_module_params_on_conversion(self._swapped)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def is_there(tensor: Tensor) -> bool:
    """Whether a tensor is on the logical device."""
    return tensor.device.type == NAME


def _run(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run an operation on the values; what it gives is on the logical device where CUDA's would be."""
    leaves = tree_leaves((args, kwargs))
    wanted = kwargs.get("device")
    there = any(isinstance(leaf, LogicalTensor) for leaf in leaves)
    if there or (wanted is not None and torch.device(wanted).type == NAME):
        if os.getpid() != _Backend.process:
            raise RuntimeError("Cannot re-initialize the logical device in forked subprocess")
        _refuse_mixture(func, args, leaves)
    if func is _aten._fused_sdp_choice.default and there:
        return SDPBackend.MATH.value  # the fused kernels are asked for by the device's name
    values = {name: torch.device("cpu") if name == "device" and wanted is not None else v for name, v in kwargs.items()}
    given = func(*tree_map(_value, args), **tree_map(_value, values))
    if func._schema.is_mutable and _written(func, args, kwargs) is not None:
        return _written(func, args, kwargs)
    stays = there if wanted is None else torch.device(wanted).type == NAME
    return tree_map(lambda one: LogicalTensor(one) if isinstance(one, Tensor) else one, given) if stays else given


def _value(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, LogicalTensor) else leaf


def _written(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The argument that an operation in place, or one with `out=`, writes to and returns; nothing of others."""
    if not any(one.alias_info is not None and one.alias_info.is_write for one in func._schema.returns):
        return None
    for place, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            return args[place] if place < len(args) else kwargs[argument.name]
    return None


def _refuse_mixture(func: Any, args: Sequence[Any], leaves: Sequence[Any]) -> None:
    if func.overloadpacket in _COPIES:
        return
    if func.overloadpacket in _INDEXING:  # indices may be on the CPU, where what they point into is not
        leaves = [args[0], *args[2:]] if isinstance(args[0], LogicalTensor) else leaves
    elsewhere = [one for one in leaves if isinstance(one, Tensor) and not isinstance(one, LogicalTensor)]
    if any(isinstance(leaf, LogicalTensor) for leaf in leaves) and any(one.dim() for one in elsewhere):
        raise RuntimeError(f"Expected all tensors to be on the same device: {func} was given {NAME} and cpu tensors")


class _Backend:
    """What PyTorch asks of a backend's module, as `torch.cuda` is one."""

    process = os.getpid()

    @staticmethod
    def get_amp_supported_dtype() -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]

    is_initialized = is_available = staticmethod(lambda: True)
    _is_in_bad_fork = staticmethod(lambda: os.getpid() != _Backend.process)
    current_device = staticmethod(lambda: 0)
    device_count = staticmethod(lambda: 1)
    manual_seed_all = staticmethod(lambda seed: None)


@cache
def _register() -> None:
    """Give the free backend its name; once a process, for good."""
    from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

    _setup_privateuseone_for_python_backend(NAME, backend_module=_Backend())


def parts_elsewhere(module: torch.nn.Module) -> Iterator[str]:
    """Names of the parameters and buffers that are not on the logical device."""
    for name, part in [*module.named_parameters(), *module.named_buffers()]:
        if not is_there(part):
            yield name
