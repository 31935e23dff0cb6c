"""Tools for authors: the one-way build, the check runner, benchmarks."""
