"""AWD-LSTM with a mixture of softmaxes (Yang, Dai, Salakhutdinov and Cohen 2018, arXiv 1711.03953)."""

from typing import ClassVar, Literal, Unpack

from pydantic import Field
from torch import Tensor, nn

from hyperprune.models.awd import AWD, AWDConfig, AWDSizes
from hyperprune.models.decoding.mixture import mixture_log_probabilities
from hyperprune.models.decoding.mixture_loss import mixture_loss
from hyperprune.models.decoding.scored_loss import scored_loss
from hyperprune.models.decoding.soft_targets import SoftTargets
from hyperprune.models.decoding.start import start_decoder
from hyperprune.models.layers.dropout import LockedDropout
from hyperprune.papers import GAL_GHAHRAMANI_2016, HOCHREITER_1997, MERITY_2018, YANG_2018, Paper


class AWDLSTMMoS(AWD):
    """:class:`AWD` whose decoder mixes the softmaxes of several experts; it gives log-probabilities.

    Expert k turns the last layer's output into features of its own, z_k = tanh(L_k h), which the
    embedding matrix decodes; the mixture weights are softmax(P h).

    Args:
        types: size of the vocabulary.
        experts: how many softmaxes are mixed; each has ``embedding`` features.
        latent_dropout: share of the experts' features that is dropped, locked over time.
        tied: the decoder uses the embedding matrix.
        given: see :class:`AWDSizes`.

    Attributes:
        readers: names of the modules that read the units of the last layer.
    """

    readers = ("prior", "latent")

    def __init__(
        self,
        types: int,
        *,
        experts: int,
        latent_dropout: float = 0.0,
        tied: bool = True,
        **given: Unpack[AWDSizes],
    ) -> None:
        super().__init__(types, **given)
        embedding, sizes = given["embedding"], given["sizes"]
        self.experts = experts
        self.prior = nn.Linear(sizes[-1], experts, bias=False)
        self.latent = nn.Linear(sizes[-1], experts * embedding)
        self.latent_dropout = LockedDropout(latent_dropout)
        self.decoder = nn.Linear(embedding, types)
        start_decoder(self.decoder, self.embedding, tied)
        self.products_a_step = {"decoder.weight": experts}

    def decode(self, dropped: Tensor) -> Tensor:
        """Log-probabilities ``(time, batch, types)``."""
        features, prior = self._experts(dropped)
        scores = mixture_log_probabilities(features, prior, self.decoder.weight, self.decoder.bias)
        return scores.view(*dropped.shape[:2], len(self.decoder.bias))

    def decoded_loss(
        self, dropped: Tensor, targets: Tensor, soft: SoftTargets | None = None
    ) -> tuple[Tensor, Tensor]:
        """As the base class; with a teacher, whose loss needs all probabilities, through the scores."""
        if soft is not None:
            return scored_loss(self.decode(dropped).flatten(0, 1), targets.flatten(), soft)
        features, prior = self._experts(dropped)
        loss = mixture_loss(features, prior, self.decoder.weight, self.decoder.bias, targets.flatten())
        return loss, loss.detach()

    def _experts(self, dropped: Tensor) -> tuple[Tensor, Tensor]:
        """The experts' features ``(tokens, experts, features)`` and their weights ``(tokens, experts)``."""
        latent = self.latent_dropout(self.latent(dropped).tanh())
        features = latent.flatten(0, 1).unflatten(1, (self.experts, self.decoder.in_features))
        return features, self.prior(dropped).softmax(dim=-1).flatten(0, 1)


class AWDLSTMMoSConfig(AWDConfig):
    """Sizes and dropouts of an AWD-LSTM with a mixture of softmaxes."""

    papers: ClassVar[tuple[Paper, ...]] = (HOCHREITER_1997, MERITY_2018, GAL_GHAHRAMANI_2016, YANG_2018)

    kind: Literal["awd-lstm-mos"] = Field("awd-lstm-mos", description="Architecture.")
    last_hidden: int | None = Field(
        None, ge=1, le=100_000, description="Units of the last layer; leave out for as many as in the others."
    )
    experts: int = Field(5, ge=1, le=1000, description="Softmaxes that are mixed.")
    latent_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on the experts' features.")
    tied: bool = Field(True, description="Decoder and embedding share one matrix.")

    def build(self, types: int) -> AWDLSTMMoS:
        """The network."""
        return AWDLSTMMoS(
            types,
            embedding=self.embedding,
            sizes=(*[self.hidden] * (self.layers - 1), self.last_hidden or self.hidden),
            experts=self.experts,
            dropouts=self.dropouts,
            latent_dropout=self.latent_dropout,
            tied=self.tied,
        )
