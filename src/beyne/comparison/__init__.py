"""Comparisons: arms on one frozen split, scored picture by picture, a verdict for each pair."""
