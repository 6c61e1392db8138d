"""The language model is tested against a server here that answers as one does, or does not."""
