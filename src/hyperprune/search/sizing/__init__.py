"""How small can it be? Searches at one sparsity after the other, until the sparsest level one is found."""
