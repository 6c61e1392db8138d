"""What the house promises: a pure core, small modules, honest tests, nothing private."""
