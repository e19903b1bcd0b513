"""The chain side: typed clients, signatures, wallets, networks, and the compiler."""
