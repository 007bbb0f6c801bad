"""Optimisers of weights, and of choices."""

from hyperprune.papers.paper import Paper

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
