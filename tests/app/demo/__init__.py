"""The example network, played into a real store."""
