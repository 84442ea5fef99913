"""A device that is no hardware: its tensors are CPU tensors in a wrapper that must not meet others, as on a GPU.

    with logical_device():
        model.to("logical")
        model(torch.ones(1))  # raises RuntimeError: the input is on the CPU

PyTorch's free slot for backends (`privateuse1`) lends it a name, so that `.device`, `.to`, `device=`, autograd and
optimizers know it as they know `cuda`. What CUDA refuses is refused: operations that mix devices (numbers, tensors
without dimensions on the CPU, indices on the CPU and copies are allowed, as there), `.numpy()`, and any use in a
process that was forked after the device was first used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend
from torch.utils._python_dispatch import TorchDispatchMode

NAME = "logical"
_aten = torch.ops.aten
_COPIES = (_aten.copy_, _aten._to_copy)
_INDEXING = (_aten.index, _aten.index_put, _aten.index_put_, _aten._index_put_impl_, _aten._unsafe_index_put)


_fallbacks = torch.library.Library("_", "IMPL")


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

    def untyped_storage(self) -> torch.UntypedStorage:
        return self.held.untyped_storage()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        if not force:
            raise TypeError(f"can't convert {NAME} device type tensor to numpy: copy it to host memory first")
        return self.held.detach().numpy()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickled, as by `torch.save`, it is its values."""
        return self.held.detach().__reduce_ex__(protocol)

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"{type(self).__name__}({self.held!r})"


@contextmanager
def logical_device() -> Iterator[None]:
    """Within it, `device="logical"` and `.to("logical")` work and mixed devices raise `RuntimeError`."""
    _register()
    _Backend.process = os.getpid()
    swapped = torch.__future__.get_swap_module_params_on_conversion()
    try:
        torch.__future__.set_swap_module_params_on_conversion(
            True
        )  # a module that moves keeps its parameters' identity
        torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(..., device=)` comes by way of the CPU, and by here
        with _Mode():
            yield
    finally:
        torch._C._set_only_lift_cpu_tensors(False)
        torch.__future__.set_swap_module_params_on_conversion(swapped)


class _Mode(TorchDispatchMode):
    """Sees every operation, also those that make a tensor of nothing or bring one from the CPU."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not any(isinstance(leaf, LogicalTensor | torch.device) for leaf in _leaves(args, kwargs)):
            return func(*args, **kwargs)
        with self:  # what an operation is composed of is seen by itself
            composed = func.decompose(*args, **kwargs)
        return _run(func, args, kwargs) if composed is NotImplemented else composed


def is_there(tensor: Tensor) -> bool:
    """Whether a tensor is on the logical device."""
    return tensor.device.type == NAME


def _run(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Run an operation on the values; what it gives is on the logical device where CUDA's would be."""
    leaves = list(_leaves(args, kwargs))
    there, wanted = any(isinstance(leaf, LogicalTensor) for leaf in leaves), kwargs.get("device")
    stays = there if wanted is None else wanted.type == NAME
    if there or stays:
        if os.getpid() != _Backend.process:
            raise RuntimeError("Cannot re-initialize the logical device in forked subprocess")
        if _mixed(func, args, leaves):
            raise RuntimeError(
                f"Expected all tensors to be on the same device: {func} was given {NAME} and cpu tensors"
            )
    if func is _aten._fused_sdp_choice.default and there:
        return SDPBackend.MATH.value  # the fused kernels are asked for by the device's name
    # Values are no inference tensors: the wrappers are, and tell what may be done to them.
    plain = (there or stays) and not any(
        isinstance(leaf, Tensor) and leaf.is_inference() for leaf in leaves if not isinstance(leaf, LogicalTensor)
    )
    with torch.inference_mode(torch.is_inference_mode_enabled() and not plain), torch.no_grad():
        given = func(*map(_value, args), **{name: _value(argument) for name, argument in kwargs.items()})
    written = _written(func)
    if written is not None:
        return args[written[0]] if written[0] < len(args) else kwargs[written[1]]
    if not stays:
        return given
    # A view is an inference tensor where what it looks at is one, anything else where it is made in inference mode.
    with torch.inference_mode(args[0].is_inference() if func.is_view else torch.is_inference_mode_enabled()):
        return _each(lambda one: LogicalTensor(one) if isinstance(one, Tensor) else one, given)


def _leaves(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    """The arguments of an operation, and what is in those that are lists."""
    for argument in (*args, *kwargs.values()):
        yield from argument if isinstance(argument, list | tuple) else (argument,)


def _each(change: Callable[[Any], Any], argument: Any) -> Any:
    return type(argument)(map(change, argument)) if isinstance(argument, list | tuple) else change(argument)


def _value(argument: Any) -> Any:
    """An argument as the CPU is given it."""

    def change(leaf: Any) -> Any:
        if isinstance(leaf, torch.device):
            return torch.device("cpu")
        return leaf.held if isinstance(leaf, LogicalTensor) else leaf

    return _each(change, argument)


@cache
def _written(func: Any) -> tuple[int, str] | None:
    """The place and name of the argument that an operation in place, or one with `out=`, writes to and returns."""
    if not any(one.alias_info is not None and one.alias_info.is_write for one in func._schema.returns):
        return None
    arguments = enumerate(func._schema.arguments)
    return next((i, one.name) for i, one in arguments if one.alias_info is not None and one.alias_info.is_write)


def _mixed(func: Any, args: Sequence[Any], leaves: Sequence[Any]) -> bool:
    """Whether an operation is given what CUDA would refuse to put together."""
    if func.overloadpacket in _COPIES:
        return False
    if func.overloadpacket in _INDEXING and isinstance(args[0], LogicalTensor):  # indices may be on the CPU
        leaves = [args[0], *args[2:]]
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    there = [isinstance(one, LogicalTensor) for one in tensors]
    return any(there) and any(one.dim() for one, is_there in zip(tensors, there, strict=True) if not is_there)


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
    _fallbacks.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")  # autocast changes nothing


def parts_elsewhere(module: torch.nn.Module) -> Iterator[str]:
    """Names of the parameters and buffers that are not on the logical device."""
    for name, part in [*module.named_parameters(), *module.named_buffers()]:
        if not is_there(part):
            yield name
