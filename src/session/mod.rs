//! The pure machine of one conversation: `Session::handle(Event) -> Vec<Effect>`. Owns the turn, retry and
//! fallback, the ledger's bookings and what is sent; refuses clocks, randomness, I/O and channels.
