"""What clients of PagerDuty's Events API send."""
