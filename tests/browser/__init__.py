"""The pages in a real browser: as they are seen, used with a keyboard, and read aloud."""
