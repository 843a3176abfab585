"""The Tastytrade adapter. The only package that imports the broker's SDK."""
