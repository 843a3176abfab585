"""The grammar of alerts, in four steps: text -> tokens -> fields -> one reading or a refusal.

Lives here: the shapes of tokens (`tokens`), the words of the trading floor (`words`), how an expiration is resolved (`expiry`), how
fields are collected (`fields`), and how they make a reading (`reading`). Never here: an opinion on the market, or a clock.

To read a new shape: add its token to `tokens` or its word to `words`, and its example to the tests. What no entry explains is refused.
"""
