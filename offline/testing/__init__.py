"""What tests and benchmarks of the second listening need and a product does not: engines made of dice."""
