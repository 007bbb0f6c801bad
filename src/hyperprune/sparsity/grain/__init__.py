"""What rules see of a network: each weight, each block, or each unit as one entry of a tensor.

A rule is a function of named tensors and doesn't know what an entry stands for. A grain makes the tensors
from the network's and makes masks of what the rules say.
"""
