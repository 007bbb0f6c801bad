"""What an exported folder says of its network: ``config.json``, checked before anything else is read."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hyperprune.errors import ExportError
from hyperprune.inference.compact import TensorRecord
from hyperprune.inference.plain import Kind

CONFIG, WEIGHTS = "config.json", "model.safetensors"
SCHEMA = 1
_LARGEST = 1 << 28  # bytes of the document; a vocabulary of a million words is a tenth of it


class LayerNames(BaseModel):
    """Tensors of one recurrent layer; a bias may be missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight_ih: str
    weight_hh: str
    bias_ih: str | None = None
    bias_hh: str | None = None


class PlainNames(BaseModel):
    """Which tensors make the network that the kernels run: an embedding, layers of one kind, a decoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    layers: tuple[LayerNames, ...] = Field(min_length=1, max_length=100)
    embedding: str | None = Field(None, description="None where inputs are numbers.")
    decoder: str | None = Field(None, description="None where the last layer's units are the outputs.")
    decoder_bias: str | None = None
    layerwise: bool = Field(
        False, description="The network's own state is one of each layer, not one of all layers together."
    )


class Description(BaseModel):
    """An exported network, all but its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    format: Literal["hyperprune"] = "hyperprune"
    schema_: Literal[1] = Field(1, alias="schema", description="Version of this document.")
    written_by: str = Field(description="Version of hyperprune.")
    network: str = Field(description="Class of the network, for people.")
    weights_sha256: str = Field(description="Of model.safetensors.")
    tensors: dict[str, TensorRecord] = Field(description="How each tensor is kept.")
    tied: dict[str, str] = Field({}, description="Names of the network that stand for another tensor.")
    model: dict[str, Any] | None = Field(None, description="Kind and sizes, for a network of hyperprune.")
    plain: PlainNames | None = Field(None, description="None for a network that only torch runs.")
    int8: bool = Field(False, description="Matrices are whole numbers with a scale for each row.")
    vocabulary: tuple[str, ...] | None = Field(None, description="Types of a language model, in order.")
    level: Literal["word", "character"] | None = Field(None, description="What its tokens are.")
    task: str | None = Field(None, description="Name of the task it was trained on; nothing is imported.")
    score: dict[str, str | float | None] = Field({}, description="What was measured when it was trained.")


def read_description(folder: Path) -> Description:
    """The document of an exported folder.

    Raises:
        ExportError: there is none, or it is damaged or of another version.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise ExportError(
            f"{folder} holds no {CONFIG}, so it is not an exported network: give a folder that "
            "hyperprune export --format torch or hub has written"
        )
    if path.stat().st_size > _LARGEST:
        raise ExportError(f"{path} has more than {_LARGEST:,} bytes: it is no description of a network")
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ExportError(f"{path} is damaged: it is no JSON document; copy the folder again") from None
    if not isinstance(document, dict) or document.get("format") != "hyperprune":
        raise ExportError(f"{path} was not written by hyperprune export: give a folder that was")
    if document.get("schema") != SCHEMA:
        raise ExportError(
            f"{path} has schema {document.get('schema')!r:.20}, this version reads {SCHEMA}: use the version "
            "of hyperprune that wrote it"
        )
    try:
        return Description.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise ExportError(f"{path} is damaged: {place}: {first['msg']}; copy the folder again") from None
