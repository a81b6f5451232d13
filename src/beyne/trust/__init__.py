"""Where a result can be trusted: a map of probabilities, measured on pictures with known truth."""
