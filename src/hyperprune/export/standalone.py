"""The exported network of this folder, on torch alone: ``from module import load; network = load(".")``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

_KINDS: dict[str, type[nn.LSTM | nn.GRU | nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Network(nn.Module):
    """Embedding, recurrent layers and decoder, as far as the network has them.

    Args:
        tensors: by their names in the folder.
        plain: the part ``plain`` of config.json.
    """

    def __init__(self, tensors: dict[str, Tensor], plain: dict[str, Any]) -> None:
        super().__init__()
        self.embedding: nn.Embedding | None = None
        self.decoder: nn.Linear | None = None
        if plain["embedding"] is not None:
            weight = tensors[plain["embedding"]]
            self.embedding = nn.Embedding.from_pretrained(weight)
        if plain["decoder"] is not None:
            weight = tensors[plain["decoder"]]
            self.decoder = nn.Linear(weight.shape[1], weight.shape[0])
            bias = tensors.get(plain["decoder_bias"], torch.zeros(len(weight)))
            self.decoder.load_state_dict({"weight": weight, "bias": bias})
        layers = plain["layers"]
        groups = [[layer] for layer in layers] if plain["layerwise"] else [layers]
        self.recurrent = nn.ModuleList(_recurrent(plain["kind"], group, tensors) for group in groups)
        self.layerwise: bool = plain["layerwise"]
        self.eval()

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Outputs ``(time, batch, outputs)`` and the last state, as nn.LSTM, nn.GRU or nn.RNN have it.

        Args:
            inputs: tokens ``(time, batch)``, or numbers ``(time, batch, features)``.
            state: zeros if left out; a tuple of one for each layer where these are of different sizes.
        """
        hidden = inputs if self.embedding is None else self.embedding(inputs)
        before: Sequence[Any] = [None] * len(self.recurrent)
        if state is not None:
            before = state if self.layerwise else [state]
        after = []
        for layer, own in zip(self.recurrent, before, strict=True):
            hidden, last = layer(hidden, own)
            after.append(last)
        outputs = hidden if self.decoder is None else self.decoder(hidden)
        return outputs, tuple(after) if self.layerwise else after[0]


def load(folder: str | Path = ".") -> Network:
    """The network of a folder, in evaluation mode; its pruned weights are zeros."""
    path = Path(folder)
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    kept = safetensors.torch.load_file(path / "model.safetensors")
    tensors = {name: _dense(name, record, kept) for name, record in config["tensors"].items()}
    tensors |= {name: tensors[other] for name, other in config["tied"].items()}
    return Network(tensors, config["plain"])


def _recurrent(kind: str, layers: list[dict[str, Any]], tensors: dict[str, Tensor]) -> nn.Module:
    units, inputs = tensors[layers[0]["weight_hh"]].shape[1], tensors[layers[0]["weight_ih"]].shape[1]
    biased = any(layer["bias_ih"] is not None for layer in layers)
    module = _KINDS[kind](inputs, units, len(layers), bias=biased)
    module.load_state_dict(
        {
            f"{name}_l{number}": tensors[layer[name]]
            for number, layer in enumerate(layers)
            for name in _NAMES
            if layer[name] is not None
        }
    )
    return module


def _dense(name: str, record: dict[str, Any], kept: dict[str, Tensor]) -> Tensor:
    """A tensor from its live values and where they are."""
    if name in kept:
        return kept[name]
    values, shape = kept[f"{name}:values"], record["shape"]
    if record["layout"] != "dense":
        live, values = _live(name, record, kept), values
        full = torch.zeros(shape, dtype=values.dtype)
        full[live] = values
        values = full
    return values * kept[f"{name}:scales"][:, None] if record["int8"] else values


def _live(name: str, record: dict[str, Any], kept: dict[str, Tensor]) -> Tensor:
    """Which weights lie in live blocks."""
    (rows, columns), (tall, broad), gates = record["shape"], record["block"], record["gates"]
    lines, groups = gates * -(-(rows // gates) // tall), -(-columns // broad)
    if record["layout"] == "bits":
        bits = kept[f"{name}:bits"].int()
        flat = (bits[:, None] >> torch.arange(7, -1, -1)) & 1
        blocks = flat.reshape(-1)[: lines * groups].bool().view(lines, groups)
    else:
        blocks = torch.zeros(lines, groups, dtype=torch.bool)
        rows_of = torch.arange(lines).repeat_interleave(kept[f"{name}:counts"].long())
        blocks[rows_of, kept[f"{name}:columns"].long()] = True
    wide = blocks.view(gates, -1, groups).repeat_interleave(tall, 1).repeat_interleave(broad, 2)
    return wide[:, : rows // gates, :columns].reshape(rows, columns)
