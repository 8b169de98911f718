//! Fields taken from customers' letters: the e-mails that come with the program under the schema that comes with them, and
//! single patterns.

use serde_json::{Value, json};

use super::client::{Demo, request};

const EMAILS: &str = include_str!("../../assets/demo/emails.txt");
const SCHEMA: &str = include_str!("../../assets/demo/orders.schema.json");

fn taken(demo: &Demo, schema: &Value, text: &str) -> Value {
    let mut body = request(&[("user", text)]);
    body["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "order", "strict": true, "schema": schema}});
    let got = demo.post(&body);
    serde_json::from_str(&got.text()).unwrap_or_else(|error| panic!("{error}: {}", got.body))
}

/// One field's value, where it must be there.
fn field(demo: &Demo, name: &str, kind: &str, text: &str) -> Value {
    let schema = json!({
        "type": "object", "properties": {name: {"type": [kind, "null"]}}, "required": [name], "additionalProperties": false
    });
    taken(demo, &schema, text)[name].clone()
}

#[test]
fn the_e_mails_give_their_orders_sums_goods_and_names() {
    let demo = Demo::start();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let none = Value::Null;
    let row = |order: Option<&str>, amount: Option<f64>, product: Option<&str>, customer: Option<&str>| {
        json!([order, amount, product, customer])
    };
    let expected = [
        row(Some("A1234"), Some(1299.0), None, None),
        row(None, None, None, None),
        row(Some("KT-20417"), None, Some("blue cotton kurta"), None),
        row(None, None, None, None),
        row(Some("48213"), None, None, None),
        row(Some("77120"), None, Some("प्रेशर कुकर"), None),
        row(None, None, None, None),
        row(None, None, Some("mixer grinder"), None),
        row(None, None, None, None),
        row(None, Some(59.0), None, None),
        row(None, None, None, None),
        row(None, Some(3400.0), None, None),
        row(Some("90551"), None, Some("headphones"), None),
        row(None, None, None, Some("Meera")),
        row(None, Some(2450.0), None, None),
        row(None, None, None, None),
        row(Some("55218"), None, Some("saree"), None),
        row(None, None, Some("smartwatch"), None),
        row(None, None, Some("gift cards"), None),
        row(None, None, None, None),
    ];
    assert_eq!(EMAILS.lines().count(), expected.len());
    for (email, expected) in EMAILS.lines().zip(expected) {
        let found = taken(&demo, &schema, email);
        let row = json!([found["order_number"], found["amount"], found["product"], found["customer"]]);
        assert_eq!(row, expected, "{email}");
        assert_ne!(found["urgency"], none);
    }
    let urgency = |at: usize| taken(&demo, &schema, EMAILS.lines().nth(at).unwrap())["urgency"].clone();
    assert_eq!([urgency(7), urgency(8), urgency(4)], ["high", "low", "medium"]);
}

#[test]
fn numbers_are_found_by_the_word_before_them() {
    let demo = Demo::start();
    for (name, text, expected) in [
        ("order_number", "Where is order 48213?", "48213"),
        ("orderId", "About #A1234: it is late.", "A1234"),
        ("order_id", "Order ID: OD-2026/77, please.", "OD-2026/77"),
        ("invoice_number", "Invoice no. INV-2291 of order 48213 is wrong.", "INV-2291"),
        ("ticket_id", "My complaint number is 55120.", "55120"),
        ("pin_code", "I live at pin code 411038, order 482130.", "411038"),
        ("phone", "Call me on +91 90000 00000, order 48213.", "+91 90000 00000"),
        ("mobile_number", "Call 9000000000.", "9000000000"),
        ("contact_number", "Your line 1800-000-0000 is dead.", "1800-000-0000"),
        ("product", "Product: a steel flask", "a steel flask"),
        ("email", "Write to meera@example.org, please.", "meera@example.org"),
    ] {
        assert_eq!(field(&demo, name, "string", text), expected, "{name}: {text}");
    }
    for name in ["order_number", "invoice_number", "phone", "pin_code", "amount", "customer", "product", "email"] {
        let text = "I ordered 2 of them in May 2026, and nothing came in 10 days.";
        assert_eq!(field(&demo, name, "string", text), Value::Null, "{name}");
    }
}

#[test]
fn sums_of_money_are_numbers_or_as_they_are_written() {
    let demo = Demo::start();
    for (text, written, number) in [
        ("Order 48213 cost me ₹1,299.", "₹1,299", 1299.0),
        ("You took Rs. 450/- twice (order 48213)", "Rs. 450", 450.0),
        ("Rs.2,499.50, and no bill", "Rs.2,499.50", 2499.5),
        ("I paid 600 rupees.", "600 rupees", 600.0),
        ("It was \"₹ 12,34,567\"!", "₹ 12,34,567", 1_234_567.0),
    ] {
        assert_eq!(field(&demo, "amount", "string", text), written, "{text}");
        assert_eq!(field(&demo, "refund_amount", "number", text), number, "{text}");
    }
    assert_eq!(field(&demo, "amount", "number", "Order 48213 is late."), Value::Null, "an order's number is no sum");
}

#[test]
fn who_writes_is_found_where_the_letter_says_so() {
    let demo = Demo::start();
    for (text, expected) in [
        ("My name is Asha Rao. The lid is broken.", json!("Asha Rao")),
        ("This is Meera from Kochi.", json!("Meera")),
        ("Mera naam Ravi hai, order nahi aaya.", json!("Ravi")),
        ("मेरा नाम आशा है।", json!("आशा")),
        ("Please help. Regards, Asha", json!("Asha")),
        ("This is Unacceptable!", Value::Null),
        ("I am Angry.", Value::Null),
    ] {
        assert_eq!(field(&demo, "customer_name", "string", text), expected, "{text}");
    }
}
