"""Each learner's panels and words, one file per learner."""
