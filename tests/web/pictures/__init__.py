"""The pictures, from examples that people would know and by laws that hold for any facts."""
