"""Comparisons: arms on one frozen split, scored picture by picture, with a verdict for each pair."""
