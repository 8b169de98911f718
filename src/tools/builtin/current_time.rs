//! `current_time`: the time now, where the user is or in a zone by its name. The clock is handed to it.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, World, at_once, text};
use crate::chat::tool::ToolOutcome;

struct CurrentTime {
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    zone: TimeZone,
}

pub(super) fn make(world: &World) -> Arc<dyn BuiltIn> {
    Arc::new(CurrentTime { clock: Arc::clone(&world.clock), zone: world.zone.clone() })
}

impl CurrentTime {
    fn tell(&self, named: Option<&str>) -> Result<Value, String> {
        let zone = match named {
            None => self.zone.clone(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                format!("There is no time zone {name:?}; expected a name such as Asia/Kolkata, Europe/London or UTC.")
            })?,
        };
        let now = (self.clock)();
        let there = now.to_zoned(zone);
        Ok(json!({
            "time": there.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "weekday": there.strftime("%A").to_string(),
            "timezone": there.time_zone().iana_name().unwrap_or("the user's own"),
            "unix_seconds": now.as_second(),
        }))
    }
}

impl BuiltIn for CurrentTime {
    fn description(&self) -> String {
        "The date, time and weekday now, where the user is or in a time zone.".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "timezone": {
                    "type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$",
                    "description": "An IANA name such as Asia/Kolkata; without it, the user's own time zone",
                },
            },
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        at_once(self.tell(text(&arguments, "timezone")))
    }
}
