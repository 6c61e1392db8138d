"""Mail: what happened, told to an address, one thread per ticket."""
