"""The grammar of alerts, step by step: text -> what is seen -> tokens -> fields -> one reading or a refusal.

Lives here: what a person sees of a text (`seeing`), the shapes of tokens (`tokens`), the words of the trading floor (`words`) and the
phrases that only sound like a doubt (`harmless`), how an expiration is resolved (`expiry`), how fields are collected from a line
(`collecting`) or a form (`forms`), what takes the certainty away (`doubts`, `before`, `judging`), how exits and additions are told
(`exits`, `portions`, `told`), how all that makes a reading (`reading`), and why (`explaining`). Never here: an opinion on the market, or a
clock.

To read a new shape: add its token to `tokens`, its word to `words` or its name to `forms`, and its example to the tests. What no entry
explains is refused.
"""
