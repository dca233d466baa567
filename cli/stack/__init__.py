"""What runs inside the stack: servers, preflight, canary."""
