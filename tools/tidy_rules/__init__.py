"""The checks of tools/tidy. Each module lists its own in CHECKS; each check takes a Tree."""
