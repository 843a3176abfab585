"""What sells a trade's contracts besides its first target: plan, stops, trails, times, precedence. No I/O."""
