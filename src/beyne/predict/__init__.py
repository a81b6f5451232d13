"""Applying a model to pictures of any size, one or a thousand."""
