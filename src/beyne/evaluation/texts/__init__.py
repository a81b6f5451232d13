"""How well models that make pictures of texts do what they are told."""
