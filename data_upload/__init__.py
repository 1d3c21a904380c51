"""Prepare folders of X-rays, and copy them to and from a Databricks volume."""
