"""How a trade is executed: policy, sizing, the entry price ladder, exits and expiration. No I/O."""
