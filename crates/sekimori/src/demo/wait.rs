//! Waiting for something to become true, with the last reason why it was not.

use std::future::Future;
use std::time::Duration;

use super::steps::Broken;
use crate::clock;

/// Asks `question` until it answers, at most for `limit`; the error tells what was seen last.
pub(super) async fn until<T, F, Q>(
    what: &str,
    limit: Duration,
    mut question: Q,
) -> Result<T, Broken>
where
    Q: FnMut() -> F,
    F: Future<Output = Result<T, Broken>>,
{
    let begin = clock::monotonic();
    loop {
        match question().await {
            Ok(answer) => return Ok(answer),
            Err(why) if begin.elapsed() >= limit => {
                let seconds = limit.as_secs();
                return Err(Broken::new(format!(
                    "{what}: not within {seconds} s; last seen: {why}"
                )));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
}
