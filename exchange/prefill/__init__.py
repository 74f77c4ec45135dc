"""Prefill: what a case still needs and the form already filled, gathered from what the grants cited give. No web."""
