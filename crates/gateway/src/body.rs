//! A request body that ends: bounded in octets and in time.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::fmt;

use axum::body::Bytes;
use http_body_util::Limited;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// `inner`, cut off after a number of octets or at a moment.
pub(crate) struct Bounded<B> {
    inner: Limited<B>,
    deadline: Pin<Box<Sleep>>,
}

/// A body that was not complete at its deadline.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request's body did not arrive in time")
    }
}

impl std::error::Error for TooSlow {}

impl<B> Bounded<B> {
    pub(crate) fn new(inner: B, octets: usize, deadline: Instant) -> Self {
        Self {
            inner: Limited::new(inner, octets),
            deadline: Box::pin(tokio::time::sleep_until(deadline)),
        }
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        match self.deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Box::new(TooSlow)))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use http_body_util::{BodyExt as _, Full, StreamBody};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_within_its_bounds_passes() {
        let body = Bounded::new(Full::new(Bytes::from_static(b"abc")), 3, soon());
        assert_eq!(body.collect().await.unwrap().to_bytes().as_ref(), b"abc");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_beyond_its_size_fails() {
        let body = Bounded::new(Full::new(Bytes::from_static(b"abcd")), 3, soon());
        assert!(body.collect().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_fails_at_its_deadline() {
        let never = futures_util::stream::pending::<Result<Frame<Bytes>, BoxError>>();
        let body = Bounded::new(StreamBody::new(never), 3, soon());
        let error = body.collect().await.unwrap_err();
        assert!(error.is::<TooSlow>());
    }
}
