"""The duties that bring devices and links into service: the monitor, which turns evidence into
health, the activator, which turns health and wishes into status, and what explains both."""
