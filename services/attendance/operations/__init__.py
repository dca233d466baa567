"""The canary, republishing, and the digests of what this service owns."""
