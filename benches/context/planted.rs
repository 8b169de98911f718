//! A long conversation with answers planted in it, and the questions that ask for them much later. Half of the
//! questions use the answer's own words, half say it otherwise and share with it little but the name.

/// Turns before the questions; a fact is planted in every so-manieth.
const TURNS: usize = 1_500;
const EVERY: usize = TURNS / (FACTS.len() * NAMES.len());

const NAMES: [&str; 10] =
    ["Asha", "Vikram", "Meera", "Farhan", "Lakshmi", "Joseph", "Gurpreet", "Nandini", "Rohan", "Zoya"];

/// What is said once, and what is asked for later. `{}` is the name.
const FACTS: [(&str, &str); 6] = [
    ("Note that the rent of {}'s flat is ₹{n},500 a month.", "How much rent does {} pay for the flat?"),
    ("{}'s passport expires in 20{n}, remind me in time.", "In which year does the passport of {} expire?"),
    ("The policy number of {}'s car insurance is KA-{n}-77.", "What was the insurance policy number of {}'s car?"),
    ("{} is allergic to peanuts, as the doctor found on the {n}th.", "What must I not cook when {} comes for dinner?"),
    ("{} studies at the college in Mysuru and lives in room {n}.", "Where could I visit {} during term?"),
    ("We lent {} ₹{n},000 for the wedding, to be paid back by May.", "Does {} still owe us money?"),
];

/// What else is talked about.
const SMALL_TALK: [&str; 12] = [
    "Can you explain how a mutual fund differs from a fixed deposit?",
    "Write a short note to the housing society about the water supply.",
    "Which train from Pune to Nagpur is the most comfortable at night?",
    "Rewrite this paragraph so that it sounds more polite, please.",
    "What does the error about a borrowed value mean in Rust?",
    "Give me a recipe for lemon rice that takes less than half an hour.",
    "Is a freelancer's income from abroad taxed in India, and how?",
    "Translate this sentence into Marathi and explain its grammar.",
    "How do I take a car on a long drive without ruining its battery?",
    "Suggest a name for a small bakery in Bengaluru with a garden.",
    "What should a doctor's prescription contain to be valid?",
    "Compare the monthly plans of three insurance companies for a family.",
];

/// What is said back.
const REPLIES: [&str; 6] = [
    "Certainly. Here is a short overview, with the points that matter most in practice and one thing to avoid.",
    "Noted. I will keep it in mind for the rest of our conversation.",
    "It depends on the amount, the time and the rules of the year; in most cases the second way is the better one.",
    "Here is a version that is more polite and half as long, in the same order of thoughts as yours.",
    "There are three ways to do it. The first is the cheapest, the last takes no more than an hour.",
    "A professional should confirm this before you decide; in general the answer is yes.",
];

/// A question, and where among the messages its answer stands.
pub struct Question {
    pub text: String,
    pub answer: usize,
}

/// What is said by turns, the user first; and the questions to it.
pub fn conversation() -> (Vec<String>, Vec<Question>) {
    let (mut said, mut questions) = (Vec::new(), Vec::new());
    let mut planted = FACTS.iter().flat_map(|fact| NAMES.iter().map(move |name| (fact, name))).enumerate();
    for turn in 0..TURNS {
        let next = if turn % EVERY == EVERY / 2 { planted.next() } else { None };
        match next {
            Some((number, ((fact, question), name))) => {
                let fact = fact.replace("{n}", &(11 + number).to_string());
                questions.push(Question { text: question.replace("{}", name), answer: said.len() });
                said.push(fact.replace("{}", name));
            }
            // A name is no proof: most of what is said of somebody is not what is asked for.
            None => {
                let name = NAMES[turn * 7 % NAMES.len()];
                let talk = SMALL_TALK[turn * 5 % SMALL_TALK.len()];
                said.push(if turn % 3 == 0 { format!("{name} asks: {talk}") } else { talk.to_owned() });
            }
        }
        said.push(REPLIES[turn * 11 % REPLIES.len()].to_owned());
    }
    (said, questions)
}
