"""Long-running services of one machine, started together and stopped together."""
