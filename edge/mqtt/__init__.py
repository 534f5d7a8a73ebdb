"""Takes what a scanner publishes to an MQTT broker, for home automation: a process of its own."""
