"""What is written is run, and compared with the code."""
