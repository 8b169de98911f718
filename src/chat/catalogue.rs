//! The models and providers that are known: the built-in table with the user's own over it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::listing::Listing;
use super::model::{ModelRef, ModelSpec};

/// An OpenAI-compatible endpoint. Its key is never here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSpec {
    pub name: String,
    /// Ends without a slash, as in `https://api.openai.com/v1`.
    pub base_url: String,
    /// The environment variable that holds the key; `None` for local servers that want none.
    pub api_key_env: Option<String>,
}

/// All known models and providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The day the built-in prices were read.
    pub as_of: Date,
    /// The days on which providers themselves were asked for their prices, which hold instead.
    pub refreshed: BTreeMap<String, Date>,
    pub providers: BTreeMap<String, ProviderSpec>,
    pub models: BTreeMap<ModelRef, ModelSpec>,
    /// Models that embed, which no chat can use.
    pub embeddings: BTreeMap<ModelRef, ModelSpec>,
}

impl Catalogue {
    /// An empty catalogue, in which every model is unknown.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            as_of: Date::constant(2026, 7, 2),
            refreshed: BTreeMap::new(),
            providers: BTreeMap::new(),
            models: BTreeMap::new(),
            embeddings: BTreeMap::new(),
        }
    }

    /// What is known of `model`. A dated snapshot (`gpt-4o-mini-2024-07-18`) counts as the model it is
    /// a snapshot of, where it has no row of its own.
    #[must_use]
    pub fn spec(&self, model: &ModelRef) -> ModelSpec {
        if let Some(spec) = self.models.get(model) {
            return spec.clone();
        }
        undated(&model.id)
            .and_then(|id| self.models.get(&ModelRef::new(model.provider.clone(), id)))
            .cloned()
            .unwrap_or_else(|| ModelSpec::unknown(model))
    }

    /// What is known of a model that embeds.
    #[must_use]
    pub fn embedding_spec(&self, model: &ModelRef) -> ModelSpec {
        self.embeddings.get(model).cloned().unwrap_or_else(|| ModelSpec::unknown(model))
    }

    /// The day that the prices of a provider's models are of.
    #[must_use]
    pub fn priced_on(&self, provider: &str) -> Date {
        self.refreshed.get(provider).copied().unwrap_or(self.as_of)
    }

    /// The day of a provider's prices, where they are too old on the day `today` to be relied on.
    #[must_use]
    pub fn stale(&self, provider: &str, today: Date) -> Option<Date> {
        Some(self.priced_on(provider)).filter(|as_of| is_stale(*as_of, today))
    }

    /// Lays what a provider listed over what is known of its models. What it does not say stays as it was.
    pub fn lay(&mut self, listing: &Listing) {
        for listed in &listing.models {
            let model = ModelRef::new(listing.provider.clone(), listed.id.clone());
            if let Some(spec) = self.embeddings.get_mut(&model) {
                listed.lay_over(spec);
            } else if self.models.contains_key(&model) || listed.is_chat(&listing.provider) {
                let mut spec = self.spec(&model);
                if !self.models.contains_key(&model) {
                    listed.introduce(&mut spec, &listing.provider);
                }
                listed.lay_over(&mut spec);
                self.models.insert(model, spec);
            }
        }
        if listing.models.iter().any(|listed| listed.prices.is_some()) {
            self.refreshed.insert(listing.provider.clone(), listing.as_of);
        }
    }

    /// Reads a model's name as a user types it.
    #[must_use]
    pub fn parse(&self, text: &str) -> ModelRef {
        ModelRef::parse(text, |name| self.providers.contains_key(name))
    }
}

/// `gpt-4o-2024-08-06` without its date; `None` where there is none.
fn undated(id: &str) -> Option<&str> {
    let (rest, date) = id.split_at_checked(id.len().checked_sub(11)?)?;
    let shape = date.chars().enumerate().all(|(at, c)| match at {
        0 | 5 | 8 => c == '-',
        _ => c.is_ascii_digit(),
    });
    (shape && !rest.is_empty()).then_some(rest)
}

/// Prices older than this many days are said to be old.
const STALE_AFTER_DAYS: i32 = 180;

/// How to have newer prices.
pub const HOW_TO_REFRESH: &str = "`munshi models --refresh` reads newer ones where a provider lists them \
     (`munshi models --refresh openrouter` needs no key), [models] in the configuration sets your own, and a newer \
     munshi brings a newer table";

