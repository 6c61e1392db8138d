"""Where the monitor's telemetry is read from, a room for each store of time series; how one is
asked over HTTP is the same for all (Provisioning: sources)."""
