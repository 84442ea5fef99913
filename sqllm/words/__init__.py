"""What is asked and said of a clip: questions, notes, claims, and how they are held against each other."""
