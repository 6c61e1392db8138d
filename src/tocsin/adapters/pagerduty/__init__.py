"""PagerDuty's Events API v2: what its clients send, and the answers that they expect."""
