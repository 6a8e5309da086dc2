"""Two optimizers on the same gradients: whether they take the same steps, and what explains it if they do not."""
