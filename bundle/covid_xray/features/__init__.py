"""What networks make of images: features, their key, and their Gram matrix."""
