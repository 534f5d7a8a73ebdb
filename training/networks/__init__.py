"""The networks: students of several families, and their teacher."""
