//! Goods by name, for finding what a letter is about. Owns the table; refuses to know what is not in it.

use super::posting::words_at;

/// What is bought and sent back, in the singular.
const GOODS: &str = "mixer grinder, pressure cooker, electric kettle, kettle, induction stove, table fan, ceiling fan, \
    water bottle, lunch box, water purifier, air cooler, iron, toaster, blender, kurta, saree, sari, shirt, t-shirt, \
    jeans, dupatta, lehenga, dress, jacket, shoe, sandal, chappal, backpack, school bag, bag, suitcase, bedsheet, \
    curtain, pillow, mattress, headphone, headset, earphone, earbud, speaker, smartwatch, charger, power bank, \
    keyboard, mouse, router, printer, camera, television, tv, washing machine, refrigerator, fridge, microwave, chair, \
    table, sofa, gift card, प्रेशर कुकर, कुकर, साड़ी, कुर्ता, जूते, मिक्सर, पंखा, बोतल, घड़ी";
/// Things that are mostly what a letter is written on: they count only after a word that makes them wares.
const DEVICES: &[&str] = &["phone", "laptop", "tablet", "computer"];
const WARES: &[&str] = &["a", "new", "this", "bought", "ordered"];
/// Words that belong to the name of a thing where they stand before it.
const KINDS: &str = "black white blue red green yellow pink grey brown cotton silk woollen \
    steel leather wooden wireless bluetooth electric small large men's women's kids";

/// The first thing that a text names, as it is written there: `blue cotton kurta`.
pub fn first(text: &str) -> Option<String> {
    let words = words_at(text);
    let lower: Vec<String> = words.iter().map(|(_, word)| inner(word).to_lowercase()).collect();
    let known: Vec<&str> = GOODS.split(',').map(str::trim).collect();
    let count = |at: usize| {
        let is_here = |name: &&&str| {
            let parts = name.split(' ').count();
            lower.get(at..at + parts).is_some_and(|here| singular(&here.join(" ")) == singular(name))
        };
        let named = known.iter().find(is_here).map(|name| name.split(' ').count());
        let is_ware = at > 0 && (WARES.contains(&lower[at - 1].as_str()) || is_kind(&lower[at - 1]));
        named.or_else(|| (is_ware && DEVICES.contains(&lower[at].as_str())).then_some(1))
    };
    let (at, count) = (0..words.len()).find_map(|at| Some((at, count(at)?)))?;
    let before = lower[..at].iter().rev().take(2).take_while(|word| is_kind(word)).count();
    let (last, word) = words[at + count - 1];
    let written = &text[words[at - before].0..last + word.len()];
    Some(inner(written).to_owned())
}

fn inner(word: &str) -> &str {
    word.trim_matches(|c: char| c.is_ascii_punctuation() || matches!(c, '“' | '”' | '।' | '…'))
}

fn is_kind(word: &str) -> bool {
    KINDS.split(' ').any(|kind| kind == word)
}

fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}
