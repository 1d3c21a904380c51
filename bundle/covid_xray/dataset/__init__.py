"""Data folders of X-rays: their files by content, patients and sources, and decoding."""
