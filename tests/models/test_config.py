"""Kinds of networks: each has its own keys, all are written and read again, and the list is open."""

import json
from typing import Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter
from torch import nn

from hyperprune.cli.table import names
from hyperprune.errors import ConfigurationError
from hyperprune.models import MODELS, AnyModel, ModelConfig, build
from hyperprune.search import configure


class Holder(BaseModel):
    model: AnyModel


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_is_read_as_it_was_written(kind: str) -> None:
    record = MODELS[kind]()
    assert record.kind == kind
    document = Holder(model=record).model_dump_json()
    assert Holder.model_validate_json(document).model == record
    assert type(Holder.model_validate_json(document).model) is MODELS[kind]


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_builds_a_network_of_its_vocabulary(kind: str) -> None:
    network = build(MODELS[kind](), 11)
    assert any(p.shape[0] == 11 for p in network.parameters())


def test_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"model\.kind: .*'lstm'.*stacked-lstm"):
        configure(values={"model.kind": "lstm"})


def test_key_of_no_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown key model\.colour"):
        configure(values={"model.colour": 3})


def test_value_out_of_range_says_what_the_key_is_for() -> None:
    with pytest.raises(ConfigurationError, match=r"model\.hidden: .*got 0: expected units"):
        configure(values={"model.hidden": 0})


def test_a_kind_joins_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    class MineConfig(ModelConfig):
        """Mine."""

        kind: Literal["mine"] = Field("mine", description="Architecture.")
        colour: int = Field(3, description="Its colour.")

        def build(self, types: int) -> nn.Module:
            return nn.Embedding(types, self.colour)

    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    MODELS.register("mine")(MineConfig)
    config = configure(values={"model.kind": "mine", "model.colour": 5})
    assert config.model == MineConfig(colour=5)
    assert json.loads(config.model_dump_json())["model"] == {"kind": "mine", "colour": 5}
    schema = json.dumps(TypeAdapter(AnyModel).json_schema())
    assert '"const": "mine"' in schema
    with pytest.raises(ConfigurationError, match=r"model\.colour is a key of mine, not of stacked-lstm"):
        configure(values={"model.colour": 5})


def test_a_layer_of_another_kind_keeps_the_keys_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    class PlainConfig(ModelConfig):
        """Plain."""

        kind: Literal["plain"] = Field("plain", description="Architecture.")
        hidden: int = Field(3, description="Units.")

        def build(self, types: int) -> nn.Module:
            return nn.Embedding(types, self.hidden)

    monkeypatch.setattr(MODELS, "_entries", dict(MODELS._entries))
    MODELS.register("plain")(PlainConfig)
    assert configure("python-docs", values={"model.kind": "plain"}).model == PlainConfig(hidden=128)


def test_the_command_line_knows_the_same_kinds() -> None:
    assert names("model.kind") == list(MODELS)
