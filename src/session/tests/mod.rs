//! Tests of the machine, told as what happens and what a user, the ledger and the provider see of it.

mod fixtures;
mod world;

mod calling;
mod calling_limits;
mod calling_random;
mod calls;
mod ends;
mod fallback;
mod history;
mod limits;
mod money;
mod order;
mod queue;
mod random;
mod refusals;
mod retry;
mod saving;
mod search;
mod shape;
mod strategies;
mod summaries;
mod summaries_unasked;
mod toolbox;
mod wellformed;
