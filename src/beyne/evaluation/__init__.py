"""How good a model is on a set of pictures, and how surely one is better than another."""
