"""Stories and laws of the core: what may happen, tried without any store or clock."""
