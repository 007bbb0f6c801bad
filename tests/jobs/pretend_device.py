"""A device that is not there: tensors hold real numbers, call themselves ``meta``, and are watched.

Inside ``PretendDevice()`` everything that is made on or moved to ``meta`` becomes such a tensor. An operation
on tensors of two devices is refused as a card would refuse it; launches are counted, and so are waits:
whatever must know a number, which on a card means waiting until all work that was handed to it is done.
"""

from collections import Counter
from typing import Any

import torch
from torch import _VF, Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import (
    TorchDispatchMode,
    _disable_current_modes,
    return_and_correct_aliasing,
)
from torch.utils._pytree import tree_flatten, tree_map

PLACE = torch.device("meta")
aten = torch.ops.aten

# the size of what they give, or what they give itself, is a number that the host must know
_WAITS = {aten._local_scalar_dense, aten.is_nonzero, aten.equal}
_WAITS |= {aten.nonzero, aten.masked_select, aten._unique2, aten.unique_dim}
_WITHOUT_LAUNCH = {aten.empty, aten.empty_like, aten.empty_strided, aten.new_empty, aten.new_empty_strided}
_WITHOUT_LAUNCH |= {aten.detach, aten._unsafe_view, aten._reshape_alias, aten.resize_}


class MixedDevicesError(RuntimeError):
    """What a card says of tensors on two devices."""


