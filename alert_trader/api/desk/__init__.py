"""The desk page: trades and the account live in a browser, with the buttons of the cards."""
