"""Learning to embed cards: students alone or from a teacher, the teacher itself, and what each part is worth."""
