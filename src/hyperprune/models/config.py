"""Kinds of networks by name, and how a configuration becomes a network.

Each kind is one record, beside its network, that knows its own keys alone. ``MODELS`` lists them; it is
open: a kind of your own joins with ``MODELS.register("mine")(MineConfig)`` before a configuration is read.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, SerializeAsAny, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from torch import nn

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.papers import Paper
from hyperprune.registry import Registry

DEFAULT = "stacked-lstm"


class ModelConfig(BaseModel):
    """Kind and sizes of a network.

    Validating a table against this class gives the record of its kind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    papers: ClassVar[tuple[Paper, ...]] = ()  # behind the kind of network

    kind: str = Field(description="Kind of network.")

    @abstractmethod
    def build(self, types: int) -> nn.Module:
        """The network for a vocabulary of ``types``, weights drawn from torch's generator."""

    def smaller(self, factor: float) -> Self:
        """The same kind with ``factor`` times the features and units, one or more of each; depth stays."""
        step = getattr(self, "chunk", 1)
        given = {name: getattr(self, name, None) for name in ("embedding", "hidden", "last_hidden")}
        sizes = {
            name: max(1, round(factor * size / step)) * step
            for name, size in given.items()
            if size is not None
        }
        return self.model_copy(update=sizes)

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_kind(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if cls is not ModelConfig or isinstance(given, ModelConfig) or not isinstance(given, Mapping):
            return handler(given)
        kind = given.get("kind", DEFAULT)
        try:
            record = MODELS[kind] if isinstance(kind, str) else None
        except UnknownNameError as error:
            raise ValueError(f"model.kind: {error}") from None
        if record is None:
            return handler(given)
        _refuse_keys_of_others(record, kind, given)
        return record.model_validate(given)  # type: ignore[return-value]  # cls is ModelConfig here

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        if cls is not ModelConfig:
            return handler(schema)
        return {"oneOf": [_named(handler(MODELS[kind].__pydantic_core_schema__), kind) for kind in MODELS]}


MODELS: Registry[type[ModelConfig]] = Registry("kind of network")

AnyModel = SerializeAsAny[ModelConfig]  # for fields: written with the keys of its kind


def build(config: ModelConfig, types: int) -> nn.Module:
    """The network of ``config`` for a vocabulary of ``types``, weights drawn from torch's generator."""
    return config.build(types)


def known_keys(tables: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What a ``[model]`` table of another kind has to say to a network of ``kind``; all if it is unknown."""
    if kind not in MODELS:
        return dict(tables)
    return {key: value for key, value in tables.items() if key in MODELS[kind].model_fields}


def _named(schema: JsonSchemaValue, kind: str) -> JsonSchemaValue:
    """A kind's schema in which the key ``kind`` may be left out by the default alone."""
    if kind == DEFAULT:
        return schema
    return {**schema, "required": ["kind", *(key for key in schema.get("required", []) if key != "kind")]}


def _refuse_keys_of_others(record: type[ModelConfig], kind: str, given: Mapping[str, Any]) -> None:
    for key in given:
        others = [name for name in MODELS if key in MODELS[name].model_fields]
        if key not in record.model_fields and others:
            raise ConfigurationError(
                f"model.{key} is a key of {', '.join(others)}, not of {kind}: leave it out, or give one of "
                f"those kinds; {kind} has {', '.join(name for name in record.model_fields if name != 'kind')}"
            )
