"""Writes the shipped schemas anew."""

from pathlib import Path

from edge.wire.schema import write_schemas

if __name__ == "__main__":
    write_schemas(Path(__file__).parent)
