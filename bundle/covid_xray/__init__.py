"""The stages of the chest X-ray system: ingest, featurize, train and report, over Delta tables."""
