"""The papers behind patterns."""

from hyperprune.papers import Paper

VALIN_2018 = Paper(
    "valin2018",
    "Valin, J.-M.",
    "A hybrid DSP/deep learning approach to real-time full-band speech enhancement",
    "IEEE International Workshop on Multimedia Signal Processing",
    2018,
    "https://arxiv.org/abs/1709.08243",
)
VALIN_SKOGLUND_2019 = Paper(
    "valin2019",
    "Valin, J.-M., Skoglund, J.",
    "LPCNet: improving neural speech synthesis through linear prediction",
    "IEEE International Conference on Acoustics, Speech and Signal Processing",
    2019,
    "https://arxiv.org/abs/1810.11846",
)
WEN_2018 = Paper(
    "wen2018",
    "Wen, W., He, Y., Rajbhandari, S., Zhang, M., Wang, W., Liu, F., Hu, B., Chen, Y., Li, H.",
    "Learning intrinsic sparse structures within long short-term memory",
    "International Conference on Learning Representations",
    2018,
    "https://arxiv.org/abs/1709.05027",
)
