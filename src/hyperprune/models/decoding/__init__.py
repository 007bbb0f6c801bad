"""From the last layer to a loss: softmax, mixture of softmaxes, soft targets."""
