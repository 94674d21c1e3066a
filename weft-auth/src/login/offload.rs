/// Where a hash is computed, which takes tens of milliseconds.
///
/// With a runtime, let it be on a thread that may block. In Tokio:
///
/// ```
/// # use weft_auth::login::Offload;
/// struct Tokio;
///
/// impl Offload for Tokio {
///     async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
///         match tokio::task::spawn_blocking(work).await {
///             Ok(done) => done,
///             Err(error) => std::panic::resume_unwind(error.into_panic()),
///         }
///     }
/// }
/// ```
pub trait Offload: Sync {
    /// Does the work and returns what came of it.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;
}

/// Hashes where it is called: for synchronous programs and for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inline;

impl Offload for Inline {
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        std::future::ready(work())
    }
}
