"""Features that networks compute from images: their key, storage and Gram matrix."""
