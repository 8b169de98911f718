//! Tool calls put together from pieces.

use crate::session::calls::Calls;

#[test]
fn pieces_come_in_any_order_and_split_anywhere() {
    let mut calls = Calls::default();
    calls.piece(1, Some("y".into()), Some("second".into()), "");
    calls.piece(0, Some("x".into()), Some("first".into()), "{\"a\":");
    calls.piece(1, None, None, "{}");
    calls.piece(0, Some(String::new()), Some(String::new()), "1}");
    let calls = calls.finish();
    let seen: Vec<_> = calls.iter().map(|c| (c.id.as_str(), c.name.as_str(), c.arguments.as_str())).collect();
    assert_eq!(seen, [("x", "first", "{\"a\":1}"), ("y", "second", "{}")]);
}

#[test]
fn every_call_has_an_id_of_its_own() {
    let mut calls = Calls::default();
    for (index, id) in [(0, Some("call_1")), (1, None), (2, Some("same")), (3, Some("same")), (u32::MAX, None)] {
        calls.piece(index, id.map(str::to_owned), Some("f".into()), "{}");
    }
    let calls = calls.finish();
    let ids: std::collections::BTreeSet<_> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids.len(), 5, "{ids:?}");
}

#[test]
fn a_flood_of_empty_calls_weighs_something() {
    let mut calls = Calls::default();
    for index in 0..1_000 {
        calls.piece(index, None, None, "");
    }
    assert!(calls.bytes() > 100_000);
}