fn is_stale(as_of: Date, today: Date) -> bool {
    today.since(as_of).is_ok_and(|span| span.get_days() > STALE_AFTER_DAYS)
}

/// A sentence about prices of the day `as_of`, where they are old on the day `today`: their date, and how to have
/// newer ones.
#[must_use]
pub fn staleness_note(as_of: Date, today: Date) -> Option<String> {
    is_stale(as_of, today)
        .then(|| format!("The prices are of {as_of}, more than {STALE_AFTER_DAYS} days ago: {HOW_TO_REFRESH}."))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::chat::listing::ListedModel;
    use crate::chat::model::{LongContext, Prices};

    #[test]
    fn a_dated_snapshot_is_the_model_it_was_taken_of() {
        assert_eq!(undated("gpt-4o-mini-2024-07-18"), Some("gpt-4o-mini"));
        assert_eq!(undated("gpt-4o-mini"), None);
        assert_eq!(undated("हिन्दी-2024"), None);
    }

    #[test]
    fn prices_are_old_from_the_181st_day_on_and_each_provider_s_are_of_their_own_day() {
        let mut catalogue = Catalogue { as_of: date(2026, 1, 1), ..Catalogue::empty() };
        assert_eq!(staleness_note(catalogue.as_of, date(2026, 6, 30)), None);
        let note = staleness_note(catalogue.as_of, date(2026, 7, 1)).unwrap();
        assert!(note.contains("2026-01-01") && note.contains("`munshi models --refresh`"), "{note}");
        assert_eq!(staleness_note(catalogue.as_of, date(2025, 1, 1)), None, "a clock that is behind");
        let today = date(2026, 12, 1);
        let priced = ListedModel { id: "m".to_owned(), prices: Some(prices(1)), ..ListedModel::default() };
        catalogue.lay(&Listing { provider: "router".to_owned(), as_of: date(2026, 11, 25), models: vec![priced] });
        catalogue.lay(&Listing {
            provider: "openai".to_owned(),
            as_of: date(2026, 11, 25),
            models: vec![ListedModel { id: "m".to_owned(), ..ListedModel::default() }],
        });
        assert_eq!(catalogue.stale("router", today), None);
        assert_eq!(catalogue.stale("openai", today), Some(date(2026, 1, 1)), "a list of names has no prices");
    }

    fn prices(input: u64) -> Prices {
        Prices { input, output: 2, cached_input: None, cache_write: None }
    }

    #[test]
    fn a_list_changes_what_it_says_and_nothing_else() {
        let mut catalogue = Catalogue::empty();
        let known = ModelRef::new("openai", "gpt-x");
        let long = LongContext { above_tokens: 1_000, prices: prices(4) };
        let spec = ModelSpec {
            prices: Some(prices(2)),
            long_context: Some(long),
            context_window: Some(8_000),
            sends_temperature: false,
            ..ModelSpec::unknown(&known)
        };
        catalogue.models.insert(known.clone(), spec.clone());
        let listed = |id: &str| ListedModel { id: id.to_owned(), ..ListedModel::default() };
        let mut lay = |models: Vec<ListedModel>| {
            catalogue.lay(&Listing { provider: "openai".to_owned(), as_of: date(2026, 11, 25), models });
            catalogue.clone()
        };
        let after = lay(["gpt-x", "gpt-x-2026-01-01", "whisper-1", "gpt-x-codex", "gpt-x-pro"].map(listed).to_vec());
        assert_eq!(after.models[&known], spec, "a name alone changes nothing");
        let snapshot = &after.models[&ModelRef::new("openai", "gpt-x-2026-01-01")];
        assert_eq!((snapshot.prices, snapshot.sends_temperature), (Some(prices(2)), false), "as the model it is of");
        assert_eq!(after.models.len(), 2, "what no chat can use is no chat model");
        let dearer = ListedModel { prices: Some(prices(3)), context_window: Some(9_000), ..listed("gpt-x") };
        let spec = &lay(vec![dearer]).models[&known];
        assert_eq!((spec.prices, spec.long_context, spec.context_window), (Some(prices(3)), Some(long), Some(9_000)));
        let far = ListedModel { prices: Some(prices(5)), ..listed("gpt-x") };
        assert_eq!(lay(vec![far]).models[&known].long_context, None, "a long request is never the cheaper one");
    }
}
