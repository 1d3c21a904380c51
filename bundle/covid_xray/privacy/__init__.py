"""What stands for patients' ids, and the key that it is made with."""