class Pretended(Tensor):
    """A tensor of the pretended device; ``held`` is where its numbers are."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor, *, requires_grad: bool = False) -> "Pretended":
        made = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=PLACE,
            requires_grad=requires_grad,
        )
        made.held = held
        return made

    def __init__(self, held: Tensor, *, requires_grad: bool = False) -> None: ...

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        raise RuntimeError(f"{func} outside of PretendDevice")

    def tolist(self) -> Any:  # type: ignore[override]
        """One copy to the CPU, as on a card."""
        return self.cpu().tolist()

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Pretended({self.held!r})"


class PretendDevice(TorchDispatchMode):
    """Watches the pretended device.

    Attributes:
        launches: by operation; what only looks at memory in another way is none.
        waits: by operation.

    Args:
        stacked_dropout: whether torch's recurrent calls may drop between their layers.
    """

    def __init__(self, *, stacked_dropout: bool = False) -> None:
        super().__init__()
        self.stacked_dropout = stacked_dropout
        self.launches: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()

    def __enter__(self) -> "PretendDevice":
        # a parameter that moves to a card stays the object it was, so that what is tied stays tied
        self._swapped = torch.__future__.get_swap_module_params_on_conversion()
        torch.__future__.set_swap_module_params_on_conversion(True)
        super().__enter__()
        self._calls = _RecurrentCalls(self)
        self._calls.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._calls.__exit__(*raised)
        super().__exit__(*raised)
        torch.__future__.set_swap_module_params_on_conversion(self._swapped)

    def forget(self) -> None:
        """Count from zero."""
        self.launches.clear()
        self.waits.clear()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        kwargs = dict(kwargs or {})
        tensors = [t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Tensor)]
        own = [t for t in tensors if isinstance(t, Pretended)]
        name, packet = str(func.overloadpacket), func.overloadpacket
        asked = kwargs.get("device")
        asked = None if asked is None else torch.device(asked)
        if not own and (asked is None or asked.type != PLACE.type):
            return func(*args, **kwargs)
        if any(t.device.type == PLACE.type for t in tensors if not isinstance(t, Pretended)):
            # torch has turned a list into an index where no dispatch sees it: it holds no numbers here
            raise AssertionError(f"{func}: make the tensor with torch.tensor(..., device=...)")
        moves = packet in (aten._to_copy, aten.copy_)
        if packet in (aten.index, aten.index_put, aten.index_put_):  # indices may come from the CPU
            tensors = [t for t in (args[0], *args[2:3]) if isinstance(t, Tensor)]
        if not moves:
            self._same_device(func, tensors, kwargs)
        leaves = packet is aten._to_copy and bool(own) and asked is not None and asked.type == "cpu"
        leaves |= packet is aten.copy_ and not isinstance(args[0], Pretended)
        if leaves or packet in _WAITS or self._by_mask(packet, args):
            self.waits[name] += 1
        elif not (func.is_view or packet in _WITHOUT_LAUNCH):
            self.launches[name] += 1
        if asked is not None:
            kwargs["device"] = torch.device("cpu")
        return self._run(func, args, kwargs, wrap=not leaves)

    def _run(self, func: Any, args: Any, kwargs: Any, *, wrap: bool) -> Any:
        wrappers = {id(t.held): t for t in tree_flatten((args, kwargs))[0] if isinstance(t, Pretended)}
        held = tree_map(lambda t: t.held if isinstance(t, Pretended) else t, (args, kwargs))
        with torch.no_grad():
            result = func(*held[0], **held[1])
        if not wrap:
            return result

        def wrapped(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            known = wrappers.get(id(value))
            return Pretended(value) if known is None else known

        found = tree_map(wrapped, result)
        return return_and_correct_aliasing(func, args, kwargs, found)

    @staticmethod
    def _same_device(func: Any, tensors: list[Tensor], kwargs: dict[str, Any]) -> None:
        """Numbers without dimensions may come from the CPU, as on a card."""
        strangers = [t for t in tensors if not isinstance(t, Pretended) and t.dim() > 0]
        if strangers:
            shapes = ", ".join(str(tuple(t.shape)) for t in strangers)
            raise MixedDevicesError(f"{func}: tensors {shapes} lie on the CPU, the others do not")
        if kwargs.get("generator") is not None:
            raise MixedDevicesError(f"{func}: the generator is the CPU's")

    @staticmethod
    def _by_mask(packet: Any, args: Any) -> bool:
        """Indexing by booleans asks how many are true."""
        if packet not in (aten.index, aten.index_put, aten.index_put_):
            return False
        return any(isinstance(i, Tensor) and i.dtype in (torch.bool, torch.uint8) for i in args[1])


class _RecurrentCalls(TorchFunctionMode):
    """Torch's recurrent kernels as one launch each way, as cuDNN's are; and ``torch.tensor``."""

    def __init__(self, device: PretendDevice) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        asked = (kwargs or {}).get("device")
        if func in (torch.tensor, torch.as_tensor) and asked is not None and torch.device(asked) == PLACE:
            # torch makes these on the CPU and moves them where no dispatch sees it
            return func(*args, **{**kwargs, "device": "cpu"}).to(PLACE)
        if func not in (_VF.lstm, _VF.gru, _VF.rnn_tanh) or not isinstance(args[0], Pretended):
            return func(*args, **(kwargs or {}))
        inputs, begin, weights, *rest = args
        if rest[2] > 0 and rest[3] and not self._device.stacked_dropout:
            raise AssertionError("cuDNN's own dropout keeps a state that no checkpoint holds")
        states = list(begin) if isinstance(begin, list | tuple) else [begin]

        def call(x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
            own = others[: len(states)]
            found: tuple[Tensor, ...] = func(
                x, own if len(own) == 2 else own[0], list(others[len(own) :]), *rest
            )
            return found

        return _OneCall.apply(self._device, call, inputs, *states, *weights)


class _OneCall(torch.autograd.Function):
    @staticmethod
    def forward(ctx, device, call, *inputs):  # type: ignore[no-untyped-def]
        device.launches["recurrent"] += 1
        PretendDevice._same_device("recurrent", list(inputs), {})
        with _disable_current_modes(), torch.enable_grad():
            ctx.inputs = [t.held.detach().requires_grad_() for t in inputs]
            ctx.results = call(*ctx.inputs)
            found = tuple(Pretended(t.detach()) for t in ctx.results)
        ctx.device = device
        return found

    @staticmethod
    def backward(ctx, *above):  # type: ignore[no-untyped-def]
        ctx.device.launches["recurrent_backward"] += 1
        with _disable_current_modes():
            held = [g.held for g in above]
            found = torch.autograd.grad(ctx.results, ctx.inputs, held)
            return (None, None, *(Pretended(g) for g in found))
