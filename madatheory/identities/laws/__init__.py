"""The identities, one module per kind; whatever stands here is found."""
