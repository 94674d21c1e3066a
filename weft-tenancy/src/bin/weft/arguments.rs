use std::collections::VecDeque;

use crate::Failure;

/// What is left of the command line.
pub(crate) struct Arguments(VecDeque<String>);

impl Arguments {
    pub(crate) fn of_process() -> Result<Arguments, Failure> {
        let arguments = std::env::args_os().skip(1);
        let arguments: Option<_> = arguments
            .map(|argument| argument.into_string().ok())
            .collect();
        let not_text = || Failure::Usage("an argument is not UTF-8".to_owned());
        arguments.map(Arguments).ok_or_else(not_text)
    }

    pub(crate) fn flag(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn value(&mut self, flag: &str) -> Result<String, Failure> {
        let missing = || Failure::Usage(format!("{flag} needs a value"));
        self.0.pop_front().ok_or_else(missing)
    }

    /// Whether the next one does.
    pub(crate) fn asks_for_help(&self) -> bool {
        let next = self.0.front().map(String::as_str);
        matches!(next, Some("--help" | "-h"))
    }

    pub(crate) fn unknown(flag: &str) -> Failure {
        Failure::Usage(format!("unknown flag {flag:?}"))
    }
}
