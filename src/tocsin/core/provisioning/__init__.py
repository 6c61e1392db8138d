"""How devices, links and interfaces come into service: on evidence, and by nobody's word alone.

Telemetry becomes *health*, health and wish become *status*. Everything here is pure: what was
measured comes in as values, what follows goes out as values.
"""
