"""Pruning and sparse training."""

from hyperprune.papers.paper import Paper

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
