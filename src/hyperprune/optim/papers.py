"""The papers behind the optimisers."""

from hyperprune.sparsity import Paper

MERITY_2018 = Paper(
    "merity2018",
    "Merity, S., Keskar, N. S., Socher, R.",
    "Regularizing and optimizing LSTM language models",
    "International Conference on Learning Representations",
    2018,
    "https://arxiv.org/abs/1708.02182",
)
POLYAK_JUDITSKY_1992 = Paper(
    "polyak1992",
    "Polyak, B. T., Juditsky, A. B.",
    "Acceleration of stochastic approximation by averaging",
    "SIAM Journal on Control and Optimization 30(4)",
    1992,
    "https://doi.org/10.1137/0330046",
)
KINGMA_BA_2015 = Paper(
    "kingma2015",
    "Kingma, D. P., Ba, J.",
    "Adam: a method for stochastic optimization",
    "International Conference on Learning Representations",
    2015,
    "https://arxiv.org/abs/1412.6980",
)
LOSHCHILOV_HUTTER_2019 = Paper(
    "loshchilov2019",
    "Loshchilov, I., Hutter, F.",
    "Decoupled weight decay regularization",
    "International Conference on Learning Representations",
    2019,
    "https://arxiv.org/abs/1711.05101",
)
