"""Pseudonyms of patient ids, and the secret key that they are computed with."""
