"""Claims about networks of threshold units, each on random networks in rational numbers."""
