"""What ``python -m tools.check`` proves, one verb a module."""
