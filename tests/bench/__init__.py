"""The measuring room measured: its arithmetic, its generator, and its short form."""
