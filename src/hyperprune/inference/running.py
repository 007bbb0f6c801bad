"""A network that runs: step by step, or over whole sequences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.inference.kernels import Engine
from hyperprune.inference.plain import PlainNetwork
from hyperprune.inference.states import State, StateForm


class Running(Protocol):
    """What :func:`hyperprune.inference.load` gives.

    Attributes:
        kernel: what runs it, ``"c"`` or ``"torch"``.
        why: why that, and how each matrix is kept.
        vocabulary: types of a language model, or none.
    """

    kernel: str
    why: str
    vocabulary: tuple[str, ...] | None

    def step(self, x: Any, state: State = None) -> tuple[Tensor, State]:
        """One step: outputs ``(batch, outputs)`` and the state after it.

        Args:
            x: tokens ``(batch,)``, or numbers ``(batch, features)``; for one sequence without the batch,
                and then the outputs are without it too.
            state: what the last step gave; zeros if left out. It is not changed.
        """
        ...

    def run(self, inputs: Any, state: State = None) -> tuple[Tensor, State]:
        """Whole sequences: outputs ``(time, batch, outputs)`` and the state after the last step.

        Args:
            inputs: tokens ``(time, batch)``, or numbers ``(time, batch, features)``; for one sequence
                without the batch.
            state: as in ``step``.
        """
        ...


class PlainRunning:
    """A plain network on an engine; see :class:`Running`.

    Args:
        network: its sizes.
        engine: what runs it.
        why: for people.
        layerwise: whether the state is one of each layer.
        vocabulary: types of a language model.
    """

    def __init__(
        self,
        network: PlainNetwork,
        engine: Engine,
        why: str,
        *,
        layerwise: bool = False,
        vocabulary: tuple[str, ...] | None = None,
    ) -> None:
        self.kernel, self.why, self.vocabulary = engine.name, why, vocabulary
        self.engine = engine
        self._features = None if network.types else network.inputs
        self._layers = len(network.layers)
        self._state = StateForm(network.units, pairs=network.kind == "lstm", layerwise=layerwise)

    def __repr__(self) -> str:
        return f"<a recurrent network of {self._layers} layers on {self.kernel}>"

    def step(self, x: Any, state: State = None) -> tuple[Tensor, State]:
        """See :class:`Running`."""
        given = self._inputs(x)
        single = given.dim() == (0 if self._features is None else 1)
        inputs = given[None, None] if single else given[None]
        outputs, after = self._run(inputs, state)
        return (outputs[0, 0] if single else outputs[0]), after

    def run(self, inputs: Any, state: State = None) -> tuple[Tensor, State]:
        """See :class:`Running`."""
        given = self._inputs(inputs)
        single = given.dim() == (1 if self._features is None else 2)
        outputs, after = self._run(given[:, None] if single else given, state)
        return (outputs[:, 0] if single else outputs), after

    def _inputs(self, given: Any) -> Tensor:
        """The inputs as the engines take them."""
        tensor = torch.as_tensor(given)
        if self._features is not None:
            if tensor.is_complex():
                raise ConfigurationError("inputs must be real numbers, got complex ones: give floats")
            return tensor.to("cpu", torch.float32)
        if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
            raise ConfigurationError(
                f"this network takes tokens, whole numbers, got {tensor.dtype}: give their numbers"
            )
        if tensor.dtype != torch.int32 and tensor.numel():
            least, most = int(tensor.min()), int(tensor.max())
            if least < 0 or most > 0x7FFFFFFF:
                raise ConfigurationError(
                    f"a token must lie in the vocabulary, got {least if least < 0 else most}: give numbers "
                    "from 0 to its size"
                )
        return tensor.to("cpu", torch.int32)

    def _run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        wanted = 2 if self._features is None else 3
        if inputs.dim() != wanted or (self._features and inputs.shape[2] != self._features):
            rest = "" if self._features is None else f", {self._features}"
            raise ConfigurationError(
                f"inputs must be (time, batch{rest}), a step (batch{rest}), got {tuple(inputs.shape)}: give "
                "them in that shape"
            )
        row = self._state.flat(state, inputs.shape[1])
        outputs = self.engine.run(inputs.contiguous(), row)
        return outputs, self._state.shaped(row, inputs.shape[1])


class ModuleRunning:
    """A network that only torch runs, such as a recurrent highway network; see :class:`Running`.

    Args:
        module: maps ``(time, batch)`` tokens and a state to scores and the next state.
        why: for people.
        vocabulary: types of a language model.
    """

    kernel = "torch"

    def __init__(self, module: torch.nn.Module, why: str, vocabulary: tuple[str, ...] | None) -> None:
        self.why, self.vocabulary = why, vocabulary
        self._module = module.eval()

    @torch.no_grad()
    def step(self, x: Any, state: State = None) -> tuple[Tensor, State]:
        """See :class:`Running`."""
        tokens = torch.as_tensor(x)
        with _without_reordering():
            outputs, after = self._module(tokens.reshape(1, -1), state)
        return (outputs[0, 0] if tokens.dim() == 0 else outputs[0]), after

    @torch.no_grad()
    def run(self, inputs: Any, state: State = None) -> tuple[Tensor, State]:
        """See :class:`Running`."""
        tokens = torch.as_tensor(inputs)
        outputs, after = self._module(tokens[:, None] if tokens.dim() == 1 else tokens, state)
        return (outputs[:, 0] if tokens.dim() == 1 else outputs), after


@contextmanager
def _without_reordering() -> Iterator[None]:
    """Inside, ``nn.LSTM`` leaves its weights in their order: oneDNN rearranges them at every call.

    Over a window that pays; at one step a call it takes many times as long as the step.
    """
    backend: Any = torch.backends.mkldnn  # its flags() would warn of TF32, which no CPU has
    before = backend.enabled
    backend.enabled = False
    try:
        yield
    finally:
        backend.enabled = before
