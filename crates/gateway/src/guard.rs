//! A panic in one connection ends that connection and nothing else.

use core::future::Future;
use core::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

/// Runs `connection`; the error is what its panic said.
///
/// Nothing of a connection outlives it except through locks that bear
/// poisoning, so that unwinding leaves no half-made state behind.
pub(crate) async fn contain<T>(connection: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(connection)
        .catch_unwind()
        .await
        .map_err(|panic| {
            panic
                .downcast_ref::<&str>()
                .map(|said| (*said).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "a panic without words".to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_words() {
        let said = contain(async { panic!("broken {}", 7) }).await;
        assert_eq!(said, Err::<(), _>("broken 7".to_owned()));
        assert_eq!(contain(async { 5 }).await, Ok(5));
    }
}
