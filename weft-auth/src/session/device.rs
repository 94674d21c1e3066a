/// The most characters that are kept of what a browser says it is.
const LONGEST: usize = 120;

/// What a session is listed as, so that its owner knows it again: what the browser says it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Device(String);

impl Device {
    /// The device of that `User-Agent`, or whatever it is to be called: cut off after 120 characters, and
    /// without control characters. It is text from outside; escape it.
    pub fn new(name: &str) -> Device {
        let plain = name.chars().filter(|c| !c.is_control());
        Device(plain.take(LONGEST).collect())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }
}
