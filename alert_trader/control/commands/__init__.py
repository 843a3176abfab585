"""Commands to a running trade or account: cancel, close, convert, halt, resume, flatten, limits."""
