"""Every paper that the project builds on, as records that a report can cite."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """One publication.

    Attributes:
        key: short name, as in a BibTeX file.
        authors: as printed in a list of references.
        title: full title.
        venue: journal or conference.
        year: year of publication.
        url: where it can be read.
    """

    key: str
    authors: str
    title: str
    venue: str
    year: int
    url: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}. {self.url}"


HINTON_2015 = Paper(
    "hinton2015",
    "Hinton, G., Vinyals, O., Dean, J.",
    "Distilling the knowledge in a neural network",
    "NIPS 2014 Deep Learning and Representation Learning Workshop",
    2015,
    "https://arxiv.org/abs/1503.02531",
)
HAN_2015 = Paper(
    "han2015",
    "Han, S., Pool, J., Tran, J., Dally, W. J.",
    "Learning both weights and connections for efficient neural networks",
    "Advances in Neural Information Processing Systems 28",
    2015,
    "https://arxiv.org/abs/1506.02626",
)
ZHU_GUPTA_2017 = Paper(
    "zhu2017",
    "Zhu, M., Gupta, S.",
    "To prune, or not to prune: exploring the efficacy of pruning for model compression",
    "arXiv",
    2017,
    "https://arxiv.org/abs/1710.01878",
)
MOCANU_2018 = Paper(
    "mocanu2018",
    "Mocanu, D. C., Mocanu, E., Stone, P., Nguyen, P. H., Gibescu, M., Liotta, A.",
    "Scalable training of artificial neural networks with adaptive sparse connectivity inspired by "
    "network science",
    "Nature Communications 9, 2383",
    2018,
    "https://arxiv.org/abs/1707.04780",
)
MOSTAFA_WANG_2019 = Paper(
    "mostafa2019",
    "Mostafa, H., Wang, X.",
    "Parameter efficient training of deep convolutional neural networks by dynamic sparse reparameterization",
    "International Conference on Machine Learning",
    2019,
    "https://arxiv.org/abs/1902.05967",
)
DETTMERS_ZETTLEMOYER_2019 = Paper(
    "dettmers2019",
    "Dettmers, T., Zettlemoyer, L.",
    "Sparse networks from scratch: faster training without losing performance",
    "arXiv",
    2019,
    "https://arxiv.org/abs/1907.04840",
)
EVCI_2020 = Paper(
    "evci2020",
    "Evci, U., Gale, T., Menick, J., Castro, P. S., Elsen, E.",
    "Rigging the lottery: making all tickets winners",
    "International Conference on Machine Learning",
    2020,
    "https://arxiv.org/abs/1911.11134",
)
EVCI_2022 = Paper(
    "evci2022",
    "Evci, U., Ioannou, Y. A., Keskin, C., Dauphin, Y.",
    "Gradient flow in sparse neural networks and how lottery tickets win",
    "AAAI Conference on Artificial Intelligence",
    2022,
    "https://arxiv.org/abs/2010.03533",
)
MOLCHANOV_2019 = Paper(
    "molchanov2019",
    "Molchanov, P., Mallya, A., Tyree, S., Frosio, I., Kautz, J.",
    "Importance estimation for neural network pruning",
    "Conference on Computer Vision and Pattern Recognition",
    2019,
    "https://arxiv.org/abs/1906.10771",
)
LIU_2021 = Paper(
    "liu2021",
    "Liu, S., Mocanu, D. C., Pei, Y., Pechenizkiy, M.",
    "Selfish sparse RNN training",
    "International Conference on Machine Learning",
    2021,
    "https://arxiv.org/abs/2101.09048",
)
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
BERGSTRA_2011 = Paper(
    "bergstra2011",
    "Bergstra, J., Bardenet, R., Bengio, Y., Kegl, B.",
    "Algorithms for hyper-parameter optimization",
    "Advances in Neural Information Processing Systems 24",
    2011,
    "https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization",
)
BERGSTRA_BENGIO_2012 = Paper(
    "bergstra2012",
    "Bergstra, J., Bengio, Y.",
    "Random search for hyper-parameter optimization",
    "Journal of Machine Learning Research 13",
    2012,
    "https://www.jmlr.org/papers/v13/bergstra12a.html",
)
SOBOL_1967 = Paper(
    "sobol1967",
    "Sobol, I. M.",
    "On the distribution of points in a cube and the approximate evaluation of integrals",
    "USSR Computational Mathematics and Mathematical Physics 7(4)",
    1967,
    "https://doi.org/10.1016/0041-5553(67)90144-9",
)
SNOEK_2012 = Paper(
    "snoek2012",
    "Snoek, J., Larochelle, H., Adams, R. P.",
    "Practical Bayesian optimization of machine learning algorithms",
    "Advances in Neural Information Processing Systems 25",
    2012,
    "https://arxiv.org/abs/1206.2944",
)
HANSEN_2001 = Paper(
    "hansen2001",
    "Hansen, N., Ostermeier, A.",
    "Completely derandomized self-adaptation in evolution strategies",
    "Evolutionary Computation 9(2)",
    2001,
    "https://doi.org/10.1162/106365601750190398",
)
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
SERIANNI_KALITA_2023 = Paper(
    "serianni2023",
    "Serianni, A., Kalita, J.",
    "Training-free neural architecture search for RNNs and Transformers",
    "ACL",
    2023,
    "https://arxiv.org/abs/2306.00288",
)
ZHENG_SHLIZERMAN_2025 = Paper(
    "zheng2025",
    "Zheng, C., Shlizerman, E.",
    "Hyperpruning: efficient search through pruned variants of recurrent neural networks leveraging "
    "Lyapunov spectrum",
    "arXiv",
    2025,
    "https://arxiv.org/abs/2506.07975",
)
BENETTIN_1980 = Paper(
    "benettin1980",
    "Benettin, G., Galgani, L., Giorgilli, A., Strelcyn, J.-M.",
    "Lyapunov characteristic exponents for smooth dynamical systems and for Hamiltonian systems; a method "
    "for computing all of them",
    "Meccanica 15",
    1980,
    "https://doi.org/10.1007/BF02128236",
)
VOGT_2022 = Paper(
    "vogt2022",
    "Vogt, R., Puelma Touzel, M., Shlizerman, E., Lajoie, G.",
    "On Lyapunov exponents for RNNs: understanding information propagation using dynamical systems tools",
    "Frontiers in Applied Mathematics and Statistics 8",
    2022,
    "https://doi.org/10.3389/fams.2022.818799",
)
AKIBA_2019 = Paper(
    "akiba2019",
    "Akiba, T., Sano, S., Yanase, T., Ohta, T., Koyama, M.",
    "Optuna: a next-generation hyperparameter optimization framework",
    "ACM SIGKDD International Conference on Knowledge Discovery and Data Mining",
    2019,
    "https://arxiv.org/abs/1907.10902",
)
JAMIESON_2016 = Paper(
    "jamieson2016",
    "Jamieson, K., Talwalkar, A.",
    "Non-stochastic best arm identification and hyperparameter optimization",
    "International Conference on Artificial Intelligence and Statistics",
    2016,
    "https://arxiv.org/abs/1502.07943",
)
LI_2018 = Paper(
    "li2018",
    "Li, L., Jamieson, K., DeSalvo, G., Rostamizadeh, A., Talwalkar, A.",
    "Hyperband: a novel bandit-based approach to hyperparameter optimization",
    "Journal of Machine Learning Research 18(185)",
    2018,
    "https://arxiv.org/abs/1603.06560",
)
