"""Generic JSON: mappings, what comes with the house, and what nobody should be able to do."""
