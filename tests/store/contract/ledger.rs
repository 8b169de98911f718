use jiff::civil::date;
use munshi::chat::ledger::{LedgerClosing, LedgerOpening};
use munshi::chat::{AttemptId, Local, PicoUsd, Rate, Spend};
use munshi::store::memory::MemoryStore;
use munshi::store::{Cap, Reservation, Scope, Step, Store, Write};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::support::*;

fn cap(scope: Scope, most: i64) -> Cap {
    Cap { scope, most: rupees(most) }
}

/// So many pico-dollars at the rate of the rows here.
fn rupees(pico: i64) -> Local {
    Local::of(PicoUsd(pico), Rate::default())
}

on_both! {
    fn each_row_is_summed_at_its_own_rate_and_in_its_own_scope(store: &mut dyn Store) {
        let rows = [
            (1, date(2026, 5, 28), 85_000_000, Some(1_000)),
            (1, date(2026, 5, 31), 90_000_000, Some(1)),
            (2, date(2026, 6, 1), 85_000_000, Some(7)),
            (2, date(2025, 5, 28), 1, None),
        ];
        for (reply, (conversation, day, rate, cost)) in rows.into_iter().enumerate() {
            let row = LedgerOpening { day, rate: Rate(rate), ..opening(conversation, reply as u128, Some(1_000_000)) };
            store.write(&[Write::OpenAttempt(row), Write::CloseAttempt(closing(reply as u128, cost))]).unwrap();
        }
        // Open rows have cost nothing yet.
        store.write(&[Write::OpenAttempt(opening(1, 50, Some(5)))]).unwrap();
        let spend = |pico_usd, atto_local, unknown| Spend { pico_usd, atto_local, unknown };
        let day = Scope::Day(date(2026, 5, 28));
        assert_eq!(store.spend(day).unwrap(), spend(1_000, 85_000_000_000, 0));
        assert_eq!(store.spend(Scope::Month(date(2026, 5, 3))).unwrap(), spend(1_001, 85_090_000_000, 0));
        assert_eq!(store.spend(Scope::Month(date(2025, 5, 3))).unwrap(), spend(0, 0, 1));
        assert_eq!(store.spend(Scope::Month(date(2024, 2, 29))).unwrap(), Spend::default());
        assert_eq!(store.spend(Scope::Conversation(conversation_id(2))).unwrap(), spend(7, 595_000_000, 1));
        assert_eq!(store.spend(Scope::Everything).unwrap(), spend(1_008, 85_685_000_000, 1));
    }

    fn a_row_is_opened_once_and_closed_once(store: &mut dyn Store) {
        store.write(&[
            Write::OpenAttempt(opening(1, 1, None)),
            Write::OpenAttempt(LedgerOpening { rate: Rate(1), ..opening(1, 1, None) }),
            Write::CloseAttempt(closing(1, Some(3))),
            Write::CloseAttempt(closing(1, Some(4))),
            Write::OpenAttempt(opening(1, 1, None)),
            Write::CloseAttempt(LedgerClosing { cost: None, ..closing(1, None) }),
            Write::CloseAttempt(closing(99, Some(1_000))),
        ]).unwrap();
        assert_eq!(store.spend(Scope::Everything).unwrap(), Spend::of(PicoUsd(3), Rate::default()));
        let second = AttemptId { ordinal: 1, ..opening(1, 1, None).attempt };
        store.write(&[
            Write::OpenAttempt(LedgerOpening { attempt: second, ..opening(1, 1, None) }),
            Write::CloseAttempt(LedgerClosing { attempt: second, ..closing(1, None) }),
        ]).unwrap();
        let both = Spend::of(PicoUsd(3), Rate::default()) + Spend::unknown();
        assert_eq!(store.spend(Scope::Everything).unwrap(), both);
    }

    fn the_largest_sums_do_not_overflow(store: &mut dyn Store) {
        for reply in 0..5 {
            let row = LedgerOpening { rate: Rate(u64::MAX), ..opening(1, reply, None) };
            store.write(&[Write::OpenAttempt(row), Write::CloseAttempt(closing(reply, Some(i64::MAX)))]).unwrap();
        }
        let sum = store.spend(Scope::Everything).unwrap();
        assert_eq!(sum.pico_usd, i128::from(i64::MAX) * 5);
        let reservation = store.reserve(&opening(1, 9, Some(1)), &[cap(Scope::Everything, i64::MAX)]).unwrap();
        let used = Local((0..5).fold(0_i128, |sum, _| sum.saturating_add(Local::of(PicoUsd(i64::MAX), Rate(u64::MAX)).0)));
        assert_eq!(reservation, Reservation::Refused { cap: cap(Scope::Everything, i64::MAX), used });
    }

    fn a_reservation_counts_what_is_recorded_and_what_is_reserved(store: &mut dyn Store) {
        let caps = [cap(Scope::Conversation(conversation_id(1)), 100), cap(Scope::Day(DAY), 150)];
        let granted = |store: &mut dyn Store, conversation, reply, reserved| {
            store.reserve(&opening(conversation, reply, reserved), &caps).unwrap()
        };
        assert_eq!(granted(store, 1, 1, Some(60)), Reservation::Granted);
        assert_eq!(granted(store, 1, 2, Some(41)), Reservation::Refused { cap: caps[0], used: rupees(60) });
        assert_eq!(granted(store, 1, 2, Some(40)), Reservation::Granted);
        assert_eq!(granted(store, 1, 3, None), Reservation::Granted);
        let day = [caps[1]];
        let refused = Reservation::Refused { cap: day[0], used: rupees(100) };
        assert_eq!(store.reserve(&opening(2, 4, Some(51)), &day).unwrap(), refused);
        assert_eq!(store.reserve(&opening(2, 4, Some(50)), &day).unwrap(), Reservation::Granted);
    }

    fn steps_are_one_transaction_in_order_and_a_refusal_undoes_none_of_them(store: &mut dyn Store) {
        let caps = [cap(Scope::Day(DAY), 100)];
        let openings: Vec<_> = (1..=4).map(|reply| opening(1, reply, Some(60))).collect();
        let reserve = |at: usize| Step::Reserve { opening: &openings[at], caps: &caps };
        let (close, named) = (Write::CloseAttempt(closing(1, Some(40))), put(1, "named"));
        let steps = [reserve(0), Step::Write(&named), reserve(1), Step::Write(&close), reserve(2), reserve(3)];
        let refused = |used| Reservation::Refused { cap: caps[0], used: rupees(used) };
        assert_eq!(store.apply(&steps).unwrap(), [Reservation::Granted, refused(60), Reservation::Granted, refused(100)]);
        assert_eq!(titles(store, ""), ["named"]);
        assert_eq!(store.spend(Scope::Everything).unwrap(), Spend::of(PicoUsd(40), Rate::default()));
        // What fails takes all with it, also what was granted.
        let (later, lost) = (LedgerOpening { day: date(2026, 6, 1), ..opening(1, 9, Some(60)) }, Write::AddMessage(said(9, 9, None, "")));
        let month = [cap(Scope::Month(later.day), 60)];
        let first = Step::Reserve { opening: &later, caps: &month };
        assert!(store.apply(&[first, Step::Write(&lost)]).is_err());
        let other = LedgerOpening { day: later.day, ..opening(1, 10, Some(60)) };
        assert_eq!(store.reserve(&other, &month).unwrap(), Reservation::Granted);
    }

    fn a_refusal_opens_no_row_and_a_close_lets_go(store: &mut dyn Store) {
        let caps = [cap(Scope::Month(DAY), 100)];
        assert_eq!(store.reserve(&opening(1, 1, Some(90)), &caps).unwrap(), Reservation::Granted);
        let refused = Reservation::Refused { cap: caps[0], used: rupees(90) };
        assert_eq!(store.reserve(&opening(1, 2, Some(11)), &caps).unwrap(), refused);
        store.write(&[Write::CloseAttempt(closing(2, Some(500)))]).unwrap();
        assert_eq!(store.spend(Scope::Everything).unwrap(), Spend::default());
        store.write(&[Write::CloseAttempt(closing(1, Some(20)))]).unwrap();
        assert_eq!(store.reserve(&opening(1, 3, Some(80)), &caps).unwrap(), Reservation::Granted);
        // A bill that never came may have been the worst: the cap holds all the same.
        store.write(&[Write::CloseAttempt(closing(3, None))]).unwrap();
        let refused = Reservation::Refused { cap: caps[0], used: rupees(100) };
        assert_eq!(store.reserve(&opening(1, 4, Some(1)), &caps).unwrap(), refused);
        // In another month all of that counts for nothing.
        let later = LedgerOpening { day: date(2026, 6, 1), ..opening(1, 5, Some(100)) };
        assert_eq!(store.reserve(&later, &[cap(Scope::Month(date(2026, 6, 30)), 100)]).unwrap(), Reservation::Granted);
    }

    fn an_attempt_that_asks_again_counts_once(store: &mut dyn Store) {
        for scope in [Scope::Everything, Scope::Day(DAY), Scope::Month(DAY), Scope::Conversation(conversation_id(1))] {
            let caps = [cap(scope, 100)];
            assert_eq!(store.reserve(&opening(1, 1, Some(60)), &caps).unwrap(), Reservation::Granted);
            assert_eq!(store.reserve(&opening(1, 1, Some(100)), &caps).unwrap(), Reservation::Granted);
            let refused = Reservation::Refused { cap: caps[0], used: rupees(0) };
            assert_eq!(store.reserve(&opening(1, 1, Some(101)), &caps).unwrap(), refused);
            let other = Reservation::Refused { cap: caps[0], used: rupees(100) };
            assert_eq!(store.reserve(&opening(1, 2, Some(1)), &caps).unwrap(), other);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default()
    })]

    #[test]
    fn both_stores_sum_what_128_bits_sum(
        rows in prop::collection::vec(
            (prop::option::of(any::<i64>()), prop::sample::select(vec![0, 1, 85_000_000, 1_000_000_000_000]), 0_u128..3, 0_i8..3, any::<bool>()),
            0..40,
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = open(folder.path());
        let mut memory = MemoryStore::new();
        let mut expected = Spend::default();
        let mut writes = Vec::new();
        for (reply, (cost, rate, conversation, day, closed)) in rows.iter().enumerate() {
            let day = date(2026, 1 + day, 28);
            let row = LedgerOpening { day, rate: Rate(*rate), ..opening(*conversation, reply as u128, Some(1)) };
            writes.push(Write::OpenAttempt(row));
            if *closed {
                writes.push(Write::CloseAttempt(closing(reply as u128, *cost)));
                expected += cost.map_or_else(Spend::unknown, |cost| Spend::of(PicoUsd(cost), Rate(*rate)));
            }
        }
        disk.write(&writes).unwrap();
        memory.write(&writes).unwrap();
        prop_assert_eq!(disk.spend(Scope::Everything).unwrap(), expected);
        let scopes = (0..3).flat_map(|number| {
            let day = date(2026, 1 + i8::try_from(number).unwrap(), 28);
            [Scope::Conversation(conversation_id(number)), Scope::Day(day), Scope::Month(day)]
        });
        for scope in scopes.chain([Scope::Everything]) {
            prop_assert_eq!(disk.spend(scope).unwrap(), memory.spend(scope).unwrap());
        }
    }
}
