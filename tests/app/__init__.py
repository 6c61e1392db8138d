"""What the app does as a whole: the command line against a gateway."""
