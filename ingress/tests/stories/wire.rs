//! A client that misbehaves below HTTP: half a head, half a body, a closed connection.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::shop::SOON;

/// Often enough that no limit between two pieces would ever be reached.
const DRIP_EVERY: Duration = Duration::from_millis(500);

/// A connection.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Result<Self> {
        Ok(Self(TcpStream::connect(address).await?))
    }

    pub(crate) async fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.0.write_all(text.as_bytes()).await?)
    }

    /// The next piece that comes.
    pub(crate) async fn next(&mut self) -> Result<String> {
        let mut piece = vec![0; 1024];
        let read = timeout(SOON, self.0.read(&mut piece)).await;
        let read = read.context("nothing comes")??;
        Ok(String::from_utf8_lossy(&piece[..read]).into_owned())
    }

    /// What comes until the server closes, which it must.
    pub(crate) async fn rest(mut self) -> Result<String> {
        let mut said = Vec::new();
        let closed = timeout(SOON, self.0.read_to_end(&mut said)).await;
        // A reset closes too.
        let _ = closed.context("the connection stays open")?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// The status of the next answer, whose body has a length; what follows stays unread.
    pub(crate) async fn status(&mut self) -> Result<u16> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let read = timeout(SOON, self.0.read_u8()).await;
            head.push(
                read.context("no answer")?
                    .context("closed without an answer")?,
            );
        }
        let head = String::from_utf8(head)?.to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap_or("0").parse()?];
        self.0.read_exact(&mut body).await?;
        let status = head
            .split(' ')
            .nth(1)
            .context("an answer without a status")?;
        Ok(status.parse()?)
    }

    /// Says that nothing more comes, and returns when the server has let go of the connection.
    pub(crate) async fn hang_up(mut self) -> Result<()> {
        self.0.shutdown().await?;
        self.rest().await?;
        Ok(())
    }

    /// Sends a byte now and then until the server closes, which it must; gives what it said.
    pub(crate) async fn drip(self) -> Result<String> {
        let (mut read, mut write) = self.0.into_split();
        let dripping = async {
            let mut ticks = interval(DRIP_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if write.write_all(b"x").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut said = Vec::new();
        let closed = async {
            tokio::select! {
                _ = read.read_to_end(&mut said) => (),
                () = dripping => (),
            }
        };
        timeout(SOON, closed)
            .await
            .context("the connection stays open")?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}
