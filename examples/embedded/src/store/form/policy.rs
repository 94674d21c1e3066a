use std::ops::RangeInclusive;
use std::time::SystemTime;

use s3s::{S3Error, S3ErrorCode, S3Result};
use serde_json::{Map, Value};
use weft_storage::Ttl;

use super::super::moment::{expiration, stamp};
use super::super::refused::denied;
use super::fields::Fields;
use super::{decoded, malformed};

/// What a form has to be, as it is signed.
pub(super) struct Policy {
    expires: SystemTime,
    conditions: Vec<Condition>,
}

enum Condition {
    Is(String, String),
    Begins(String, String),
    Sizes(u64, u64),
}

/// The fields that are not in the policy: itself, and the signature over it.
const OUTSIDE: [&str; 2] = ["policy", "x-amz-signature"];

impl Policy {
    pub(super) fn parse(text: &str) -> S3Result<Policy> {
        let wrong = || {
            S3Error::with_message(
                S3ErrorCode::InvalidPolicyDocument,
                "the policy cannot be read",
            )
        };
        let policy: Value = serde_json::from_slice(&decoded(text)?).map_err(|_| wrong())?;
        let parts = (
            policy.get("expiration"),
            policy.get("conditions"),
            policy.as_object(),
        );
        let (Some(Value::String(expires)), Some(Value::Array(conditions)), Some(all)) = parts
        else {
            return Err(wrong());
        };
        let conditions: Option<Vec<_>> = conditions.iter().map(Condition::parse).collect();
        match (expiration(expires), conditions) {
            (Some(expires), Some(conditions)) if all.len() == 2 => Ok(Policy {
                expires,
                conditions,
            }),
            _ => Err(wrong()),
        }
    }

    /// The sizes that the file may have, if the fields are as they have to be.
    pub(super) fn check(
        &self,
        fields: &Fields,
        bucket: &str,
        now: SystemTime,
    ) -> S3Result<RangeInclusive<u64>> {
        if now >= self.expires {
            return Err(denied("the policy has expired"));
        }
        let date = fields
            .get("x-amz-date")
            .and_then(stamp)
            .ok_or_else(|| malformed("the date is none"))?;
        let lifetime = self.expires.duration_since(date).unwrap_or_default();
        if lifetime > Ttl::MOST.as_duration() {
            return Err(denied("nothing is good for longer than 15 minutes"));
        }
        if date > now {
            return Err(denied("the policy is dated in the future"));
        }
        let (mut least, mut most) = (0, u64::MAX);
        for condition in &self.conditions {
            let value = |name: &str| match name {
                "bucket" => Some(fields.get(name).unwrap_or(bucket)),
                _ => fields.get(name),
            };
            let holds = match condition {
                Condition::Is(name, expected) => value(name) == Some(expected),
                Condition::Begins(name, start) => {
                    value(name).is_some_and(|value| value.starts_with(start))
                }
                Condition::Sizes(from, to) => {
                    (least, most) = (least.max(*from), most.min(*to));
                    true
                }
            };
            if !holds {
                return Err(denied("a field is not as the policy has it"));
            }
        }
        if fields.get("bucket").is_some_and(|named| named != bucket) {
            return Err(denied("the policy is for another bucket"));
        }
        let unsaid = |name: &&str| !OUTSIDE.contains(name) && !self.says(name);
        match fields.names().any(|name| unsaid(&name)) {
            true => Err(denied("there is a field that is not in the policy")),
            false => Ok(least..=most),
        }
    }

    fn says(&self, name: &str) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Condition::Is(of, _) | Condition::Begins(of, _) => of == name,
            Condition::Sizes(..) => false,
        })
    }
}

impl Condition {
    fn parse(value: &Value) -> Option<Condition> {
        match value {
            Value::Object(pairs) => Condition::of_pair(pairs),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(how), Value::String(name), Value::String(text)] => {
                    let name = name.strip_prefix('$')?.to_ascii_lowercase();
                    match how.as_str() {
                        "eq" => Some(Condition::Is(name, text.clone())),
                        "starts-with" => Some(Condition::Begins(name, text.clone())),
                        _ => None,
                    }
                }
                [Value::String(how), from, to] if how == "content-length-range" => {
                    Some(Condition::Sizes(from.as_u64()?, to.as_u64()?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn of_pair(pairs: &Map<String, Value>) -> Option<Condition> {
        let mut pairs = pairs.iter();
        match (pairs.next()?, pairs.next()) {
            ((name, Value::String(text)), None) => {
                Some(Condition::Is(name.to_ascii_lowercase(), text.clone()))
            }
            _ => None,
        }
    }
}
