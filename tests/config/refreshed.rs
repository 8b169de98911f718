//! Lists that providers gave: kept, laid between the built-in table and the user's rows, and never in the way.

use jiff::civil::date;
use munshi::chat::ModelRef;
use munshi::chat::listing::{ListedModel, Listing};
use munshi::chat::model::Prices;
use munshi::config::refreshed::{PriceChange, Refreshed, keep};
use munshi::config::{Config, report};

use super::{Home, SYSTEM};

const ADDRESS: &str = "https://openrouter.ai/api/v1";

fn prices(input: u64, output: u64) -> Prices {
    Prices { input, output, cached_input: None, cache_write: None }
}

fn row(id: &str, prices: Option<Prices>) -> ListedModel {
    ListedModel { id: id.to_owned(), prices, ..ListedModel::default() }
}

fn listing(models: Vec<ListedModel>) -> Listing {
    Listing { provider: "openrouter".to_owned(), as_of: date(2026, 11, 25), models }
}

fn price_of(config: &Config, name: &str) -> Option<Prices> {
    config.catalogue.spec(&config.catalogue.parse(name)).prices
}

#[test]
fn a_kept_list_holds_from_the_next_start_on_and_the_user_s_own_rows_over_it() {
    let home =
        Home::with_config("[models.\"openrouter/mine\"]\nusd_per_million_input = 9\nusd_per_million_output = 9\n");
    let models = vec![row("new/one", Some(prices(1, 2))), row("mine", Some(prices(3, 4))), row("name/only", None)];
    let brought = keep(&home.load(), &listing(models), ADDRESS, &SYSTEM).unwrap();
    let model = |id: &str| ModelRef::new("openrouter", id);
    let expected = Refreshed {
        provider: "openrouter".to_owned(),
        as_of: date(2026, 11, 25),
        listed: 3,
        priced: 2,
        new: vec![
            (model("mine"), Some(prices(3, 4))),
            (model("name/only"), None),
            (model("new/one"), Some(prices(1, 2))),
        ],
        changed: Vec::new(),
    };
    assert_eq!(brought, expected);
    let later = home.load();
    assert!(later.notices.is_empty(), "{:?}", later.notices);
    assert_eq!(price_of(&later, "openrouter/new/one"), Some(prices(1, 2)));
    assert_eq!(price_of(&later, "openrouter/mine"), Some(prices(9_000_000, 9_000_000)));
    assert_eq!(price_of(&later, "gpt-4o-mini").map(|prices| prices.input), Some(150_000), "others stay");
    assert_eq!(later.catalogue.priced_on("openrouter"), date(2026, 11, 25));
    assert_eq!(later.catalogue.priced_on("openai"), date(2026, 7, 2));
    let listed = report::models(&later, date(2026, 11, 26));
    assert!(listed.contains("list prices of 2026-07-02, openrouter's of 2026-11-25."), "{listed}");

    let dearer = vec![row("new/one", Some(prices(5_000_000, 6_000_000)))];
    let brought = keep(&later, &listing(dearer), ADDRESS, &SYSTEM).unwrap();
    let (before, after) = (Some(prices(1, 2)), Some(prices(5_000_000, 6_000_000)));
    assert_eq!(brought.changed, [PriceChange { model: model("new/one"), before, after }]);
    let told = report::refreshed(&later, &brought);
    assert!(told.starts_with("openrouter: 1 model, 1 with prices of 2026-11-25\n"), "{told}");
    assert!(
        told.contains("changed  openrouter/new/one  ₹0.000085 in, ₹0.00017 out  →  ₹425.00 in, ₹510.00 out"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_kept_list_is_for_its_owner_alone_and_a_write_that_fails_leaves_the_old_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    keep(&home.load(), &listing(vec![row("one", None)]), ADDRESS, &SYSTEM).unwrap();
    let file = home.path("data/models.d/openrouter.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let before = std::fs::read(&file).unwrap();
    let full = munshi::config::System { write_private: |_, _| Err(std::io::Error::other("no space left")), ..SYSTEM };
    let says = keep(&home.load(), &listing(vec![row("two", None)]), ADDRESS, &full).unwrap_err();
    assert!(says.ends_with("openrouter.json could not be written, and is as it was: no space left"), "{says}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_list_that_cannot_be_read_is_a_notice_and_the_table_stands() {
    for broken in ["", "{", "[]", r#"{"format":2,"base_url":"x","as_of":"2026-11-25","models":[]}"#] {
        let home = Home::new();
        home.write("data/models.d/openai.json", broken);
        let config = home.load();
        assert_eq!(price_of(&config, "gpt-4o-mini").map(|prices| prices.input), Some(150_000));
        let [notice] = &config.notices[..] else { panic!("{:?}", config.notices) };
        assert!(home.short(notice).starts_with("data/models.d/openai.json is not used, since"), "{notice}");
        assert!(notice.ends_with("`munshi models --refresh openai` writes it anew"), "{notice}");
    }
}

#[test]
fn a_list_of_another_address_or_of_nobody_is_left_alone() {
    let home = Home::new();
    keep(&home.load(), &listing(vec![row("one", Some(prices(1, 1)))]), "https://elsewhere.example/v1", &SYSTEM)
        .unwrap();
    home.write("data/models.d/stranger.json", "{");
    home.write("data/models.d/notes.txt", "{");
    let config = home.load();
    assert_eq!(price_of(&config, "openrouter/one"), None);
    assert!(config.notices.is_empty(), "{:?}", config.notices);
}
