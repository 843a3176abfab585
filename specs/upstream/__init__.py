"""Faults of the Temporal SDK that this product works around: a report and a minimal case for each."""
