"""Recurrent networks and their regularisation."""

from hyperprune.papers.paper import Paper

HOCHREITER_1997 = Paper(
    "hochreiter1997",
    "Hochreiter, S., Schmidhuber, J.",
    "Long short-term memory",
    "Neural Computation 9(8)",
    1997,
    "https://doi.org/10.1162/neco.1997.9.8.1735",
)
ZAREMBA_2014 = Paper(
    "zaremba2014",
    "Zaremba, W., Sutskever, I., Vinyals, O.",
    "Recurrent neural network regularization",
    "arXiv",
    2014,
    "https://arxiv.org/abs/1409.2329",
)
ELMAN_1990 = Paper(
    "elman1990",
    "Elman, J. L.",
    "Finding structure in time",
    "Cognitive Science 14(2)",
    1990,
    "https://doi.org/10.1207/s15516709cog1402_1",
)
CHO_2014 = Paper(
    "cho2014",
    "Cho, K., van Merrienboer, B., Gulcehre, C., Bahdanau, D., Bougares, F., Schwenk, H., Bengio, Y.",
    "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
    "Conference on Empirical Methods in Natural Language Processing",
    2014,
    "https://arxiv.org/abs/1406.1078",
)
GAL_GHAHRAMANI_2016 = Paper(
    "gal2016",
    "Gal, Y., Ghahramani, Z.",
    "A theoretically grounded application of dropout in recurrent neural networks",
    "Advances in Neural Information Processing Systems 29",
    2016,
    "https://arxiv.org/abs/1512.05287",
)
ZILLY_2017 = Paper(
    "zilly2017",
    "Zilly, J. G., Srivastava, R. K., Koutnik, J., Schmidhuber, J.",
    "Recurrent highway networks",
    "International Conference on Machine Learning",
    2017,
    "https://arxiv.org/abs/1607.03474",
)
MERITY_2017 = Paper(
    "merity2017",
    "Merity, S., McCann, B., Socher, R.",
    "Revisiting activation regularization for language RNNs",
    "arXiv",
    2017,
    "https://arxiv.org/abs/1708.01009",
)
YANG_2018 = Paper(
    "yang2018",
    "Yang, Z., Dai, Z., Salakhutdinov, R., Cohen, W. W.",
    "Breaking the softmax bottleneck: a high-rank RNN language model",
    "International Conference on Learning Representations",
    2018,
    "https://arxiv.org/abs/1711.03953",
)
SHEN_2019 = Paper(
    "shen2019",
    "Shen, Y., Tan, S., Sordoni, A., Courville, A.",
    "Ordered neurons: integrating tree structures into recurrent neural networks",
    "International Conference on Learning Representations",
    2019,
    "https://arxiv.org/abs/1810.09536",
)
