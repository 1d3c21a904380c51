"""What a folder of X-rays holds: its files by content, their patients, and what is inside them."""
