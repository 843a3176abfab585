"""The rules of execution: the policy, position size, the entry price ladder, profit-take exits, expiration."""
