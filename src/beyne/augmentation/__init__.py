"""Does enlarging a training set with generated pictures help? Arms, folds, verdict, pictures."""
