"""Card databases: the gallery of known cards, searched by embedding."""
