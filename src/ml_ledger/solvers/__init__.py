"""Solvers: the weights at which a penalised loss of a linear score is smallest, by sums inside the warehouse."""
