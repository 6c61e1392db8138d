"""The room of the network: devices and links, where they stand, and what is between them and
service."""
