"""Training, export and evaluation of Uncertainty-informed Mutual Learning networks."""
