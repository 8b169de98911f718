//! `get_weather`: the weather of Indian and some other cities, made up, and said to be. Owns the table of
//! `assets/tools/weather.toml`.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, SAMPLE, World, at_once, text};
use crate::chat::decimal;
use crate::chat::tool::ToolOutcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    cities: Vec<City>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct City {
    #[serde(rename = "city")]
    name: String,
    country: String,
    #[serde(default)]
    also: Vec<String>,
    celsius: String,
    humidity: u8,
    sky: String,
}

struct GetWeather {
    table: Table,
}

pub(super) fn make(_: &World) -> Option<Arc<dyn BuiltIn>> {
    let table = toml::from_str(include_str!("../../../assets/tools/weather.toml")).ok()?;
    Some(Arc::new(GetWeather { table }))
}

/// Degrees Fahrenheit from degrees Celsius, to a tenth; `None` where the text is no number.
fn fahrenheit(celsius: &str) -> Option<String> {
    let (is_below, digits) = celsius.strip_prefix('-').map_or((false, celsius), |digits| (true, digits));
    let tenths = i128::try_from(decimal::scaled(digits, 1)?).ok()?;
    let tenths = if is_below { -tenths } else { tenths };
    // 9/5 of the tenths is exact in tenths of a tenth.
    let hundredths = tenths * 18 + 3_200;
    Some(decimal::written((hundredths + 5).div_euclid(10), 1))
}

impl GetWeather {
    fn find(&self, city: &str, unit: &str) -> Result<Value, String> {
        // "Pune, India" and "pune" are both Pune.
        let wanted = city.split(',').next().unwrap_or_default().trim().to_lowercase();
        let is_it = |name: &String| name.to_lowercase() == wanted;
        let row = self.table.cities.iter().find(|row| is_it(&row.name) || row.also.iter().any(is_it));
        let Some(row) = row else {
            let known: Vec<&str> = self.table.cities.iter().map(|row| row.name.as_str()).collect();
            return Err(format!("There is no sample weather for {city:?}; there is for {}.", known.join(", ")));
        };
        let temperature = match unit {
            "fahrenheit" => fahrenheit(&row.celsius).unwrap_or_default(),
            _ => row.celsius.clone(),
        };
        Ok(json!({
            "city": row.name, "country": row.country, "temperature": temperature, "unit": unit,
            "humidity_percent": row.humidity, "sky": row.sky, "note": SAMPLE,
        }))
    }
}

impl BuiltIn for GetWeather {
    fn description(&self) -> String {
        "The weather in a city. It has made-up sample data for Indian and some large cities of the world alone, not \
         real weather; say so when you use it."
            .to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "city": {
                    "type": "string", "minLength": 1, "maxLength": 100,
                    "description": "The city, such as Pune or New York",
                },
                "unit": {
                    "type": "string", "enum": ["celsius", "fahrenheit"],
                    "description": "The unit of the temperature; celsius unless it is given",
                },
            },
            "required": ["city"],
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let city = text(&arguments, "city").unwrap_or_default();
        at_once(self.find(city, text(&arguments, "unit").unwrap_or("celsius")))
    }
}

#[cfg(test)]
mod tests {
    use super::fahrenheit;

    #[test]
    fn degrees_are_converted_to_a_tenth() {
        for (celsius, shown) in
            [("0", "32"), ("27.5", "81.5"), ("100", "212"), ("-40", "-40"), ("-3.5", "25.7"), ("0.1", "32.2")]
        {
            assert_eq!(fahrenheit(celsius).as_deref(), Some(shown), "{celsius}");
        }
    }
}
