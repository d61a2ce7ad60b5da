//! Tells open pages that they changed. The page then asks for itself again, so that what is shown
//! is made in one place only.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::Console;
use super::source::News;
use super::trouble;
use super::visit::Operator;

/// How many pages may be open live.
pub(crate) const STREAMS: usize = 64;
/// A page is told of changes at most this often.
const PACE: Duration = Duration::from_secs(1);
/// After this long a browser has to ask again, and its session is looked at again.
const LONGEST: Duration = Duration::from_secs(600);

/// What a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    Devices,
    Device(String),
    Events,
}

impl Of {
    fn is_changed_by(&self, news: &News) -> bool {
        match (self, news) {
            (_, News::Missed) | (Self::Devices, _) | (Self::Events, News::Event(_)) => true,
            (Self::Events, News::Message(_)) => false,
            (Self::Device(name), News::Event(about)) => about.as_ref() == Some(name),
            (Self::Device(name), News::Message(from)) => from == name,
        }
    }
}

/// `/live?of=…`
pub(crate) async fn follow(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
) -> Result<Response, Response> {
    let of = match (
        visit.address.value("of").as_deref(),
        visit.address.value("name"),
    ) {
        (Some("devices"), _) => Of::Devices,
        (Some("events"), _) => Of::Events,
        (Some("device"), Some(name)) => Of::Device(name),
        _ => return Err(trouble::nothing_here(&visit)),
    };
    let Ok(permit) = console.streams.clone().try_acquire_owned() else {
        return Err(trouble::too_many(&visit));
    };
    let changes = changes(of, console.source.watch(), permit);
    Ok(Sse::new(changes)
        .keep_alive(KeepAlive::new().interval(PACE * 15))
        .into_response())
}

struct Following {
    of: Of,
    news: BoxStream<'static, News>,
    ends: Instant,
    told: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

fn changes(
    of: Of,
    news: BoxStream<'static, News>,
    permit: OwnedSemaphorePermit,
) -> impl stream::Stream<Item = Result<Event, Infallible>> + use<> {
    let ends = now() + LONGEST;
    let following = Following {
        of,
        news,
        ends,
        told: None,
        _permit: permit,
    };
    let hello = stream::once(async { Ok(Event::default().event("hello").data("1")) });
    hello.chain(stream::unfold(following, |mut following| async {
        following.wait().await?;
        Some((Ok(Event::default().event("change").data("1")), following))
    }))
}

impl Following {
    /// Waits for the next change, not sooner than the pace allows; nothing when it is over.
    async fn wait(&mut self) -> Option<()> {
        loop {
            let news = timeout_at(self.ends, self.news.next()).await.ok()??;
            if self.of.is_changed_by(&news) {
                break;
            }
        }
        // What comes in the meantime is part of the same change.
        let ready = self
            .told
            .map_or_else(now, |told| told + PACE)
            .max(now() + PACE / 10);
        while let Ok(more) = timeout_at(ready, self.news.next()).await {
            more?;
        }
        self.told = Some(now());
        Some(())
    }
}

/// The pace of a stream is no decision about time; tests pause this clock.
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(of: Of, news: Vec<(u64, News)>) -> Vec<u64> {
        let start = now();
        let news = stream::unfold(news.into_iter(), move |mut rest| async move {
            let (millis, news) = rest.next()?;
            tokio::time::sleep_until(start + Duration::from_millis(millis)).await;
            Some((news, rest))
        });
        let streams = Arc::new(tokio::sync::Semaphore::new(1));
        let permit = streams.clone().try_acquire_owned().expect("one is free");
        let mut changes = Box::pin(changes(of, news.boxed(), permit));
        let mut times = Vec::new();
        while changes.next().await.is_some() {
            times.push(u64::try_from(start.elapsed().as_millis()).expect("a short time"));
        }
        drop(changes);
        assert_eq!(streams.available_permits(), 1, "the place is free again");
        times
    }

    fn event(device: &str) -> News {
        News::Event(Some(device.into()))
    }

    #[tokio::test(start_paused = true)]
    async fn changes_come_soon_and_then_no_faster_than_the_pace() {
        let mut news: Vec<_> = (0..30)
            .map(|n| (n * 100, News::Message("dev-0001".into())))
            .collect();
        news.push((20_000, News::Missed));
        news.push((30_000, News::Missed));
        let times = told(Of::Devices, news).await;
        assert_eq!(times.first(), Some(&0), "hello");
        let changes = times.get(1..).expect("changes");
        assert!(
            changes.first().is_some_and(|first| *first <= 200),
            "{times:?}"
        );
        assert!(
            changes.windows(2).all(|pair| pair[1] - pair[0] >= 1_000),
            "{times:?}"
        );
        assert!((4..=6).contains(&changes.len()), "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_hears_of_its_own_device_only() {
        let news = vec![
            (1_000, event("dev-0002")),
            (2_000, News::Event(None)),
            (3_000, event("dev-0001")),
            (5_000, News::Message("dev-0002".into())),
            (9_000, News::Event(None)),
        ];
        let times = told(Of::Device("dev-0001".into()), news).await;
        assert_eq!(times.len(), 2, "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_so_that_the_session_is_looked_at_again() {
        let news = vec![(0, News::Missed), (700_000, News::Missed)];
        let times = told(Of::Events, news).await;
        assert_eq!(times.len(), 2, "{times:?}");
    }
}
