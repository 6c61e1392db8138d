"""What clients of Opsgenie's Alert API send."""
