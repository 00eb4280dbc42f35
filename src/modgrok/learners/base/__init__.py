"""What every learner is: the contract, its settings, what is observed, the words of its reports."""
