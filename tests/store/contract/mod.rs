//! What both stores hold to.

/// Each test once on each store.
macro_rules! on_both {
    ($(fn $name:ident($store:ident: &mut dyn Store) $body:block)*) => {
        $(fn $name($store: &mut dyn Store) $body)*

        mod memory {
            $(#[test] fn $name() { super::$name(&mut munshi::store::memory::MemoryStore::new()); })*
        }

        mod sqlite {
            $(#[test] fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(&mut crate::support::open(folder.path()));
            })*
        }
    };
}

mod alike;
pub mod context;
mod conversations;
mod ledger;
mod messages;
mod rank;
mod report;
mod search;
